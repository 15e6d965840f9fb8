"""Loops over scalars. CASES maps a function to argument tuples."""
from __future__ import annotations
import math


def factorial_mod(n: i64, m: i64) -> i64:
    r = 1
    for i in range(1, n + 1):
        r = r * i % m
    return r


def fibonacci(n: i64) -> i64:
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


def digits_reversed(n: i64) -> i64:
    r = 0
    while n > 0:
        r = r * 10 + n % 10
        n //= 10
    return r


def perfect_numbers(limit: i64) -> i64:
    found = 0
    for n in range(2, limit):
        total = 1
        d = 2
        while d * d <= n:
            if n % d == 0:
                total += d
                if d != n // d:
                    total += n // d
            d += 1
        if total == n:
            found += 1
    return found


def power_by_squaring(base: i64, exponent: i64, modulus: i64) -> i64:
    result = 1
    base %= modulus
    while exponent > 0:
        if exponent & 1 == 1:
            result = result * base % modulus
        exponent >>= 1
        base = base * base % modulus
    return result


def exp_series(x: f64, terms: i64) -> f64:
    total = 1.0
    term = 1.0
    for k in range(1, terms):
        term *= x / k
        total += term
    return total


def first_divisor(n: i64) -> i64:
    for d in range(2, n):
        if n % d == 0:
            found = d
            break
    else:
        found = n
    return found


def nested_break(limit: i64, target: i64) -> tuple[i64, i64]:
    for i in range(limit):
        for j in range(limit):
            if i * i + j * j == target:
                return i, j
    return -1, -1


def countdown(hi: i64, lo: i64, step: i64) -> i64:
    total = 0
    for i in range(hi, lo, -step):
        if i % 3 == 0:
            continue
        total = total * 3 + i
    return total


def triple_sum(n: i64, m: i64, k: i64) -> f64:
    total = 0.0
    for a in range(n):
        for b in range(m):
            for c in range(k):
                total += 0.5 * a + 0.25 * b - 0.125 * c
    return total


def after_loop(n: i64) -> i64:
    for i in range(n):
        pass
    return i


def logistic_map(x: f64, r: f64, n: i64) -> f64:
    while n > 0 and 0.0 < x < 1.0:
        x = r * x * (1.0 - x)
        n -= 1
    return x


def constant_in_body(n: i64) -> f64:
    total = 0.0
    i = 0
    while i < n:
        if i % 2 == 0:
            total += 3.0 * 7.0 - 2.0 / 8.0
        else:
            total -= math.sqrt(16.0)
        i += 1
    return total


def ulam_peak(n: i64, stop: i64) -> i64:
    peak = n
    steps = 0
    while True:
        if n <= 1:
            break
        steps += 1
        if steps > stop:
            return -peak
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        peak = max(peak, n)
    return peak


CASES = {
    "factorial_mod": [(5, 1000), (20, 1000007), (0, 7), (4, 0), (0, 0)],
    "fibonacci": [(0,), (1,), (10,), (90,), (-3,)],
    "digits_reversed": [(12345,), (0,), (1000,), (-5,)],
    "perfect_numbers": [(2,), (30,), (500,)],
    "power_by_squaring": [(3, 20, 1000), (-7, 13, 101), (5, 0, 9), (2, 5, 0)],
    "exp_series": [(1.0, 20), (-2.5, 30), (0.0, 5), (1.0, 0)],
    "first_divisor": [(15,), (49,), (13,), (2,), (1,)],
    "nested_break": [(10, 25), (10, 0), (10, 1000), (0, 0)],
    "countdown": [(20, 0, 1), (20, 0, 3), (0, 5, 1), (5, 0, 0)],
    "triple_sum": [(3, 4, 5), (0, 4, 5), (3, 4, 0)],
    "after_loop": [(5,), (1,), (0,)],
    "logistic_map": [(0.2, 3.7, 50), (0.5, 4.0, 10), (1.5, 2.0, 5), (0.3, 3.2, 0)],
    "constant_in_body": [(0,), (1,), (9,)],
    "ulam_peak": [(6, 100), (27, 200), (27, 10), (1, 1)],
}
