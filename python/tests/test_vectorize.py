"""Functions of numbers over arrays, held against NumPy's own functions and plain Python."""

import math
import os
import pathlib
import pickle

import numpy as np
import pytest

import ovum


@ovum.vectorize
def gate(x, y):
    return x * y + 1.0


@ovum.vectorize
def total(x, y):
    return x + y


@ovum.vectorize
def pick(x: float) -> float:
    if x > 0.0:
        return math.log(x)
    raise ValueError("not positive")


@ovum.vectorize
def both(x):
    return x // 2, x % 2 == 1


def sigmoid(x):
    return 1.0 / (1.0 + math.exp(-x))


def test_broadcasting_and_shapes():
    a, b = np.arange(6.0).reshape(2, 3), np.arange(3.0)
    assert np.array_equal(gate(a, b), a * b + 1.0)
    assert np.array_equal(gate(a[:, :1], b), a[:, :1] * b + 1.0)
    assert gate(2.0, 3.0) == 7.0 and np.ndim(gate(2.0, 3.0)) == 0
    assert gate(np.empty((0, 3)), b).shape == (0, 3)
    with pytest.raises(ValueError, match="broadcast"):
        gate(a, np.arange(4.0))


def test_layouts():
    a = np.arange(24.0).reshape(4, 6)
    for view in (a[::2], a[:, ::-2], a.T, a[1:3, 1:4], np.asfortranarray(a), a[::-1]):
        assert np.array_equal(gate(view, view), view * view + 1.0)
    unaligned = np.frombuffer(b"x" + a.tobytes(), dtype=np.uint8)[1:].view(np.float64)
    assert np.array_equal(gate(unaligned, 1.0), a.ravel() + 1.0)
    swapped = a.astype(">f8")
    assert np.array_equal(gate(swapped, swapped), a * a + 1.0)


def test_types():
    for dtype in (np.float64, np.float32):
        x = np.linspace(0.0, 1.0, 7, dtype=dtype)
        assert gate(x, x).dtype == dtype
        assert gate(x, 2).dtype == dtype and gate(x, 2.5).dtype == dtype
    ints = np.arange(5)
    assert total(ints, ints).dtype == np.int64 and gate(ints, ints).dtype == np.float64
    assert total(ints.astype(np.int32), 1).dtype == np.int32
    assert total(ints.astype(np.int8), 1).tolist() == [1, 2, 3, 4, 5]
    assert total([1, 2], [3.5, 4.5]).tolist() == [4.5, 6.5]
    assert total(np.array([True, False]), np.array([True, True])).tolist() == [2, 1]
    assert total(np.float32(1.5), 1.0).dtype == np.float32
    assert gate(ints, ints, dtype=np.float32).dtype == np.float32
    with pytest.raises(TypeError, match="complex128"):
        total(np.zeros(2, complex), 1)
    with pytest.raises(TypeError):
        total(1.0)


def test_out_where_and_several_results():
    x = np.arange(5.0)
    out = np.full(5, -1.0)
    assert gate(x, x, out=out) is out
    assert np.array_equal(out, x * x + 1.0)
    gate(x, 0.0, out=out, where=x > 2.0)
    assert out.tolist() == [1.0, 2.0, 5.0, 1.0, 1.0]
    gate(x[:-1], x[1:], out=x[1:])
    assert x.tolist() == [0.0, 1.0, 3.0, 7.0, 13.0]
    halves, odd = both(np.arange(5))
    assert halves.tolist() == [0, 0, 1, 1, 2]
    assert odd.tolist() == [False, True, False, True, False] and odd.dtype == bool


def test_methods_of_ufuncs():
    a = np.arange(1.0, 7.0).reshape(2, 3)
    assert total.reduce(a).tolist() == [5.0, 7.0, 9.0]
    assert total.reduce(a, axis=1).tolist() == [6.0, 15.0]
    assert total.accumulate(a[0]).tolist() == [1.0, 3.0, 6.0]
    assert total.outer([1, 2], [10, 20]).tolist() == [[11, 21], [12, 22]]


def test_exceptions_come_out():
    assert pick(np.array([1.0, math.e])).tolist() == [0.0, 1.0]
    with pytest.raises(ValueError, match="not positive") as info:
        pick(np.array([1.0, -1.0, 2.0]))
    assert "raise ValueError" in info.value.__notes__[0]
    # The next call starts clean.
    assert pick(1.0) == 0.0
    with pytest.raises(ValueError, match="not positive"):
        pick(-1.0)


@pytest.mark.filterwarnings("error")
def test_no_warnings_from_values_that_nobody_sees():
    @ovum.vectorize(fast=True)
    def safe(x):
        return 1.0 / x if x != 0.0 else 0.0

    assert safe(np.array([0.0, 2.0])).tolist() == [0.0, 0.5]


def test_threads_give_the_same_bits():
    x = np.linspace(-30.0, 30.0, 200_001)
    one = ovum.vectorize(sigmoid)
    four = ovum.vectorize(sigmoid, threads=4)
    assert one(x).tobytes() == four(x).tobytes()
    assert [one(v) for v in x[::9999]] == [sigmoid(v) for v in x[::9999].tolist()]
    bad = ovum.vectorize(pick.__wrapped__, threads=4)
    with pytest.raises(ValueError, match="not positive"):
        bad(x)


def test_signatures_compile_at_once():
    @ovum.vectorize(["float64(float64, float64)", "i64(i64, i64)"])
    def area(x, y):
        return x * y

    assert area.types == ["f64, f64", "i64, i64"]
    assert area(2, 3) == 6
    with pytest.raises(ovum.CompileError):

        @ovum.vectorize(["f64(f64)"])
        def wrong(x):
            return missing(x)  # noqa: F821


def test_only_functions_of_numbers_map():
    @ovum.vectorize
    def nothing(x):
        pass

    with pytest.raises(TypeError, match="scalars"):
        nothing(1.0)


def test_pickling():
    again = pickle.loads(pickle.dumps(gate))
    assert again(2.0, 3.0) == 7.0 and again.__name__ == "gate" and repr(again) == repr(gate)
    assert "f64" in gate.explain("f64, f64") and gate.nin == 2


def gated(a, b):
    return b * (0.5 * a * (1.0 + math.tanh(0.7978845608 * (a + 0.044715 * a * a * a))))


@pytest.mark.parametrize("fastmath", [False, True])
@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_fast_functions_run_on_vectors(fastmath, threads, dtype):
    exact = ovum.vectorize(gated)
    fast = ovum.vectorize(gated, fast=True, fastmath=fastmath, threads=threads)
    rng = np.random.default_rng(5)
    a, b = rng.normal(0.0, 3.0, (2, 200_001)).astype(dtype)
    tolerance = 16 * np.finfo(dtype).eps
    want = exact(a, b)
    scale = np.abs(a * b) + 1e-30
    cases = [(a, b, want, scale), (a[::3], b[::3], want[::3], scale[::3])]
    cases.append((a[::-1], b[::-1], want[::-1], scale[::-1]))
    for x, y, expected, size in cases:
        assert np.max(np.abs(fast(x, y) - expected) / size) <= tolerance
    assert np.allclose(fast(a, dtype(2.0)), exact(a, dtype(2.0)), rtol=1e-4, atol=1e-6)
    out = a.copy()
    fast(out, b, out=out)
    assert np.max(np.abs(out - want) / scale) <= tolerance
    assert set(fast.loops.values()) <= {"avx512", "avx2", "cranelift"}
    assert set(exact.loops.values()) == {"cranelift"}
    loop = next(iter(exact.report("f64, f64")["loops"].values()))
    assert "tanh" in loop["refusal"] and "fastmath=True" in loop["advice"]
    assert "cranelift" not in fast.loops.values() or not native()


def test_reductions_of_fast_functions():
    @ovum.vectorize(fast=True)
    def larger(a, b):
        return a + 2.0 * b

    assert larger.reduce(np.array([1.0, 2.0, 3.0])) == 1.0 + 4.0 + 6.0


def quotient(x, y):
    return x / (y - 0.25)


def roots(a, b, c):
    d = b * b - 4.0 * a * c
    return (math.sqrt(d) - b) / (2.0 * a)


def chosen(x, y):
    if x > 4.0:
        return x / (y - 0.25)
    if x < -4.0:
        raise ValueError("low")
    return max(x, y) - abs(y)


def softplus(x):
    if x > 0.0:
        return x + math.log1p(math.exp(-x))
    return math.log1p(math.exp(x))


def log_of_exp(x):
    return math.log(math.exp(10.0 * x) - 0.5)


def power(x, y):
    return abs(x) ** (y - 2.0)


def by_elements(python, arrays, out):
    """Python's own loop; the exception that ends it."""
    try:
        for k in range(len(out)):
            out[k] = python(*[array[k].item() for array in arrays])
    except (ArithmeticError, ValueError) as error:
        return error
    return None


def memory(arrays, way):
    """Copies of the arrays and one for results, laid out in some way."""
    step = 2 if way == "gaps" else 1
    arrays = [np.repeat(array, step)[::step] for array in arrays]
    n = len(arrays[0])
    out = arrays[0] if way == "in place" else np.full(step * n, -77.0)[::step]
    return arrays, out


def native():
    """Whether the processor runs vector code."""
    denied = "OVUM_NO_AVX2" in os.environ
    return not denied and "avx2" in pathlib.Path("/proc/cpuinfo").read_text()


@pytest.mark.parametrize("function", [quotient, roots, chosen])
@pytest.mark.parametrize("way", ["out", "in place", "gaps"])
@pytest.mark.parametrize("count", [1, 3, 511, 513, 1500])
def test_strict_vectors_raise_as_single_elements(function, way, count):
    mapped = ovum.vectorize(function)
    random = np.random.default_rng(count)
    for bad in (None, 0, count // 2, count - 1):
        arrays = list(random.uniform(-3.0, 3.0, (len(parameters(function)), count)))
        if function is roots:
            arrays[0], arrays[2] = np.abs(arrays[0]) + 0.5, -np.abs(arrays[2])
        if bad is not None:
            arrays[0][bad] = {quotient: 1.0, roots: 0.0, chosen: [5.0, -5.0][bad % 2]}[function]
            if function is not roots:
                arrays[1][bad] = 0.25
        theirs, wanted = memory(arrays, way)
        error = by_elements(function, theirs, wanted)
        assert (error is None) == (bad is None)
        ours, out = memory(arrays, way)
        if error is None:
            assert mapped(*ours, out=out) is out
        else:
            with pytest.raises(type(error)) as info:
                mapped(*ours, out=out)
            assert str(info.value) == str(error)
            with pytest.raises(type(error)):
                mapped(*memory(arrays, "out")[0])
        # What was stored before the exception, and nothing after it.
        assert out.tobytes() == wanted.tobytes()
    assert ("cranelift" in mapped.loops.values()) != native()


@pytest.mark.parametrize("function", [softplus, log_of_exp, power])
@pytest.mark.parametrize("count", [1, 600])
def test_real_mathematics_keeps_exceptions(function, count):
    mapped = ovum.vectorize(function, fastmath=True)
    random = np.random.default_rng(count)
    edges = [math.inf, -math.inf, math.nan, 0.0, -0.0, 1e308, -100.0, 71.0, 5e-324]
    for edge in [None, *edges]:
        arrays = list(random.uniform(0.5, 3.0, (len(parameters(function)), count)))
        if edge is not None:
            arrays[0][count // 2] = edge
        wanted, out = np.full((2, count), -77.0)
        error = by_elements(function, arrays, wanted)
        if error is None:
            mapped(*arrays, out=out)
        else:
            with pytest.raises(type(error)) as info:
                mapped(*arrays, out=out)
            assert str(info.value) == str(error)
        np.testing.assert_allclose(out, wanted, rtol=1e-12)
    assert ("cranelift" in mapped.loops.values()) != native()


def parameters(function):
    return function.__code__.co_varnames[: function.__code__.co_argcount]


@pytest.mark.parametrize("options", [{}, {"fast": True}])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_direct_calls_give_what_numpy_gives(options, dtype):
    @ovum.vectorize(**options)
    def mix(x, y):
        return x * y - x

    def reference(x, y):
        return x * y - x

    x = np.linspace(-3.0, 3.0, 1003, dtype=dtype)
    y = x[::-1].copy()
    for a, b in [(x, y), (x, 2.5), (3, y), (x, np.float64(0.5)), (x, np.asarray(0.5, dtype))]:
        for _ in range(2):
            result = mix(a, b)
            want = reference(a, b)
            assert result.dtype == want.dtype and np.array_equal(result, want)
            out = np.empty_like(want)
            assert mix(a, b, out=out) is out and np.array_equal(out, want)
    assert np.array_equal(mix(x.reshape(17, 59), y.reshape(17, 59)).ravel(), reference(x, y))
    assert np.array_equal(mix(x[:, None], y[:5]), reference(x[:, None], y[:5]))
    assert mix(x[:0], y[:0]).shape == (0,) and type(mix(x, y)) is np.ndarray
    with pytest.raises(ValueError, match="read-only"):
        mix(x, y, out=np.broadcast_to(np.zeros(1, dtype), 1003))
    shifted = np.concatenate([x, x])
    want = reference(shifted[:1003], y)
    assert np.array_equal(mix(shifted[:1003], y, out=shifted[1:1004]), want)

    class Own(np.ndarray):
        pass

    assert type(mix(x.view(Own), y)) is Own
    masked = np.ma.masked_array(x, x > 0.0)
    assert isinstance(mix(masked, masked), np.ma.MaskedArray)


def test_several_results_without_detours():
    @ovum.vectorize
    def halves(x, y):
        return x / y, x * y

    x = np.linspace(1.0, 2.0, 700)
    quotients, products = halves(x, x)
    assert np.array_equal(quotients, x / x) and np.array_equal(products, x * x)
    first, second = x.copy(), np.empty(700)
    halves(first, x, out=(first, second))
    assert np.array_equal(first, x / x) and np.array_equal(second, x * x)


def test_an_element_that_needs_the_one_before():
    @ovum.vectorize(fast=True)
    def step(a, b):
        return 0.5 * a + b

    x = np.linspace(0.0, 1.0, 100)
    want = [x[0]]
    for value in x[1:].tolist():
        want.append(0.5 * want[-1] + value)
    assert step.accumulate(x).tolist() == want and step.reduce(x) == want[-1]


def test_errors_are_measured():
    sigma = ovum.vectorize(sigmoid, fast=True, fastmath=True)
    for types, unit in [("f64", 2.0**-52), ("f32", 2.0**-23)]:
        measured = sigma.accuracy(types, samples=3000, domain={"x": (-20.0, 20.0)})
        if native():
            assert measured["functions"] == [{"name": "exp", "bound_ulp": 2.0}]
        assert measured["samples"] == 3000 and measured["domain"] == {"x": [-20.0, 20.0]}
        assert 0.3 < measured["ulp"]["error"] < 8.0
        assert 0.0 < measured["absolute"]["error"] < 4 * unit
    exact = ovum.vectorize(sigmoid).accuracy("f64", samples=1000)
    assert exact["absolute"] == {"error": 0.0, "at": []} and exact["functions"] == []
    raising = ovum.vectorize(pick.__wrapped__).accuracy("f64", samples=1000)
    assert raising["samples"] + raising["skipped"] == 1000 and raising["skipped"] > 400

    near = ovum.compile(
        "import math\n\ndef f(x):\n    return math.tanh(x)\n",
        domain={"x": (-0.5, 0.5)},
        max_error=1e-5,
    )
    measured = near.accuracy("f64", samples=2000)
    assert measured["approximations"] and measured["error_bound"] <= 1e-5
    assert 0.0 < measured["absolute"]["error"] <= measured["error_bound"]
    assert near.accuracy("f64", samples=2000) == measured

    def total(a):
        s = 0.0
        for x in a:
            s += x * x
        return s

    loose = ovum.compile(total, fastmath=True).accuracy("array[f64, 1]", samples=2000)
    assert loose["samples"] >= 2 and 0.0 < loose["ulp"]["error"] < 1000.0
