"""Vectors, sets and maps in e-graphs of one's own."""

import pytest

from ovum import (
    EGraph, EGraphError, Expr, Map, Set, String, Vec, eq, function, i64, rewrite, rule, ruleset,
    set_, union, var,
)  # fmt: skip


class Num(Expr):
    def __init__(self, value: i64): ...

    @classmethod
    def var(cls, name: String) -> "Num": ...

    @classmethod
    def sum(cls, terms: "Vec[Num]") -> "Num": ...

    def __add__(self, other: "Num") -> "Num": ...


@function(merge=lambda old, new: old | new)
def factors(x: Num) -> Set[i64]: ...


@function(merge=lambda old, new: new)
def scope(depth: i64) -> Map[String, Num]: ...


def test_sorts_are_made_once():
    assert Vec[i64] is Vec[int] and Vec[Num] is not Vec[i64]
    assert Map[String, Num].__name__ == "Map[String, Num]"
    for wrong in (lambda: Vec[i64, i64], lambda: Map[i64], lambda: Vec[list], lambda: Vec(1)):
        with pytest.raises(TypeError):
            wrong()
    with pytest.raises(TypeError, match="argument 1 must be i64"):
        Vec[i64]("a")


def test_elements_that_become_equal_make_containers_equal():
    egraph = EGraph()
    x, y = Num.var("x"), Num.var("y")
    left = egraph.let("left", Num.sum([x, 2]))
    right = egraph.let("right", Num.sum(Vec[Num](y, 2)))
    egraph.check_fail(eq(left).to(right))
    egraph.register(union(x).with_(y))
    egraph.check(eq(left).to(right))


def test_operations_of_vectors():
    egraph = EGraph()
    v = egraph.let("v", Vec[i64](3, 1).push(4) + [1, 5])
    assert str(egraph.extract(v)) == "Vec[i64](3, 1, 4, 1, 5)"
    assert int(egraph.extract(v.length())) == 5 and int(egraph.extract(v[2])) == 4
    egraph.check(v.contains(5), v.not_contains(9), eq(v.pop().length()).to(4))
    egraph.check(eq(v.set(0, 9)).to([9, 1, 4, 1, 5]), eq(v.remove(0)[0]).to(1))
    with pytest.raises(EGraphError):
        egraph.extract(v[5])


def test_sets_as_values_are_merged():
    egraph = EGraph()
    six = Num(6)
    egraph.register(set_(factors(six)).to({1, 2}), set_(factors(six)).to(Set[i64](3, 2)))
    egraph.check(eq(factors(six)).to({1, 2, 3}), factors(six).contains(3))
    assert str(egraph.extract(factors(six))) == "Set[i64](1, 2, 3)"
    assert int(egraph.extract((factors(six) & {2, 3, 7}).length())) == 2
    egraph.check(eq(factors(six) - {1}).to({2, 3}), eq(Set[i64]().insert(1)).to({1}))


def test_maps():
    egraph = EGraph()
    egraph.register(set_(scope(0)).to({"x": 1, "y": Num.var("z")}))
    egraph.check(eq(scope(0)["x"]).to(Num(1)), scope(0).not_contains("z"))
    larger = egraph.extract(scope(0).insert("z", 7).remove("x"))
    assert str(larger) == "Map[String, Num]({'y': Num.var('z'), 'z': Num(7)})"
    [(_, value)] = egraph.rows_of(scope)
    assert int(egraph.extract(value.length())) == 2


def test_rules_match_containers():
    a, b, terms = var("a", Num), var("b", Num), var("terms", Vec[Num])

    @ruleset
    def flatten(v: Vec[Num], n: Num):
        yield rewrite(Num.sum(v) + n).to(Num.sum(v.push(n)))

    egraph = EGraph()
    two = ruleset(rewrite(a + b).to(Num.sum([a, b])), rule(eq(b).to(Num.sum(terms)), eq(terms.length()).to(1)).then(union(b).with_(terms[0])))
    total = egraph.let("total", Num(1) + Num(2) + Num(3))
    egraph.run((two + flatten).saturate())
    egraph.check(eq(total).to(Num.sum([1, 2, 3])))
    single = egraph.let("single", Num.sum([Num(9)]))
    egraph.run(two)
    egraph.check(eq(single).to(Num(9)))


def test_containers_in_containers():
    egraph = EGraph()
    grid = egraph.let("grid", Vec[Vec[i64]]([1, 2], [3]))
    assert str(egraph.extract(grid[0])) == "Vec[i64](1, 2)"
    assert int(egraph.extract(grid[1][0])) == 3
