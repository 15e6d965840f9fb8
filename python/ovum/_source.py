"""The text of a Python function, and what the names in it stand for."""

from __future__ import annotations

import inspect
import linecache
import math
import textwrap
import types

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy


class Source(NamedTuple):
    """Text to compile, the file's name for messages, the function's name, and constants that the
    text does not explain."""

    text: str
    file: str
    name: str
    constants: dict[str, Any]


def source_of(function: Callable[..., Any]) -> Source:
    """The source of a Python function; line numbers in the text are those of the file.

    A function at module level comes with its whole file: it may use the module's constants and
    call its functions. What the file does not say, or says by statements that compute it, is taken
    from the function's globals and closure as it is when the function is decorated.
    """
    code = getattr(function, "__code__", None)
    if code is None:
        raise TypeError(f"{function!r} is not a Python function")
    top = function.__qualname__ == function.__name__
    whole = _file_text(code.co_filename, function.__globals__) if top else ""
    if whole:
        text, in_file = whole, True
    else:
        linecache.checkcache(code.co_filename)
        lines, first = inspect.getsourcelines(function)
        text, in_file = "\n" * (first - 1) + textwrap.dedent("".join(lines)), False
    constants: dict[str, Any] = {}
    seen = {function.__name__}
    pieces = [text]
    pending: list[Any] = [function]
    while pending:
        for name, value in _names(pending.pop()):
            if name in seen:
                continue
            seen.add(name)
            if _is_constant(value):
                constants[name] = value
            elif value is math or value is numpy:
                pieces.append(f"import {value.__name__} as {name}\n")
            elif _is_member(math, value) or _is_member(numpy, value):
                pieces.append(f"from {_module(value)} import {value.__name__} as {name}\n")
            else:
                helper = getattr(value, "__wrapped__", value)
                is_function = isinstance(helper, types.FunctionType)
                if is_function and not (in_file and helper.__globals__ is function.__globals__):
                    pieces.append(_definition(helper))
                    pending.append(helper)
    if in_file:
        # The file's own imports say what its names are.
        pieces[1:] = [piece for piece in pieces[1:] if not piece.startswith(("import", "from"))]
    return Source("\n".join(pieces), code.co_filename, function.__name__, constants)


def _file_text(name: str, scope: dict[str, Any]) -> str:
    """The text of a file; empty if there is none."""
    if name not in linecache.cache:
        # What `linecache` does for files that name no encoding, in a fraction of the time.
        try:
            with open(name, "rb") as file:
                data = file.read()
            second = data.find(b"\n", data.find(b"\n") + 1)
            if data[:3] != b"\xef\xbb\xbf" and b"coding" not in data[:second]:
                return data.decode().replace("\r\n", "\n").replace("\r", "\n")
        except (OSError, UnicodeDecodeError):
            pass
    # A file that has changed since it was read would not be the function's.
    linecache.checkcache(name)
    return "".join(linecache.getlines(name, scope))


def _names(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    """The names that a function uses from outside, with what they stand for."""
    code = function.__code__
    for name, cell in zip(code.co_freevars, function.__closure__ or ()):
        try:
            yield name, cell.cell_contents
        except ValueError:
            continue
    pending = [code]
    while pending:
        current = pending.pop()
        for name in current.co_names:
            if name in function.__globals__:
                yield name, function.__globals__[name]
        pending += [item for item in current.co_consts if isinstance(item, types.CodeType)]


def _is_constant(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(_is_constant(item) for item in value)
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    return isinstance(value, (float, numpy.bool_, numpy.integer, numpy.floating))


def _is_member(module: types.ModuleType, value: Any) -> bool:
    name = getattr(value, "__name__", None)
    return isinstance(name, str) and getattr(module, name, None) is value


def _module(value: Any) -> str:
    return "math" if _is_member(math, value) else "numpy"


def _definition(function: types.FunctionType) -> str:
    """The text of a helper from elsewhere, without decorators."""
    lines = textwrap.dedent("".join(inspect.getsourcelines(function)[0])).splitlines(True)
    start = next(at for at, line in enumerate(lines) if line.startswith(("def ", "async def ")))
    return "".join(lines[start:])
