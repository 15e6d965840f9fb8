"""Functions of Python's library, nested functions, tail calls, slices. CASES maps a function to argument
tuples."""
from __future__ import annotations
import math
from math import inf, nan


def integers(a: i64, b: i64, n: i64):
    return math.gcd(a, b), math.gcd(a, b, 6), math.gcd(a), math.gcd(), math.lcm(a, b), math.factorial(n)


def roots(n: i64):
    return math.isqrt(n)


def choices(n: i64, k: i64):
    return math.comb(n, k), math.perm(min(n, 9), min(k, 9)), math.perm(min(n, 9))


def parts(x: f64):
    return math.modf(x), math.frexp(x), math.ulp(x)


def scaled(x: f64, i: i64):
    return math.ldexp(x, i)


def near(a: f64, b: f64):
    return math.isclose(a, b), math.isclose(a, b, rel_tol=0.2), math.isclose(a, b, abs_tol=1e-9)


def rounded(x: f64):
    return round(x, 2), round(x, 0), round(x, 1), round(x, 3), round(x, 15), round(x, -1), round(x, -3), round(x, 22)


def whole(n: i64):
    return round(n, 1), round(n, -1), round(n, -2), round(n, -20), round(n, 0)


def totals(a: array[f64, 1]):
    return min(a), max(a), any(a), all(a), sum(a, 1.0), math.prod(a)


def counts(a: array[i64, 1]):
    return sum(a), min(a), max(a), any(a), all(a), sum((1, 2, a[0])), min((a[0], 2)), math.prod(a)


def powers(n: i64):
    s = 0
    for i in range(n):
        s += 2**i + n**i
    return s


def closure(n: i64, x: f64):
    scale = 10.0

    def scaled(y, k=2):
        def shifted(z):
            return z + n

        return shifted(y) * scale * k

    if n > 0:
        scale = x
    total = 0.0
    for i in range(3):
        total += scaled(i * 1.0)
        scale += 1.0
    return total, scaled(1.0, k=3), scaled(2.0)


def greatest(a: i64, b: i64):
    if b == 0:
        return a
    return greatest(b, a % b)


def search(a: array[f64, 1], x: f64, low: i64, high: i64):
    while low < high and a[low] < x and low + 8 < high:
        low += 1
    if low >= high:
        return -1
    mid = (low + high) // 2
    if a[mid] == x:
        return mid
    if a[mid] < x:
        return search(a, x, mid + 1, high)
    return search(a, x, low, mid)


def calls_recursive(n: i64):
    def down(k, acc):
        if k == 0:
            return acc
        return down(k - 1, acc + k)

    return down(n, 0), down(n, 1)


def adaptors(a: array[f64, 1], b: array[i64, 1]):
    s = 0.0
    for i, x in enumerate(a):
        s += i * x
    for k, x in enumerate(a, 5):
        s += k * x
    for x, y in zip(a, b):
        s += x * y
    last = 0.0
    for x in reversed(a):
        last = last * 2.0 + x
    return s, last


def slices(a: array[f64, 1], i: i64, j: i64):
    b = a[i:j]
    s = sum(b, 0.0)
    for x in b[1:]:
        s = s * 10.0 + x
    for k, x in enumerate(a[:-1]):
        s += k * x
    return len(b), s, b[-1]


CASES = {
    "integers": [(48, -36, 5,), (0, 0, 0,), (-7, 21, 12,), (1, 1, -1,)],
    "roots": [
        (0,), (99,), (100,), (9223372036854775807,), (9223372030926249000,), (9223372030926249001,),
        (4503599761588224,), (4503599761588223,), (-1,),
    ],
    "choices": [(5, 2,), (61, 30,), (3, 7,), (-1, 2,), (4, -2,)],
    "parts": [
        (3.75,), (-0.5,), (-2.0,), (0.0,), (-0.0,), (inf,), (-inf,), (nan,), (5e-324,),
        (2.2250738585072014e-308,), (1.7976931348623157e308,), (-1e-310,), (0.9999999999999999,),
    ],
    "scaled": [
        (0.75, 3,), (-1.5, -1074,), (1.0, -1075,), (1.5, -1075,), (1e300, -2000,), (5e-324, 2000,),
        (5e-324, 2098,), (1.0000000000000002, -1040,), (1.0, 1023,), (1.0, 1024,),
        (-0.0, 99999999,), (inf, 3,), (nan, 3,), (1.0, -9223372036854775808,),
        (1.0, 9223372036854775807,),
    ],
    "near": [
        (1.0, 1.0000000001,), (1.0, 1.1,), (inf, inf,), (inf, 1.0,), (nan, nan,), (0.0, 1e-12,),
    ],
    "rounded": [
        (2.675,), (0.125,), (-0.125,), (0.375,), (1234.5678,), (-1e-9,), (0.0,), (-0.0,), (nan,),
        (-inf,), (1e300,), (5.0,), (15.0,), (25.0,), (25.000000000000004,),
        (1.0000000000000001e16,), (4503599627370495.5,), (4503599627370496.5,),
        (6755399441055744.75,), (0.05,), (0.15,), (0.285,), (1.005,), (8.345,), (5e-324,),
        (123456789.987654321,), (9.995,), (1.7976931348623157e308,),
    ],
    "whole": [(1234,), (-1250,), (1350,), (-55,), (45,), (0,)],
    "totals": [([1.5, -2.0, 4.25],), ([nan, 1.0],), ([1.0, nan],), ([-0.0, 0.0],), ([],)],
    "counts": [([3, -1, 2],), ([0],)],
    "powers": [(3,), (0,)],
    "closure": [(3, 2.0,), (-1, 2.0,)],
    "greatest": [(1071, 462,), (5, 0,)],
    "search": [([1.0, 3.0, 5.0, 9.0], 5.0, 0, 4,), ([1.0, 3.0, 5.0, 9.0], 4.0, 0, 4,)],
    "calls_recursive": [(12,)],
    "adaptors": [([1.5, 2.5, -4.0], [10, 20],), ([], [1],)],
    "slices": [
        ([1.0, 2.0, 3.0, 4.0, 5.0], 1, 4,), ([1.0, 2.0, 3.0, 4.0, 5.0], -3, -1,),
        ([1.0, 2.0, 3.0, 4.0, 5.0], 3, 1,), ([1.0, 2.0, 3.0, 4.0, 5.0], -99, 99,), ([], 0, 3,),
    ],
}
