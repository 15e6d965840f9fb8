"""Functions of arrays, written in place. CASES maps a function to argument tuples."""
from __future__ import annotations
import math

NAN = float("nan")
# One object: a call that passes it twice passes one array twice.
SHARED = [1.0, 2.0, 4.0]


def running_max(a: array[f64, 1]) -> f64:
    best = a[0]
    for i in range(1, len(a)):
        if a[i] > best:
            best = a[i]
        a[i] = best
    return best


def insertion_sort(a: array[i64, 1]) -> i64:
    moves = 0
    for i in range(1, len(a)):
        key = a[i]
        j = i - 1
        while j >= 0 and a[j] > key:
            a[j + 1] = a[j]
            j -= 1
            moves += 1
        a[j + 1] = key
    return moves


def reverse_in_place(a: array[f64, 1]) -> None:
    n = len(a)
    for i in range(n // 2):
        a[i], a[n - 1 - i] = a[n - 1 - i], a[i]


def transpose(a: array[f64, 2], out: array[f64, 2], rows: i64, columns: i64) -> None:
    for i in range(rows):
        for j in range(columns):
            out[j, i] = a[i, j]


def softmax(x: array[f64, 1], out: array[f64, 1]) -> f64:
    top = x[0]
    for i in range(len(x)):
        top = max(top, x[i])
    total = 0.0
    for i in range(len(x)):
        out[i] = math.exp(x[i] - top)
        total += out[i]
    for i in range(len(x)):
        out[i] /= total
    return total


def polynomial_all(coefficients: array[f64, 1], x: array[f64, 1]) -> None:
    for i in range(len(x)):
        acc = 0.0
        for k in range(len(coefficients)):
            acc = acc * x[i] + coefficients[k]
        x[i] = acc


def histogram(values: array[i64, 1], bins: array[i64, 1]) -> i64:
    dropped = 0
    for i in range(len(values)):
        v = values[i]
        if v < 0 or v >= len(bins):
            dropped += 1
            continue
        bins[v] += 1
    return dropped


def from_the_end(a: array[f64, 1], k: i64) -> f64:
    a[-1] = a[-k] * 2.0
    return a[-1] + a[k]


def partial_then_raise(a: array[i64, 1], b: array[i64, 1]) -> i64:
    total = 0
    for i in range(len(a)):
        a[i] = a[i] // b[i]
        total += a[i]
    return total


def sieve(flags: array[i64, 1]) -> i64:
    n = len(flags)
    for i in range(n):
        flags[i] = 1 if i >= 2 else 0
    i = 2
    while i * i < n:
        if flags[i] == 1:
            for j in range(i * i, n, i):
                flags[j] = 0
        i += 1
    count = 0
    for i in range(n):
        count += flags[i]
    return count


def find_last(a: array[i64, 1], wanted: i64) -> i64:
    for i in range(len(a) - 1, -1, -1):
        if a[i] == wanted:
            return i
    return -1


def geglu_all(x: array[f64, 1], gate: array[f64, 1]) -> None:
    for i in range(len(x)):
        g = gate[i]
        inner = math.sqrt(2.0 / math.pi) * (g + 0.044715 * g ** 3)
        x[i] = x[i] * 0.5 * g * (1.0 + math.tanh(inner))


def shift_into(a: array[f64, 1], b: array[f64, 1]) -> f64:
    for i in range(len(a) - 1):
        b[i + 1] = a[i] + 1.0
    return a[len(a) - 1]


CASES = {
    "running_max": [([1.0, 3.0, 2.0, 5.0, 4.0],), ([2.0],), ([],), ([1.0, NAN, 2.0],)],
    "insertion_sort": [([5, 2, 4, 6, 1, 3],), ([],), ([1],), ([3, 2, 1, 1],)],
    "reverse_in_place": [([1.0, 2.0, 3.0],), ([1.0, 2.0, 3.0, 4.0],), ([],)],
    "transpose": [([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [[0.0, 0.0], [0.0, 0.0], [0.0, 0.0]], 2, 3)],
    "softmax": [([1.0, 2.0, 3.0], [0.0, 0.0, 0.0]), ([1000.0, -1000.0], [0.0, 0.0]),
                ([1.0, 2.0], [0.0]), ([], [])],
    "polynomial_all": [([1.0, -2.0, 0.5], [0.0, 1.0, 2.0, -1.5]), ([], [3.0]), ([2.0], [])],
    "histogram": [([0, 1, 1, 5, -1, 2], [0, 0, 0]), ([], [1, 2])],
    "from_the_end": [([1.0, 2.0, 3.0], 2), ([4.0], 1), ([1.0, 2.0, 3.0], 3), ([1.0, 2.0], 0),
                     ([1.0, 2.0], 3)],
    "partial_then_raise": [([10, 20, 30], [3, 7, -4]), ([10, 20, 30], [3, 0, 4]),
                           ([10, 20, 30], [1, 2])],
    "sieve": [([0] * 30,), ([7] * 2,), ([],)],
    "find_last": [([1, 2, 3, 2, 1], 2), ([1, 2], 5), ([], 0)],
    "geglu_all": [([1.0, -2.0, 0.5], [0.5, 1.5, -3.0])],
    "shift_into": [([1.0, 2.0, 4.0], [0.0, 0.0, 0.0]), (SHARED, SHARED), ([], [])],
}
