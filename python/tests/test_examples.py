"""The examples for clusters, with worker processes of their own."""

import os
import pathlib
import subprocess
import sys

import pytest

EXAMPLES = pathlib.Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize(
    ("name", "needs"), [("dask_blocks", "distributed"), ("joblib_blocks", "joblib")]
)
def test_worker_processes_agree(name, needs, tmp_path):
    if os.environ.get("CI") != "true":
        pytest.importorskip(needs)
    environment = {**os.environ, "OVUM_CACHE_DIR": str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, EXAMPLES / f"{name}.py"],
        capture_output=True,
        text=True,
        timeout=240,
        env=environment,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "worker processes agree" in done.stdout
    assert list((tmp_path / "cache").glob("*.ovum"))
