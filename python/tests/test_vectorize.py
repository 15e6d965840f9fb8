"""Functions of numbers over arrays, held against NumPy's own functions and plain Python."""

import math
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
    assert set(fast.loops.values()) <= {"avx2", "cranelift"}
    assert set(exact.loops.values()) == {"cranelift"}
    if "avx2" in pathlib.Path("/proc/cpuinfo").read_text():
        assert set(fast.loops.values()) == {"avx2"}


def test_reductions_of_fast_functions():
    @ovum.vectorize(fast=True)
    def larger(a, b):
        return a + 2.0 * b

    assert larger.reduce(np.array([1.0, 2.0, 3.0])) == 1.0 + 4.0 + 6.0
