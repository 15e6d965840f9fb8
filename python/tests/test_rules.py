"""Rules written in Python that the compiler applies."""

import math
import pickle

import numpy as np
import ovum
import pytest

from ovum import rewrite


@ovum.rule
def root_squared(x: float):
    return rewrite(math.sqrt(x) * math.sqrt(x)).to(x, x >= 0.0)


@ovum.rule(exact=True)
def doubled(x: float):
    return rewrite(np.exp(x) + np.exp(x)).to(2.0 * np.exp(x))


@ovum.rule
def halves(x: float, y: float):
    yield rewrite(np.sin(x) * np.cos(x)).to(0.5 * np.sin(2.0 * x))
    yield rewrite(np.where(x < y, x, y)).to(min(x, y))


def fired(function, types="f64"):
    return function.report(types)["rules_fired"]


def test_a_rule_is_applied_where_its_condition_is_proven():
    source = "import math\ndef f(x: float):\n    return math.sqrt(x) * math.sqrt(x)\n"
    options = {"fastmath": True, "fast": True, "rules": [root_squared]}
    free = ovum.compile(source, **options)
    assert "root_squared" not in fired(free)
    known = ovum.compile(source, domain={"x": (0.0, 9.0)}, **options)
    assert fired(known)["root_squared"] == 1
    assert "sqrt" not in known.rvsdg()
    assert known(3.0) == 3.0


def test_rules_change_what_is_computed():
    @ovum.jit(rules=[halves], fastmath=True)
    def f(x: float) -> float:
        return np.sin(x) * np.cos(x)

    assert fired(f)["halves-1"] >= 1
    assert "math.cos" not in f.rvsdg()
    assert f(0.5) == pytest.approx(math.sin(0.5) * math.cos(0.5), rel=1e-15)


def test_an_exact_rule_needs_no_flag():
    @ovum.jit(rules=[doubled])
    def f(x: float) -> float:
        return np.exp(x) + np.exp(x)

    f(1.0)
    assert fired(f)["doubled"] >= 1
    assert f(1.0) == 2.0 * math.exp(1.0)


def test_a_rule_that_is_not_exact_is_found_out():
    @ovum.rule(exact=True)
    def wrong(x: float):
        return rewrite(x + 0.0).to(x)

    with pytest.raises(ValueError, match=r"wrong is not exact: for x = -0.0 it makes -0.0 of 0.0"):
        ovum.jit(rules=[wrong])(lambda x: x)


def test_a_real_rule_needs_fastmath():
    with pytest.raises(ValueError, match="root_squared holds for real numbers.*fastmath=True"):
        ovum.compile("def f(x):\n    return x\n", rules=[root_squared])


def test_named_sets_and_rules_compose():
    source = "def f(x: float):\n    return x * 2.0 + 0.0 * 1.0\n"

    @ovum.rule(exact=True)
    def twice(x: float):
        return rewrite(x * 2.0).to(x + x)

    only = ovum.compile(source, rules=["fold", twice])
    assert fired(only)["twice"] == 1
    assert "fmul-two" not in fired(only)


def test_rules_of_other_widths():
    @ovum.rule(exact=True)
    def less(x: "f32", i: int):
        yield rewrite(x * 4.0).to((x + x) * 2.0)
        yield rewrite((i << 3) >> 3).to(i, i >= 0, i < 1000)

    f = ovum.compile("def f(x: 'f32'):\n    return x * 4.0\n", rules=[less])
    f.report()
    g = ovum.compile(
        "def g(i: int):\n    return (i << 3) >> 3\n", rules=[less], domain={"i": (0, 100)}
    )
    assert fired(g, "i64")["less-2"] == 1
    assert g(77) == 77


def test_rules_without_meaning_are_refused_with_their_place():
    @ovum.rule
    def free(x: float, y: float):
        return rewrite(x + x).to(y)

    with pytest.raises(TypeError, match="'y' does not occur on the left"):
        ovum.compile("def f(x):\n    return x\n", rules=[free], fastmath=True)

    @ovum.rule
    def unclear(x: float):
        return rewrite(x * x).to(x, x + 1.0 > 2.0)

    with pytest.raises(TypeError, match="compares a variable"):
        ovum.compile("def f(x):\n    return x\n", rules=[unclear], fastmath=True)

    @ovum.rule
    def mixed(x: float, i: int):
        return rewrite(x * i).to(x)

    with pytest.raises(TypeError, match="is i64, where .* is f64"):
        ovum.compile("def f(x):\n    return x\n", rules=[mixed], fastmath=True)
    with pytest.raises(TypeError, match="no rule"):
        ovum.rule(nothing).rules


def nothing(x: float):
    return 3


def test_functions_with_rules_travel():
    function = ovum.compile(
        "import numpy as np\ndef f(x: float):\n    return np.exp(x) + np.exp(x)\n", rules=[doubled]
    )
    copy = pickle.loads(pickle.dumps(function))
    assert fired(copy)["doubled"] >= 1
    assert copy(2.0) == function(2.0)
