"""Python functions, optimised by equality saturation and run as machine code.

    import ovum

    @ovum.jit
    def poly(x):
        return 3.0 * x * x + 1.0

    poly(2.0)

A function is compiled when it is first called with arguments of new types. Arguments are numbers,
NumPy arrays (written in place) and lists of numbers (converted, and written back). The answer is
CPython's, exceptions included, except that integers have 64 bits; ``fast=True`` drops the checks.
"""

from __future__ import annotations

import functools
import inspect
import textwrap

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ._core import CompileError, Kernel, __version__

if TYPE_CHECKING:
    from ._core import Report

__all__ = ["CompileError", "Function", "compile", "jit", "__version__"]


class Function:
    """A compiled function; call it like the Python function it comes from."""

    def __init__(self, kernel: Kernel, python: Callable[..., Any] | None = None):
        self._kernel = kernel
        self._call = kernel.__call__
        if python is not None:
            functools.update_wrapper(self, python)
        else:
            self.__name__ = self.__qualname__ = kernel.name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._call(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<ovum.Function {self.__name__}>"

    def specialisations(self) -> list[str]:
        """The argument types of every compiled version, as texts."""
        return self._kernel.specialisations()

    def report(self, types: str | None = None) -> Report:
        """What the compiler did: phases in milliseconds, rules fired, costs, approximations.

        ``types`` picks a version, for example ``"f64, array[f64, 1]"``. Without it the annotations
        decide, and where they are incomplete, the version compiled last. Compiles if need be.
        """
        return self._kernel.report(types)

    def rvsdg(self, types: str | None = None) -> str:
        """The optimised function in the text form of the intermediate representation."""
        return self._kernel.rvsdg(types)

    def clif(self, types: str | None = None) -> str:
        """The optimised function as Cranelift's intermediate representation."""
        return self._kernel.clif(types)

    def asm(self, types: str | None = None) -> str:
        """The optimised function as assembly."""
        return self._kernel.asm(types)

    def mlir(self, types: str | None = None) -> str:
        """The optimised function as an MLIR module."""
        return self._kernel.mlir(types)


def compile(  # noqa: A001 - the name users look for
    source: Callable[..., Any] | str,
    name: str | None = None,
    *,
    fast: bool = False,
    fast_math: bool = False,
    rules: str | None = None,
    domain: dict[str, tuple[float, float]] | None = None,
    max_error: float | None = None,
    optimize: bool = True,
) -> Function:
    """Makes a :class:`Function` of a Python function or of source text.

    ``name`` picks the function where the text has several. ``fast`` drops Python's checks,
    ``fast_math`` admits rules that hold over the reals only. ``domain={"x": (0.0, 1.0)}`` asserts
    closed ranges of parameters, and ``max_error`` admits approximations whose error of the returned
    value over that domain is proven to stay within it. ``rules`` composes rule sets by name.

    Raises :class:`CompileError`, which shows the line, at once for what can be seen without types,
    else when the function is first called.
    """
    python = None
    file = "<source>"
    if callable(source):
        python = inspect.unwrap(source)
        source, file, name = _source_of(python)
    ranges = [(key, (float(low), float(high))) for key, (low, high) in (domain or {}).items()]
    kernel = Kernel(
        source,
        file,
        name,
        fast=fast,
        fast_math=fast_math,
        rules=rules,
        domain=ranges,
        max_error=max_error,
        optimize=optimize,
    )
    return Function(kernel, python)


def jit(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Decorator that compiles a function when it is called; takes :func:`compile`'s options."""
    if function is None:
        return functools.partial(jit, **options)
    return compile(function, **options)


def _source_of(function: Callable[..., Any]) -> tuple[str, str, str]:
    """Text, file name and function name; line numbers in the text are those of the file."""
    code = getattr(function, "__code__", None)
    if code is None:
        raise TypeError(f"{function!r} is not a Python function")
    file = code.co_filename
    lines, first = inspect.getsourcelines(function)
    if function.__qualname__ == function.__name__:
        # The whole file: the function may use the module's constants and call its functions.
        whole, _ = inspect.findsource(code)
        return "".join(whole), file, function.__name__
    text = "\n" * (first - 1) + textwrap.dedent("".join(lines))
    return text, file, function.__name__
