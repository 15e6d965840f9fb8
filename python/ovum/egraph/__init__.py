"""E-graphs in Python: sorts as classes, operators as Python's own, rules and rule sets.

    from ovum import EGraph, Expr, eq, i64, rewrite, ruleset, String

    class Num(Expr):
        def __init__(self, value: i64): ...
        @classmethod
        def var(cls, name: String) -> "Num": ...
        def __add__(self, other: "Num") -> "Num": ...
        def __mul__(self, other: "Num") -> "Num": ...

    @ruleset
    def algebra(a: Num, b: Num, c: Num, i: i64, j: i64):
        yield rewrite(a + b).to(b + a)
        yield rewrite(a * (b + c)).to(a * b + a * c)
        yield rewrite(Num(i) + Num(j)).to(Num(i + j))

    egraph = EGraph()
    term = egraph.let("term", Num(2) * (Num.var("x") + 3))
    egraph.run(5, ruleset=algebra)
    egraph.check(eq(term).to(2 * Num.var("x") + Num(2) * 3))
    egraph.extract(term)
"""

from __future__ import annotations

from .._core import EGraphError
from ._builtin import BigInt, BigRat, Bool, String, Unit, f64, i64
from ._containers import Map, Set, Vec
from ._declare import constant, function, method, primitive, relation, var, vars_
from ._rules import (
    Action,
    Rewrite,
    Rule,
    Ruleset,
    Schedule,
    birewrite,
    delete,
    eq,
    ne,
    panic,
    rewrite,
    rule,
    ruleset,
    run,
    seq,
    set_,
    subsume,
    union,
)
from ._session import EGraph, RunReport
from ._terms import Expr, Fact

__all__ = [
    "Action",
    "BigInt",
    "BigRat",
    "Bool",
    "EGraph",
    "EGraphError",
    "Expr",
    "Fact",
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
    "birewrite",
    "constant",
    "delete",
    "eq",
    "f64",
    "function",
    "i64",
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
    "union",
    "var",
    "vars_",
]
