"""Scans, searches and machines of states that end early. CASES maps a function to argument tuples."""
from __future__ import annotations
import math
from math import nan


def bisect_root(lo: f64, hi: f64, tolerance: f64, most: i64) -> f64:
    flo = lo * lo - 2.0
    for _ in range(most):
        mid = 0.5 * (lo + hi)
        fm = mid * mid - 2.0
        if fm == 0.0 or hi - lo < tolerance:
            return mid
        if (fm < 0.0) == (flo < 0.0):
            lo = mid
            flo = fm
        else:
            hi = mid
    return 0.5 * (lo + hi)


def extended_gcd(a: i64, b: i64) -> tuple[i64, i64, i64]:
    x0, x1 = 1, 0
    y0, y1 = 0, 1
    while b != 0:
        q = a // b
        a, b = b, a - q * b
        x0, x1 = x1, x0 - q * x1
        y0, y1 = y1, y0 - q * y1
    return a, x0, y0


def running_statistics(a: array[f64, 1]) -> tuple[f64, f64, f64, f64]:
    mean = 0.0
    spread = 0.0
    low = math.inf
    high = -math.inf
    count = 0
    for x in a:
        count += 1
        delta = x - mean
        mean += delta / count
        spread += delta * (x - mean)
        if x < low:
            low = x
        if x > high:
            high = x
    return mean, spread / max(count - 1, 1), low, high


def binned(a: array[f64, 1], bins: array[i64, 1], lo: f64, hi: f64, n: i64) -> i64:
    outside = 0
    for x in a:
        if x < lo or x >= hi:
            outside += 1
            continue
        k = int((x - lo) / (hi - lo) * n)
        if k >= n or k >= len(bins):
            outside += 1
            continue
        bins[k] += 1
    return outside


def comments(a: array[i64, 1]) -> tuple[i64, i64]:
    state = 0
    words = 0
    skipped = 0
    for c in a:
        if state == 0:
            if c == 35:
                state = 2
            elif c != 32:
                state = 1
                words += 1
        elif state == 1:
            if c == 32 or c == 10:
                state = 0
            elif c == 35:
                state = 2
        else:
            skipped += 1
            if c == 10:
                state = 0
    return words, skipped


def parity_machine(bits: array[i64, 1], stop: i64) -> i64:
    state = 0
    ones = 0
    for i in range(len(bits)):
        if bits[i] == 1:
            ones += 1
            state = (state * 2 + 1) % 7
        else:
            state = (state * 2) % 7
        if state == 0 and ones > stop:
            return i
    return -1


def best_slice(a: array[f64, 1]) -> tuple[f64, i64, i64]:
    best = 0.0
    total = 0.0
    start = 0
    first = 0
    last = 0
    for i in range(len(a)):
        total += a[i]
        if total < 0.0:
            total = 0.0
            start = i + 1
        elif total > best:
            best = total
            first = start
            last = i + 1
    return best, first, last


def prefix_until(a: array[f64, 1], out: array[f64, 1], limit: f64) -> i64:
    total = 0.0
    for i in range(len(a)):
        total += a[i]
        out[i] = total
        if total > limit:
            return i
    return len(a)


def two_pointers(a: array[i64, 1], target: i64) -> tuple[i64, i64]:
    i = 0
    j = len(a) - 1
    while i < j:
        s = a[i] + a[j]
        if s == target:
            return i, j
        if s < target:
            i += 1
        else:
            j -= 1
    return -1, -1


def eliminate(a: array[f64, 2], n: i64) -> f64:
    det = 1.0
    for k in range(n):
        pivot = a[k, k]
        if pivot == 0.0:
            return 0.0
        det *= pivot
        for i in range(k + 1, n):
            factor = a[i, k] / pivot
            for j in range(k, n):
                a[i, j] -= factor * a[k, j]
    return det


def is_symmetric(a: array[f64, 2], n: i64) -> bool:
    for i in range(n):
        for j in range(i):
            if a[i, j] != a[j, i]:
                return False
    return True


def sift(a: array[i64, 1]) -> i64:
    swaps = 0
    n = len(a)
    for i in range(1, n):
        x = a[i]
        j = i
        while j > 0 and a[j - 1] > x:
            a[j] = a[j - 1]
            j -= 1
            swaps += 1
        a[j] = x
    return swaps


def knapsack(n: i64, room: i64, weight: i64) -> i64:
    if n == 0 or room <= 0:
        return 0
    without = knapsack(n - 1, room, (weight * 7 + 3) % 11 + 1)
    if weight > room:
        return without
    return max(without, 3 * weight + n + knapsack(n - 1, room - weight, (weight * 7 + 3) % 11 + 1))


def walk_steps(n: i64, seed: i64) -> i64:
    def step(s):
        return (s * 1103515245 + 12345) % 2147483648

    at = 0
    back = 0
    for i in range(n):
        seed = step(seed)
        if seed % 3 == 0:
            at += 1
        elif seed % 3 == 1:
            at -= 1
        if at == 0:
            back += 1
            if back > 20:
                return i
    return back


def accumulator(n: i64, rate: f64) -> f64:
    level = 1.0

    def decayed(x, times=1):
        return x * (1.0 - rate) ** times

    for i in range(n):
        level = decayed(level) + i % 3
        if level > 10.0:
            level = decayed(level, times=2)
    return level


def perfect_power(n: i64) -> i64:
    base = 2
    while base * base <= n:
        value = base * base
        power = 2
        while value < n:
            value *= base
            power += 1
        if value == n:
            return power
        base += 1
    return 1


def digit_chain(n: i64, most: i64) -> i64:
    for turn in range(most):
        s = 0
        while n > 0:
            d = n % 10
            s += d * d
            n //= 10
        if s == 1:
            return turn
        if s == 4:
            return -turn
        n = s
    return most


def continued(x: f64, most: i64, near: f64) -> tuple[i64, i64]:
    p0, p1 = 0, 1
    q0, q1 = 1, 0
    rest = x
    for _ in range(most):
        whole = math.floor(rest)
        p0, p1 = p1, whole * p1 + p0
        q0, q1 = q1, whole * q1 + q0
        rest -= whole
        if rest < near or abs(x - p1 / q1) < near:
            break
        rest = 1.0 / rest
    return p1, q1


def newton_root(x: f64, most: i64) -> f64:
    if x < 0.0:
        return math.nan
    g = 1.0 + x
    for _ in range(most):
        h = 0.5 * (g + x / g)
        if h >= g:
            break
        g = h
    return g


def count_pairs(a: array[i64, 1], k: i64) -> i64:
    count = 0
    for i in range(len(a)):
        for j in range(i + 1, len(a)):
            if abs(a[i] - a[j]) == k:
                count += 1
                if count > 25:
                    return -1
    return count


CASES = {
    "bisect_root": [(0.0, 3.0, 1e-9, 60), (0.0, 3.0, 1e-9, 5), (1.0, 3.0, 0.5, 0), (0.0, 2.0, 4.0, 9)],
    "extended_gcd": [(1071, 462), (832040, 514229), (-7, 21), (0, 0)],
    "running_statistics": [([1.5, -2.0, 4.25, 0.0],), ([3.0],), ([],), ([nan, 1.0],)],
    "binned": [
        ([-4.0, 3.9, 0.0, 4.0, nan, 1.25, 1.0], [0] * 8, -4.0, 4.0, 8),
        ([1.0, 3.0], [0], 0.0, 4.0, 4), ([1.0], [0, 0], 2.0, 2.0, 2), ([], [], 0.0, 1.0, 1),
    ],
    "comments": [
        ([32, 65, 66, 32, 67, 35, 1, 2, 10, 68],), ([35, 32, 10, 10, 65],), ([65, 35],), ([],),
    ],
    "parity_machine": [
        ([1, 1, 0, 1, 1, 1, 0], 3), ([1, 1, 1, 1, 1, 1], 3), ([1, 1, 1], 2), ([0, 0], -1), ([], 0),
    ],
    "best_slice": [([1.0, -3.0, 2.5, 1.5, -1.0, 2.0, -9.0],), ([-1.0, -2.0],), ([nan, 1.0],), ([],)],
    "prefix_until": [
        ([1.0, 2.5, 3.0, 9.0], [0.0] * 4, 6.0), ([1.0, 2.0], [0.0] * 2, 6.0), ([5.0], [], 0.0),
    ],
    "two_pointers": [
        ([1, 3, 4, 8, 9, 15], 12), ([1, 3, 4, 8, 9, 15], 6), ([1, 2], 3), ([1], 2), ([], 0),
    ],
    "eliminate": [
        ([[2.0, 1.0, 0.5], [4.0, -1.0, 3.0], [1.0, 1.0, 1.0]], 3), ([[0.0, 1.0], [1.0, 0.0]], 2),
        ([[2.0, 1.0], [4.0, 2.0]], 2), ([[3.0]], 0), ([[3.0]], 2),
    ],
    "is_symmetric": [
        ([[1.0, 2.0], [2.0, 5.0]], 2), ([[1.0, 2.0], [2.5, 5.0]], 2), ([[nan]], 1), ([[0.0]], -1),
    ],
    "sift": [([5, 3, 9, 1, 1, -4],), ([1, 2, 3],), ([7],), ([],)],
    "knapsack": [(7, 21, 5), (7, 4, 5), (0, 9, 1), (6, 0, 2)],
    "walk_steps": [(200, 7), (200, 1), (0, 3), (9, 12345)],
    "accumulator": [(50, 0.25), (9, 0.0), (30, 0.01), (0, 0.5)],
    "perfect_power": [(1000000,), (999999,), (4,), (3,), (2187,), (-8,)],
    "digit_chain": [(9999, 30), (7, 30), (19, 30), (4, 30), (0, 3), (5, 2)],
    "continued": [(0.7853981, 20, 1e-7), (3.0, 5, 1e-9), (-2.25, 9, 1e-9), (1e-3, 0, 1.0)],
    "newton_root": [(7.0, 40), (7.0, 2), (-1.0, 40), (0.0, 9), (nan, 3), (4.0, 0)],
    "count_pairs": [([3, 13, 23, 3, 4, 14], 10), ([1] * 9, 0), ([5], 0), ([], 1)],
}
