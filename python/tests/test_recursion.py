"""Functions that call themselves and each other."""

import math

import numpy as np
import ovum
import pytest


@ovum.jit
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


@ovum.jit
def hanoi(n, moves, at, a, b, c):
    if n == 0:
        return at
    at = hanoi(n - 1, moves, at, a, c, b)
    moves[at, 0] = a
    moves[at, 1] = c
    return hanoi(n - 1, moves, at + 1, b, a, c)


@ovum.jit
def even(n):
    return True if n == 0 else odd(n - 1)


def odd(n):
    return False if n == 0 else even_again(n - 1)


def even_again(n):
    return n == 0 or odd(n - 1)


@ovum.jit
def simpson(lo: float, hi: float, depth: int) -> float:
    middle = 0.5 * (lo + hi)
    whole = (hi - lo) / 6 * (math.exp(lo) + 4 * math.exp(middle) + math.exp(hi))
    if depth == 0:
        return whole
    return simpson(lo, middle, depth - 1) + simpson(middle, hi, depth - 1)


@ovum.jit
def sort(a, lo, hi):
    if hi - lo < 2:
        return
    pivot = a[(lo + hi) // 2]
    i, j = lo, hi - 1
    while i <= j:
        while a[i] < pivot:
            i += 1
        while a[j] > pivot:
            j -= 1
        if i <= j:
            a[i], a[j] = a[j], a[i]
            i += 1
            j -= 1
    sort(a, lo, j + 1)
    sort(a, i, hi)


@ovum.jit
def descend(n):
    return 0 if n == 0 else 1 + descend(n - 1)


@ovum.jit
def checked(n):
    if n == 0:
        return 1 // n
    return 1 + checked(n - 1)


@pytest.mark.parametrize("backend", ["cranelift", "interp"])
@pytest.mark.parametrize("optimize", [True, False])
def test_both_engines(backend, optimize):
    options = {"backend": backend, "optimize": optimize}
    again = [ovum.compile(f.__wrapped__, **options) for f in (fib, simpson, sort)]
    assert again[0](15) == 610
    assert again[1](0.0, 1.0, 6) == simpson.__wrapped__(0.0, 1.0, 6)
    a = np.random.default_rng(1).random(200)
    expected = np.sort(a)
    again[2](a, 0, len(a))
    assert np.array_equal(a, expected)


def test_types_are_found_out():
    assert fib(20) == 6765 and isinstance(fib(3), int)
    assert fib(1.0) == 1.0 and isinstance(fib(3.5), float)
    assert even(10) is True and even(7) is False


def test_arrays_are_passed_on():
    moves = np.zeros((7, 2), np.int64)
    assert hanoi(3, moves, 0, 0, 1, 2) == 7
    assert moves.tolist() == [[0, 2], [0, 1], [2, 1], [0, 2], [1, 0], [1, 2], [0, 2]]


def test_recursion_has_a_limit():
    assert descend(900) == 900
    with pytest.raises(RecursionError, match="maximum recursion depth exceeded"):
        descend(-1)
    assert descend(900) == 900


def test_exceptions_come_through_with_their_line():
    with pytest.raises(ZeroDivisionError) as caught:
        checked(5)
    assert "return 1 // n" in caught.value.__notes__[0]


def test_a_vectorized_function_may_recurse():
    f = ovum.vectorize(fib.__wrapped__)
    assert f(np.arange(10)).tolist() == [0, 1, 1, 2, 3, 5, 8, 13, 21, 34]


def test_texts_and_cache(tmp_path):
    assert fib.rvsdg("i64").startswith("(phi\n")
    assert "recur.0.i64" in fib.rvsdg("i64")
    for _ in range(2):
        again = ovum.compile(fib.__wrapped__, cache=str(tmp_path))
        assert again(12) == 144
    assert again.cache_counts == (1, 0)
    with pytest.raises(NotImplementedError, match="calls itself"):
        fib.mlir("i64")
    assert "phi0" in fib.clif("i64") or fib.clif("i64")


def test_the_optimiser_works_inside():
    source = """
def f(n: int, x: float) -> float:
    return x if n == 0 else f(n - 1, x * 1.0) + math.sqrt(4.0) * 0.0
import math
"""
    f = ovum.compile(source)
    assert f(3, 2.0) == 2.0
    assert "sqrt" not in f.rvsdg()


@ovum.jit
def total(a):
    return 0.0 if len(a) == 0 else a[0] + total(a[1:])


@ovum.jit
def halves(pair, n: int) -> float:
    low, high = pair
    if n == 0:
        return high - low
    middle = 0.5 * (low + high)
    return halves((low, middle), n - 1) + halves((middle, high), n - 1)


@ovum.jit
def quicksort(a):
    if len(a) < 2:
        return
    pivot, j = a[0], 0
    for i in range(1, len(a)):
        if a[i] < pivot:
            j += 1
            a[i], a[j] = a[j], a[i]
    a[0], a[j] = a[j], a[0]
    quicksort(a[:j])
    quicksort(a[j + 1 :])


@ovum.jit
def tree_sum(a, n):
    factor = 2.0

    def walk(i):
        if i >= len(a):
            return 0.0
        return factor * a[i] + walk(2 * i + 1) + walk(2 * i + 2)

    def even(n):
        return n == 0 or odd(n - 1)

    def odd(n):
        return n != 0 and even(n - 1)

    return walk(0), even(n)


@ovum.jit
def of_a_row(m, i):
    def fold(r):
        return 0.0 if len(r) == 0 else r[-1] + fold(r[:-1])

    return fold(m[i]) + fold(m[:, 0])


def over_pairs(x: float) -> float:
    return halves((0.0, x), 4)


@pytest.mark.parametrize("backend", ["cranelift", "interp"])
@pytest.mark.parametrize("optimize", [True, False])
def test_slices_tuples_and_nested_functions(backend, optimize, tmp_path):
    def again(function):
        python = getattr(function, "__wrapped__", function)
        return ovum.compile(python, backend=backend, optimize=optimize, cache=str(tmp_path))

    numbers = [0.1, 0.2, 0.3, 5.0, -1.0]
    for _ in range(2):
        assert again(total)(numbers) == total.__wrapped__(numbers)
        assert again(over_pairs)(3.0) == 3.0
        assert again(tree_sum)(numbers, 6) == tree_sum.__wrapped__(numbers, 6)
        shuffled = np.random.default_rng(3).permutation(50).astype(float)
        again(quicksort)(shuffled)
        assert np.array_equal(shuffled, np.arange(50.0))
        matrix = np.arange(12.0).reshape(3, 4)
        assert again(of_a_row)(matrix, 1) == 22.0 + 12.0
