"""Types say what the package has; mypy's stubtest compares them where it is there."""

import os
import pathlib
import subprocess
import sys

import pytest

import ovum

from ovum._report import Report


def test_reports_have_the_keys_that_their_type_names():
    report = ovum.compile("def f(x: float):\n    return x\n").report()
    assert set(Report.__annotations__) == set(report)
    assert (pathlib.Path(ovum.__file__).parent / "py.typed").exists()


def test_stubtest():
    if os.environ.get("CI") != "true":
        pytest.importorskip("mypy", reason="mypy is not installed")
    command = [sys.executable, "-m", "mypy.stubtest", "ovum"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_importing_is_cheap():
    # Time of the processor: what other processes take says nothing about the package.
    code = (
        "import time, numpy; t = time.process_time(); import ovum;"
        "print(time.process_time() - t)"
    )
    times = []
    for _ in range(5):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        times.append(float(done.stdout))
    assert min(times) <= 0.060, times
