"""The front end reads any Python: its answer is a parsed file or a CompileError, and what it
accepts, CPython accepts. OVUM_STDLIB=1 reads the whole standard library instead of a part."""

import ast
import os
import pathlib
import sysconfig
import warnings

import pytest

from ovum import CompileError
from ovum._core import Kernel

ROOT = pathlib.Path(sysconfig.get_paths()["stdlib"])


def accepted(text, file):
    """Whether the text parses; a parsed file is asked for a function that it does not have."""
    with pytest.raises(CompileError) as info:
        Kernel(text, file, "no function has this name")
    assert info.value.code != "OV999"
    return info.value.code == "OV002"


def test_the_standard_library():
    files = sorted(ROOT.rglob("*.py"))
    if os.environ.get("OVUM_STDLIB") != "1":
        files = files[::40]
    both = 0
    for path in files:
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (UnicodeDecodeError, OSError):
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                ast.parse(text)
            python = True
        except (SyntaxError, ValueError):
            python = False
        ours = accepted(text, str(path))
        assert python or not ours, path
        both += python and ours
    print(f"{both} of {len(files)} files accepted by both")
    assert both >= 0.9 * len(files) - 10
