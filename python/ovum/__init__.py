"""Python functions, optimised by equality saturation and run as machine code.

    import ovum

    @ovum.jit
    def poly(x):
        return 3.0 * x * x + 1.0

    poly(2.0)

A function is compiled when it is first called with arguments of new types. Arguments are numbers,
NumPy arrays (written in place) and lists of numbers (converted, and written back). The answer is
CPython's, exceptions included, except that integers have 64 bits; ``fast=True`` drops the checks.

``@ovum.vectorize`` makes a function of numbers one of arrays, as NumPy's own functions are.
"""

from __future__ import annotations

from ._core import CompileError, __version__, supported
from ._function import Function, compile, jit
from ._vectorize import Vectorized, vectorize

__all__ = [
    "CompileError",
    "Function",
    "Vectorized",
    "compile",
    "jit",
    "supported",
    "vectorize",
    "__version__",
]
