"""The module `math`, all of it: every name of CPython 3.11 gives CPython's bits, exceptions and
messages, or is refused with a message that says so."""

import math
import struct
import sys

import numpy as np
import ovum
import pytest

INF, NAN = math.inf, math.nan
FLOATS = [
    0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, 1.5, -1.5, 2.5, 3.0, -3.0, 0.1, -0.7, 10.0, 100.5, 171.5,
    1e-3, 1e-10, 1e10, -1e10, 1e16, 1e100, -1e100, 1e308, -1e308, 1e-308, 5e-324, -5e-324,
    math.pi, math.e, math.pi / 2, 709.8, 710.0, -745.2, -746.0, 20.5, -20.5, 1e22, INF, -INF, NAN,
    0.9999999999999999, 1.0000000000000002, 4503599627370497.5, 9007199254740993.0,
]  # fmt: skip
INTS = [0, 1, -1, 2, 3, 7, -7, 12, 20, 61, 100, 12345, -360, 2**31, 2**53 + 1, 2**62]
EXPONENTS = [0, 1, -1, 5, -5, 1023, 1024, -1022, -1074, -1075, 2000, -2000, 10**9]

CONSTANTS = {"pi", "e", "tau", "inf", "nan"}
OF_FLOAT = {
    "acos", "acosh", "asin", "asinh", "atan", "atanh", "cbrt", "ceil", "cos", "cosh", "degrees",
    "erf", "erfc", "exp", "exp2", "expm1", "fabs", "floor", "frexp", "gamma", "isfinite", "isinf",
    "isnan", "lgamma", "log", "log10", "log1p", "log2", "modf", "radians", "sin", "sinh", "sqrt",
    "tan", "tanh", "trunc", "ulp",
}  # fmt: skip
OF_TWO_FLOATS = {
    "atan2", "copysign", "fmod", "hypot", "isclose", "nextafter", "pow", "remainder",
}  # fmt: skip
OF_INT = {"factorial", "isqrt"}
OF_TWO_INTS = {"comb", "gcd", "lcm", "perm"}
OF_ARRAYS = {"dist", "fsum", "prod"}


def bits(value):
    """What tells two answers apart: types and bits, any NaN being NaN."""
    if isinstance(value, tuple):
        return tuple(map(bits, value))
    if isinstance(value, float):
        return "nan" if math.isnan(value) else struct.pack(">d", value).hex()
    return type(value).__name__, value


def attempt(function, *args):
    try:
        return bits(function(*args))
    except Exception as error:
        return type(error).__name__, str(error)


def beyond(value):
    """Integers of more than 64 bits are outside the contract."""
    return value[0] == "int" and not -(2**63) <= value[1] < 2**63


def compare(name, params, cases):
    """The cases whose answers differ."""
    text = f"import math\ndef f({params}):\n    return math.{name}({params.strip(', ')})\n"
    compiled, python, wrong, checked = ovum.compile(text), getattr(math, name), [], 0
    for args in cases:
        expected = attempt(python, *args)
        if beyond(expected):
            continue
        checked += 1
        have = attempt(compiled, *args)
        if have != expected:
            wrong.append((args, have, expected))
    assert not wrong, f"{len(wrong)} of {checked}: {wrong[:5]}"
    assert checked > 5


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="the names are CPython 3.11's")
def test_every_name_is_compared():
    names = {name for name in dir(math) if not name.startswith("_")}
    known = OF_FLOAT | OF_TWO_FLOATS | OF_INT | OF_TWO_INTS | OF_ARRAYS | {"ldexp"}
    assert names == known | CONSTANTS


@pytest.mark.parametrize("name", sorted(CONSTANTS))
def test_constants(name):
    compiled = ovum.compile(f"import math\ndef f():\n    return math.{name}\n")
    assert bits(compiled()) == bits(getattr(math, name))


@pytest.mark.parametrize("name", sorted(OF_FLOAT))
def test_of_a_float(name):
    compare(name, "x", [(x,) for x in FLOATS])
    compare(name, "x", [(n,) for n in INTS])


@pytest.mark.parametrize("name", sorted(OF_TWO_FLOATS))
def test_of_two_floats(name):
    compare(name, "x, y", [(x, y) for x in FLOATS for y in FLOATS])


@pytest.mark.parametrize("name", sorted(OF_INT))
def test_of_an_int(name):
    compare(name, "n", [(n,) for n in [*INTS, -5] if name != "factorial" or n <= 20])


@pytest.mark.parametrize("name", sorted(OF_TWO_INTS))
def test_of_two_ints(name):
    small = [n for n in INTS if abs(n) <= 100]
    compare(name, "n, k", [(n, k) for n in small for k in small])


def test_logarithms_with_a_base():
    compare("log", "x, base", [(x, y) for x in FLOATS for y in FLOATS])


def test_ldexp():
    compare("ldexp", "x, n", [(x, n) for x in FLOATS for n in EXPONENTS])


def test_hypot_of_any_number():
    compare("hypot", "x, y, z", [(x, y, -1.5) for x in FLOATS for y in FLOATS])
    compare("hypot", "x", [(x,) for x in FLOATS])
    assert ovum.compile("import math\ndef f():\n    return math.hypot()\n")() == 0.0


def test_gcd_and_lcm_of_any_number():
    compare("gcd", "a, b, c", [(a, b, 18) for a in INTS for b in INTS[:9]])
    compare("lcm", "a, b, c", [(a, b, 18) for a in INTS[:10] for b in INTS[:10]])


@ovum.jit
def fsum(a):
    return math.fsum(a)


@ovum.jit
def dist(p, q):
    return math.dist(p, q)


@ovum.jit
def prod(a):
    return math.prod(a)


def random_floats(generator, count, spread):
    exponents = generator.integers(-spread, spread + 1, count)
    return np.ldexp(generator.random(count) - 0.5, exponents)


@pytest.mark.parametrize("spread", [0, 3, 40, 300, 1000])
def test_fsum_is_exact(spread):
    generator = np.random.default_rng(spread)
    for count in (1, 2, 3, 10, 100):
        for _ in range(20):
            a = random_floats(generator, count, spread)
            # Sums that cancel: what is left is far below the numbers.
            both = np.concatenate([a, -generator.permutation(a), random_floats(generator, 2, spread)])
            for numbers in (a, both, generator.permutation(both)):
                assert attempt(fsum, numbers) == attempt(math.fsum, numbers.tolist())


def test_fsum_at_the_edges():
    below = math.nextafter(1.0, 0.0)
    cases = [
        [], [0.0], [-0.0], [-0.0, -0.0], [1.0, 1e100, 1.0, -1e100], [0.1] * 10, [5e-324] * 3,
        [INF], [-INF, 1.0], [INF, -INF], [INF, NAN, -INF], [NAN, 1.0], [1e308, 1e308],
        [1e308, 1e308, -1e308], [1e308, -1e308, 1e308], [1.7e308, 1e291], [INF, 1e308, 1e308],
        [2.0**53, 1.0], [2.0**53, 1.0, 1e-300], [2.0**53, 1.0, -1e-300], [2.0**53 + 2, 1.0],
        [2.0**53 + 2, 1.0, -5e-324], [-(2.0**53), -1.0, -5e-324], [-(2.0**53), -1.0, 5e-324],
        [1.0, below, -2.0], [2.0**-1022, -5e-324], [1.5 * 2.0**1023, 2.0**970, -(2.0**916)],
    ]  # fmt: skip
    for case in cases:
        assert attempt(fsum, case) == attempt(math.fsum, case), case
    assert fsum(np.array([1, 2, 3])) == 6.0
    tuples = ovum.compile("import math\ndef f(x, n):\n    return math.fsum((x, n, 0.1, -x))\n")
    assert attempt(tuples, 1e20, 3) == attempt(math.fsum, (1e20, 3, 0.1, -1e20))


def test_dist():
    generator = np.random.default_rng(7)
    for count in (1, 2, 3, 7, 40):
        for spread in (0, 5, 500, 1000):
            p, q = random_floats(generator, count, spread), random_floats(generator, count, spread)
            assert attempt(dist, p, q) == attempt(math.dist, p.tolist(), q.tolist())
    for p in ([INF, 1.0], [NAN, INF], [NAN, 1.0], [0.0, -0.0], [5e-324, 0.0], [1.7e308, 1.7e308]):
        for q in ([0.0, 0.0], [INF, 2.0], [1e-310, 3e-310]):
            assert attempt(dist, p, q) == attempt(math.dist, p, q)
    assert attempt(dist, [1.0], [1.0, 2.0]) == attempt(math.dist, [1.0], [1.0, 2.0])
    of_tuples = ovum.compile("import math\ndef f(x, y):\n    return math.dist((x, y), (3, 4))\n")
    assert of_tuples(0.5, 1) == math.dist((0.5, 1), (3, 4))


def test_prod():
    for case in ([], [2.5, -4.0, 1e300, 1e10], [0.0, INF], [NAN]):
        assert attempt(prod, case) == (attempt(math.prod, case) if case else bits(1.0))
    assert prod([3, -4, 5]) == -60


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("math.sumprod(a, a)", "`math.sumprod` is not supported"),
        ("math.prod(a, start=2)", "`prod` takes no keyword arguments here"),
        ("math.fsum(a[0])", "this must be a tuple or an array, but it is f64"),
        ("math.comb(a[0], 2)", "`comb` needs integers, but this is a float"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ovum.CompileError) as info:
        ovum.compile(f"import math\ndef f(a):\n    return {call}\n")(np.ones(2))
    assert message in str(info.value)
