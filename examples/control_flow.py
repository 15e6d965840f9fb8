"""Loops, branches, arrays and exceptions.

The lines that begin with `# ovum: run` are what `ovum run examples/control_flow.py` runs. An
exception is an answer like any other:
    ovum run examples/control_flow.py --call "mean([])"
    ovum run examples/control_flow.py --call "mean([])" --json
"""

from __future__ import annotations


def collatz(n: i64) -> i64:
    steps = 0
    while n > 1:
        if n % 2 == 0:
            n //= 2
        else:
            n = 3 * n + 1
        steps += 1
    return steps


def count_primes(n: i64) -> i64:
    count = 0
    for p in range(2, n):
        for d in range(2, p):
            if p % d == 0:
                break
        else:
            count += 1
    return count


def mean(a: array[f64, 1]) -> f64:
    total = 0.0
    for i in range(len(a)):
        total += a[i]
    return total / len(a)


def bounds(a: array[f64, 1]) -> tuple[f64, f64]:
    assert len(a) > 0, "an empty array has no bounds"
    low = a[0]
    high = a[0]
    for i in range(1, len(a)):
        low = min(low, a[i])
        high = max(high, a[i])
    return low, high


def axpy(alpha: f64, x: array[f64, 1], y: array[f64, 1]) -> None:
    for i in range(len(x)):
        y[i] = alpha * x[i] + y[i]


def factored_sum(a: array[f64, 2], b: array[f64, 2]) -> f64:
    total = 0.0
    for i in range(2):
        for j in range(2):
            total += a[i, j] * b[j, i]
    return total


# ovum: run collatz(27)
# ovum: run count_primes(100)
# ovum: run mean([1.0, 2.0, 4.0])
# ovum: run bounds([3.0, -1.5, 2.0])
# ovum: run v = [1.0, 2.0]; axpy(3.0, v, v)
# ovum: run factored_sum([[1.0, 2.0], [3.0, 4.0]], [[0.5, 0.0], [0.0, 0.5]])
