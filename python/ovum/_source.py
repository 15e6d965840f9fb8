"""The text of a Python function, and what the names in it stand for."""

from __future__ import annotations

import inspect
import linecache
import textwrap
import types

from collections.abc import Callable
from typing import Any, NamedTuple

from ._outside import Outside, lambda_text


class Source(NamedTuple):
    """Text to compile, the file's name for messages, the function's name, and what names stand for
    that the text does not explain: numbers, tuples of them, and names of functions of the text."""

    text: str
    file: str
    name: str
    constants: dict[str, Any]


def source_of(function: Callable[..., Any]) -> Source:
    """The source of a Python function; line numbers in the text are those of the file.

    A function at module level comes with its whole file: it may use the module's constants and
    call its functions. What the file does not say, or says by statements that compute it, is taken
    from the function's globals and closure as it is when the function is decorated; so are the
    constants and functions of other modules.
    """
    if not isinstance(function, types.FunctionType):
        raise TypeError(f"{function!r} is not a Python function")
    code = function.__code__
    if function.__name__ == "<lambda>":
        return _of_lambda(function)
    top = function.__qualname__ == function.__name__
    text = _file_text(code.co_filename, function.__globals__) if top else ""
    whole = bool(text)
    if not whole:
        linecache.checkcache(code.co_filename)
        try:
            lines, first = inspect.getsourcelines(function)
        except OSError:
            raise TypeError(
                f"{function.__name__}() has no source to compile: define it in a file or a "
                "notebook, or pass its text to ovum.compile"
            ) from None
        text = "\n" * (first - 1) + textwrap.dedent("".join(lines))
    outside = Outside(function, text if whole else None)
    text = "\n".join([text, *outside.pieces])
    return Source(text, code.co_filename, function.__name__, outside.constants)


def _of_lambda(function: types.FunctionType) -> Source:
    """The source of a lambda, as a function of a line."""
    code = function.__code__
    try:
        text = lambda_text(textwrap.dedent("".join(inspect.getsourcelines(function)[0])))
    except (OSError, SyntaxError):
        raise TypeError(
            "this lambda cannot be told from what is around it: write a function, with `def`"
        ) from None
    text = "\n" * (code.co_firstlineno - 1) + text
    outside = Outside(function, None)
    text = "\n".join([text, *outside.pieces])
    return Source(text, code.co_filename, "lambda_", outside.constants)


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
