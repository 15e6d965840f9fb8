"""E-graphs with sorts, functions and rules of one's own."""

from __future__ import annotations

import fractions
import math

from typing import ClassVar

import pytest

from ovum import (
    BigInt,
    BigRat,
    Bool,
    EGraph,
    EGraphError,
    Expr,
    String,
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


class Num(Expr):
    ZERO: ClassVar[Num]

    def __init__(self, value: i64): ...
    @classmethod
    def var(cls, name: String) -> Num: ...
    def __add__(self, other: Num) -> Num: ...
    def __mul__(self, other: Num) -> Num: ...
    def __neg__(self) -> Num: ...
    @method(cost=20)
    def __truediv__(self, other: Num) -> Num:
        """A quotient is dear."""

    @method(unextractable=True)
    def hidden(self) -> Num: ...
    @property
    def half(self) -> Num: ...
    def twice(self) -> Num:
        return self + self


@ruleset
def algebra(a: Num, b: Num, c: Num, i: i64, j: i64):
    yield rewrite(a + b).to(b + a)
    yield rewrite(a * (b + c)).to(a * b + a * c)
    yield rewrite(Num(i) + Num(j)).to(Num(i + j))
    yield rewrite(Num(i) * Num(j)).to(Num(i * j))


def test_the_first_example():
    egraph = EGraph()
    term = egraph.let("term", Num(2) * (Num.var("x") + 3))
    report = egraph.run(10, ruleset=algebra)
    assert report.updated and report.iterations == 3
    assert report.applied["algebra-2"] >= 1
    egraph.check(eq(term).to(6 + 2 * Num.var("x")))
    egraph.check(term == 6 + 2 * Num.var("x"))
    assert not egraph.run(1, ruleset=algebra).updated
    with pytest.raises(EGraphError, match="it is not known that"):
        egraph.check(eq(term).to(Num(1)))
    egraph.check_fail(eq(term).to(Num(1)))


def test_terms_show_as_python_and_read_back():
    egraph = EGraph()
    x = Num.var("a \"b\"\n")
    for term in (
        Num(2) * (x + -Num(3)) / 4,
        (x + 1).half.twice(),
        -(x * 2),
        Num.ZERO + x,
    ):
        assert bool(egraph.extract(term) == term)
        assert repr(eval(repr(term))) == repr(term)
    assert repr((x + 1).half) == "(Num.var('a \"b\"\\n') + Num(1)).half"


def test_costs_and_what_is_never_extracted():
    egraph = EGraph()
    a, b = constant("a", Num), constant("b", Num)
    quotient = egraph.let("q", a / b)
    egraph.register(union(quotient).with_(a.hidden()), union(quotient).with_(a * b))
    best, cost = egraph.extract(quotient, include_cost=True)
    assert (repr(best), cost) == ("a * b", 3)
    assert egraph.extract_multiple(quotient, 5)[-1] == a / b


def test_relations_rules_and_schedules():
    edge, path = relation("edge", i64, i64), relation("path", i64, i64)

    @rule
    def base(a: i64, b: i64):
        return rule(edge(a, b)).then(path(a, b))

    @rule
    def step(a: i64, b: i64, c: i64):
        return rule(path(a, b), edge(b, c)).then(path(a, c))

    egraph = EGraph()
    egraph.register(*(edge(i, i + 1) for i in range(6)))
    reach = ruleset(base, step, name="reach")
    egraph.run(seq(run(ruleset(base)), run(reach) * 2))
    assert egraph.size(path) < 21
    egraph.run(reach.saturate())
    assert egraph.size(path) == 21
    egraph.check(path(0, 6))
    assert egraph.rows_of(edge)[0][0] == edge(0, 1)
    report = egraph.run(100, path(0, 6), ruleset=reach)
    assert report.iterations == 0


def test_functions_with_values_merge():
    @function(merge=lambda old, new: old.min(new))
    def distance(x: Num) -> i64: ...

    @function
    def fixed(x: Num) -> i64: ...

    @ruleset
    def relax(x: Num, n: i64):
        yield rule(eq(n).to(distance(x)), n > 0).then(set_(distance(x)).to(n - 1))

    egraph = EGraph()
    egraph.register(set_(distance(Num(1))).to(9), set_(distance(Num(1))).to(5))
    assert int(egraph.extract(distance(Num(1)))) == 5
    egraph.saturate(relax)
    assert egraph.extract(distance(Num(1))).value == 0
    egraph.register(set_(fixed(Num(1))).to(1))
    with pytest.raises(EGraphError):
        egraph.register(set_(fixed(Num(1))).to(2))


def test_guards_birewrites_subsume_delete_and_panic():
    x, y = vars_("x y", Num)
    i = var("i", i64)
    egraph = EGraph()
    egraph.register(birewrite(x * y).to(y * x))
    egraph.register(rewrite(Num(i) * x).to(x + x, eq(i).to(2)))
    two = egraph.let("two", Num(2) * Num.var("v"))
    three = egraph.let("three", Num(3) * Num.var("v"))
    egraph.saturate()
    egraph.check(two == Num.var("v") + Num.var("v"))
    egraph.check_fail(three == Num.var("v") + Num.var("v"))
    assert egraph.check_bool(ne(two).to(three))
    egraph.register(subsume(Num(3) * Num.var("v")), delete(Num.var("v") * Num(3)))
    with pytest.raises(EGraphError, match="nothing left"):
        egraph.register(panic("nothing left"))


def test_push_and_pop():
    egraph = EGraph(Num(1) + 2)
    with egraph:
        egraph.run(3, ruleset=algebra)
        egraph.check(Num(1) + 2 == Num(3))
    egraph.check_fail(Num(1) + 2 == Num(3))
    egraph.run(3, ruleset=algebra)
    egraph.check(Num(1) + 2 == Num(3))
    with pytest.raises(EGraphError, match="no saved state"):
        egraph.pop()


def test_built_in_sorts_compute():
    egraph = EGraph()
    assert int(egraph.extract(i64(7) // 2 + (i64(1) << 4) - 3 % i64(2))) == 18
    assert float(egraph.extract(f64(2.0) * 1e300 / 4)) == 5e299
    assert egraph.extract(f64(-0.0)).value == 0.0
    assert str(egraph.extract(String("a\\n") + 'q"')) == 'a\\nq"'
    assert egraph.extract(BigInt(10**30) + 1).value == 10**30 + 1
    assert egraph.extract(BigRat(fractions.Fraction(1, 3)) * 2).value == fractions.Fraction(2, 3)
    assert egraph.extract(Bool(True) & False).value is False
    with pytest.raises(OverflowError):
        i64(1 << 63)


def test_functions_of_python_in_rules():
    @primitive
    def gcd(a: i64, b: i64) -> i64:
        return math.gcd(a, b)

    @primitive
    def is_prime(n: i64) -> None:
        return n > 1 and all(n % k for k in range(2, n))

    @ruleset
    def rules(i: i64, j: i64):
        yield rewrite(Num(i) * Num(j)).to(Num(gcd(i, j)), is_prime(i))

    egraph = EGraph()
    a, b = egraph.let("a", Num(3) * Num(6)), egraph.let("b", Num(4) * Num(6))
    egraph.saturate(rules)
    egraph.check(a == Num(3))
    egraph.check_fail(b == Num(2))
    assert egraph.extract(gcd(12, 18)).value == 6


def test_limits_stop_a_run():
    @ruleset
    def grow(a: Num, b: Num):
        yield rule(eq(b).to(a + 0)).then(b + 0)

    egraph = EGraph(node_limit=200)
    egraph.register(Num(5) + 0)
    report = egraph.run(1000, ruleset=grow)
    assert "limit of 200 rows" in report.stop_reason
    assert egraph.rows <= 200


def test_proofs():
    egraph = EGraph(proofs=True)
    egraph.register(Num(1) + Num(2))
    egraph.run(2, ruleset=algebra)
    assert "algebra-3" in egraph.explain(Num(1) + Num(2), Num(3))


def test_errors_name_the_line():
    with pytest.raises(TypeError, match=r"Num.__init__\(\): argument 1 must be i64, not str"):
        Num("x")
    with pytest.raises(TypeError, match="unsupported operand"):
        Num(1) + "x"
    with pytest.raises(TypeError, match="needs a type"):
        EGraph().run(1, ruleset=ruleset(lambda x: rewrite(x).to(x)))
    x, y = vars_("x y", Num)
    with pytest.raises(EGraphError) as caught:
        EGraph().register(rewrite(x * 1).to(y))
    assert caught.value.file == __file__
    assert "rewrite(x * 1).to(y)" in str(caught.value)
    with pytest.raises(TypeError, match="neither true nor false"):
        assert Num(1)


def test_local_and_mutual_sorts():
    class Left(Expr):
        def __init__(self, n: i64): ...
        def right(self) -> Right: ...

    class Right(Expr):
        def left(self) -> Left: ...

    egraph = EGraph()
    term = Left(3).right().left()
    assert repr(egraph.extract(term)) == "Left(3).right().left()"


def test_programs_of_the_language():
    egraph = EGraph()
    answers = egraph.program("(datatype M (A i64) (B M)) (let $x (B (A 3))) (extract $x)")
    assert answers == [(3, ("B", ("A", "3")))]


def test_deep_terms():
    term = Num.var("x")
    for _ in range(3000):
        term = term + 1
    egraph = EGraph()
    assert egraph.extract(term, include_cost=True)[1] == 3000 * 3 + 2
    assert repr(term).count("+") == 3000
