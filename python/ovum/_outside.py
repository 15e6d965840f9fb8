"""What a Python function uses from outside of its text."""

from __future__ import annotations

import ast
import inspect
import math
import re
import textwrap
import types

from collections.abc import Iterator
from typing import Any

import numpy

# Functions that are taken along: a function of a large library may call hundreds.
_MOST = 100


class Outside:
    """What the names of a function's text stand for.

    Functions from elsewhere are ``pieces`` that are appended to the text. A name means in each
    module what it means there: what such a function uses gets names that nothing else has.
    """

    def __init__(self, root: types.FunctionType, file: str | None):
        """``file`` is the text of the whole file, if that is what is compiled."""
        self.constants: dict[str, Any] = {}
        self.pieces: list[str] = []
        self._appended: dict[types.FunctionType, str] = {}
        # Functions of the module find each other in the file's text.
        self._module = None if file is None else root.__globals__
        # So they do its imports, except of names that no text has.
        imports = file is None or "import *" in file
        pending, seen = [root], {root}
        while pending:
            function = pending.pop()
            self._defaults(function, function.__name__)
            for name, value in _names(function):
                helper = _function(value)
                if helper is not None and helper is root:
                    continue
                if helper is None or not self._in_file(name, helper):
                    self._explain(name, value, imports, function)
                elif helper not in seen:
                    seen.add(helper)
                    pending.append(helper)

    def _in_file(self, name: str, function: types.FunctionType) -> bool:
        """Whether a function is one that the file's text defines by this name."""
        return function.__globals__ is self._module and function.__qualname__ == name

    def _explain(self, name: str, value: Any, imports: bool, user: types.FunctionType) -> None:
        """Says what a name in the text of ``user`` stands for."""
        helper = _function(value)
        if _is_constant(value):
            self.constants[name] = value
        elif value is math or value is numpy:
            if imports:
                self.pieces.append(f"import {value.__name__} as {name}\n")
        elif isinstance(value, types.ModuleType):
            self._members(name, value, {used for code in _codes(user) for used in code.co_names})
        elif _is_member(math, value) or _is_member(numpy, value):
            if imports:
                self.pieces.append(f"from {_module(value)} import {value.__name__} as {name}\n")
        elif helper is not None and (appended := self._append(helper)) is not None:
            self.constants[name] = appended

    def _members(self, module_name: str, module: types.ModuleType, used: set[str]) -> None:
        """Explains ``module.name`` for the names that are used."""
        for name in sorted(used & vars(module).keys()):
            path, value = f"{module_name}.{name}", vars(module)[name]
            helper = _function(value)
            if _is_constant(value):
                self.constants[path] = value
            elif isinstance(value, types.ModuleType):
                self._members(path, value, used - {name})
            elif helper is not None and (appended := self._append(helper)) is not None:
                self.constants[path] = appended

    def _append(self, function: types.FunctionType) -> str | None:
        """Appends a function from elsewhere unless that was done; its name in the text."""
        known = self._appended.get(function)
        if known is not None:
            return known
        if len(self._appended) == _MOST:
            return None
        try:
            text, line = _definition(function)
            tree = ast.parse(text)
        except (OSError, TypeError, SyntaxError):
            return None
        plain = function.__name__.strip("<>")
        known = self._appended[function] = f"{plain}_{len(self._appended) + 1}_"
        outside = dict(_names(function))
        own = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
        named = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
        own |= {node.id for node in named if isinstance(node.ctx, ast.Store)}
        places = [(node.lineno, node.col_offset, node.id) for node in named]
        places = [place for place in places if place[2] in outside and place[2] not in own]
        lines = text.encode().splitlines(True)
        for line, column, name in sorted(places, reverse=True):
            whole = lines[line - 1]
            end = column + len(name.encode())
            lines[line - 1] = whole[:column] + (known + name).encode() + whole[end:]
        text = b"".join(lines).decode()
        text = re.sub(r"def\s+\w+", f"def {known}", text, count=1)
        # Messages read here where the lines below come from.
        self.pieces.append(f"# ovum: line {line} of {function.__code__.co_filename}\n{text}")
        self._defaults(function, known)
        for name in sorted({place[2] for place in places}):
            self._explain(known + name, outside[name], True, function)
        return known

    def _defaults(self, function: types.FunctionType, name: str) -> None:
        """Says what the default values of parameters are."""
        defaults = function.__defaults__ or ()
        code = function.__code__
        positional = code.co_varnames[: code.co_argcount]
        values = dict(zip(positional[len(positional) - len(defaults) :], defaults))
        for parameter, value in (values | (function.__kwdefaults__ or {})).items():
            if _is_constant(value) and not isinstance(value, tuple):
                self.constants[f"{name}({parameter})"] = value


def _function(value: Any) -> types.FunctionType | None:
    """The Python function that a value is or wraps."""
    wrapped = getattr(value, "__wrapped__", value)
    return wrapped if isinstance(wrapped, types.FunctionType) else None


def _codes(function: types.FunctionType) -> Iterator[types.CodeType]:
    """The code of a function and of those inside of it."""
    pending = [function.__code__]
    while pending:
        code = pending.pop()
        yield code
        pending += [item for item in code.co_consts if isinstance(item, types.CodeType)]


def _names(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    """The names that a function uses from outside, with what they stand for."""
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or ()):
        try:
            yield name, cell.cell_contents
        except ValueError:
            continue
    for code in _codes(function):
        for name in code.co_names:
            if name in function.__globals__:
                yield name, function.__globals__[name]


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


def _definition(function: types.FunctionType) -> tuple[str, int]:
    """The text of a function, without decorators, and the line of its file where that begins."""
    source, line = inspect.getsourcelines(function)
    text = textwrap.dedent("".join(source))
    if function.__name__ == "<lambda>":
        return lambda_text(text), line
    lines = text.splitlines(True)
    starts = (at for at, line in enumerate(lines) if line.startswith(("def ", "async def ")))
    start = next(starts, len(lines))
    return "".join(lines[start:]), line + start


def lambda_text(text: str) -> str:
    """The only lambda of a statement as a function ``lambda_``.

    Raises :class:`SyntaxError` if there are several, or the text is a part of a statement.
    """
    found = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Lambda)]
    if len(found) != 1:
        raise SyntaxError("several lambdas")
    return f"def lambda_({ast.unparse(found[0].args)}): return {ast.unparse(found[0].body)}\n"
