"""The front end reads any Python: its answer is a parsed file or a CompileError, and what it
accepts, CPython accepts. OVUM_STDLIB=1 reads the whole standard library instead of a part."""

import ast
import os
import pathlib
import sysconfig
import tokenize
import warnings

import pytest

from ovum import CompileError
from ovum._core import Kernel

ROOT = pathlib.Path(sysconfig.get_paths()["stdlib"])


def code(text, file):
    """What reading the text says: OV002 if it parses, since a parsed file is asked for a function
    that it does not have."""
    with pytest.raises(CompileError) as info:
        Kernel(text, file, "no function has this name")
    assert info.value.code != "OV999" and (info.value.line or 1) >= 1
    return info.value.code


def decoded(path):
    """A file as Python reads it: in the encoding that it names; None if it is not in it."""
    try:
        with tokenize.open(path) as file:
            return file.read()
    except (UnicodeDecodeError, SyntaxError):
        return None


def test_the_standard_library():
    files = sorted(ROOT.rglob("*.py"))
    if os.environ.get("OVUM_STDLIB") != "1":
        files = files[::40]
    counts = dict.fromkeys(["both", "neither", "Python only: too deep", "not decodable"], 0)
    for path in files:
        text = decoded(path)
        if text is None:
            counts["not decodable"] += 1
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                ast.parse(text)
            python = True
        except (SyntaxError, ValueError):
            python = False
        ours = code(text, str(path))
        # What we accept, Python accepts; what Python accepts, we refuse for its depth only.
        if ours == "OV002":
            assert python, path
            counts["both"] += 1
        elif python:
            assert ours == "OV040", path
            counts["Python only: too deep"] += 1
        else:
            counts["neither"] += 1
    print(f"{len(files)} files: {counts}")
    assert counts["both"] >= 0.9 * len(files) - 10
