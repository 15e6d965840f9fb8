"""Slices with steps and of columns are views, as in NumPy."""

import itertools

import numpy as np
import ovum
import pytest

BOUNDS = [None, 0, 2, 5, 9, -1, -4, -9]


@pytest.mark.parametrize("step", [1, 2, 3, -1, -2, 7])
def test_every_bound(step):
    text = "def f(a, i, j, out):\n    b = a[{}:{}:%d]\n    for k in range(len(b)):\n" % step
    text += "        out[k] = b[k]\n    return len(b)\n"
    a = np.arange(6.0)
    for low, high in itertools.product(["i", ""], ["j", ""]):
        f = ovum.compile(text.format(low, high))
        for i, j in itertools.product(BOUNDS[1:], BOUNDS[1:]):
            expected = a[slice(i if low else None, j if high else None, step)]
            out = np.zeros(6)
            assert f(a, i, j, out) == len(expected)
            assert np.array_equal(out[: len(expected)], expected)


def test_columns_are_views():
    @ovum.jit
    def scale(a, j, by):
        column = a[:, j]
        rest = a[1:, j + 1][::2]
        for i in range(len(column)):
            column[i] *= by
        total = 0.0
        for x in rest:
            total += x
        return total + sum(column) + max(a[::-1, 0])

    a = np.arange(20.0).reshape(5, 4)
    b = a.copy()
    b[:, 1] *= 3.0
    expected = b[1:, 2][::2].sum() + b[:, 1].sum() + b[::-1, 0].max()
    assert scale(a, 1, 3.0) == expected
    assert np.array_equal(a, b)
    with pytest.raises(IndexError):
        scale(a, 4, 1.0)


def test_a_step_of_zero_is_refused():
    with pytest.raises(ovum.CompileError, match="cannot be zero"):
        ovum.compile("def f(a: 'array[f64, 1]'):\n    return a[::0][0]\n").report()
