"""Functions that call themselves and each other. CASES maps a function to argument tuples."""
from __future__ import annotations
import math


def fibonacci(n: i64) -> i64:
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


def adaptive(lo: f64, hi: f64, depth: i64) -> f64:
    middle = 0.5 * (lo + hi)
    if depth == 0:
        return (hi - lo) * math.log(middle)
    return adaptive(lo, middle, depth - 1) + adaptive(middle, hi, depth - 1)


def hops(n: i64) -> i64:
    return 0 if n <= 0 else 1 + skips(n - 1)


def skips(n: i64) -> i64:
    return 0 if n <= 0 else 2 * hops(n - 2) + skips(n - 3)


def partition_sort(a: array[f64, 1], lo: i64, hi: i64) -> None:
    if hi - lo < 2:
        return
    pivot = a[(lo + hi) // 2]
    i = lo
    j = hi - 1
    while i <= j:
        while a[i] < pivot:
            i += 1
        while a[j] > pivot:
            j -= 1
        if i <= j:
            a[i], a[j] = a[j], a[i]
            i += 1
            j -= 1
    partition_sort(a, lo, j + 1)
    partition_sort(a, i, hi)


def flood(grid: array[i64, 2], n: i64, i: i64, j: i64, colour: i64) -> i64:
    if i < 0 or j < 0 or i >= n or j >= n or grid[i, j] != 0:
        return 0
    grid[i, j] = colour
    below = flood(grid, n, i + 1, j, colour) + flood(grid, n, i - 1, j, colour)
    return 1 + below + flood(grid, n, i, j + 1, colour) + flood(grid, n, i, j - 1, colour)


def bottomless(n: i64) -> i64:
    return 1 + bottomless(n + 1)


CASES = {
    "fibonacci": [(0,), (1,), (17,), (-4,)],
    "adaptive": [(1.0, 2.0, 0), (1.0, 2.0, 6), (-1.0, 2.0, 4), (0.0, 1.0, 3)],
    "hops": [(0,), (1,), (9,)],
    "skips": [(12,)],
    "partition_sort": [([3.0, 1.0, 2.0, -1.0, 9.0, 1.0], 0, 6), ([], 0, 0), ([2.0, 1.0], 0, 3)],
    "flood": [([[0, 1, 0], [0, 1, 0], [0, 0, 0]], 3, 0, 0, 7), ([[1]], 1, 0, 0, 2)],
    "bottomless": [(0,)],
}
