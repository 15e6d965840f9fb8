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
``@ovum.rule`` writes a rewrite rule, for ``jit(rules=[…])`` or for an ``ovum.EGraph`` over sorts of
your own: see :mod:`ovum.egraph`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._core import CompileError, __version__, supported
from ._function import Function, compile, jit
from ._vectorize import Vectorized, vectorize

if TYPE_CHECKING:
    from .egraph import (
        BigInt,
        BigRat,
        Bool,
        EGraph,
        EGraphError,
        Expr,
        Map,
        Rewrite,
        Rule,
        Ruleset,
        RunReport,
        Schedule,
        Set,
        String,
        Unit,
        Vec,
        birewrite,
        constant,
        delete,
        eq,
        f64,
        function,
        i64,
        method,
        ne,
        panic,
        primitive,
        relation,
        rewrite,
        rule,
        ruleset,
        run,
        seq,
        set_,
        subsume,
        union,
        var,
        vars_,
    )

__all__ = [
    "BigInt",
    "BigRat",
    "Bool",
    "CompileError",
    "EGraph",
    "EGraphError",
    "Expr",
    "Function",
    "Map",
    "Rewrite",
    "Rule",
    "Ruleset",
    "RunReport",
    "Schedule",
    "Set",
    "String",
    "Unit",
    "Vec",
    "Vectorized",
    "birewrite",
    "compile",
    "constant",
    "delete",
    "eq",
    "f64",
    "function",
    "i64",
    "jit",
    "method",
    "ne",
    "panic",
    "primitive",
    "relation",
    "rewrite",
    "rule",
    "ruleset",
    "run",
    "seq",
    "set_",
    "subsume",
    "supported",
    "union",
    "var",
    "vars_",
    "vectorize",
    "__version__",
]


def __getattr__(name: str) -> Any:
    """Names of :mod:`ovum.egraph`, which is imported when one is asked for."""
    if name not in __all__:
        raise AttributeError(f"module 'ovum' has no attribute {name!r}")
    from . import egraph

    value = globals()[name] = getattr(egraph, name)
    return value
