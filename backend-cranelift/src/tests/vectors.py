from math import exp


def stencil(x: array[T, 1], out: array[T, 1]) -> None:
    for i in range(1, len(x) - 1):
        out[i] = 0.25 * x[i - 1] + 0.5 * x[i] + 0.25 * x[i + 1]


def axpy(a: T, x: array[T, 1], y: array[T, 1]) -> None:
    for i in range(len(x)):
        y[i] = a * x[i] + y[i]


def ahead(x: array[T, 1]) -> None:
    for i in range(len(x) - 1):
        x[i] = x[i + 1] - x[i]


def handed_on(x: array[T, 1], y: array[T, 1]) -> None:
    for i in range(len(x) - 2):
        x[i] = abs(y[i])
        y[i] = x[i + 2]


def recurrence(x: array[T, 1]) -> None:
    for i in range(1, len(x)):
        x[i] = x[i - 1] + x[i]


def two(x: array[T, 1], a: array[T, 1], b: array[T, 1]) -> T:
    t = x[0]
    for i in range(len(x)):
        t = x[i] * x[i]
        a[i] = t
        if x[i] > a[i]:
            t = t * 0.5
        b[i] = t - x[i]
    return t


def too_far(n: i64, x: array[T, 1], y: array[T, 1]) -> None:
    for i in range(n):
        y[i] = x[i] / 3.0


def from_end(n: i64, x: array[T, 1], y: array[T, 1]) -> None:
    for i in range(-n, 0):
        y[i] = x[i] * 0.5


def largest(x: array[T, 1]) -> T:
    m = x[0]
    for i in range(1, len(x)):
        if x[i] > m:
            m = x[i]
    return m


def span(x: array[T, 1], low: T, high: T) -> tuple[T, T]:
    for i in range(len(x)):
        low = min(low, x[i])
        high = max(high, x[i])
    return low, high


def rows(x: array[T, 2], y: array[T, 2]) -> None:
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            y[i, j] = x[i, j] - 1.0


def dot(x: array[T, 1], y: array[T, 1]) -> T:
    s = x[0] - x[0]
    for i in range(len(x)):
        s += x[i] * y[i]
    return s


def spread(x: array[T, 1], m: T) -> tuple[T, T]:
    s = m - m
    q = s
    for i in range(len(x)):
        d = x[i] - m
        s += d
        q = q - d * d
    return s, q


def softened(x: array[T, 1]) -> T:
    s = x[0] - x[0]
    for i in range(len(x)):
        s += exp(-x[i] * x[i])
    return s
