from math import exp


def dot(x: array[T, 1], y: array[T, 1]) -> T:
    s = x[0] - x[0]
    for i in range(len(x)):
        s += x[i] * y[i]
    return s


def stencil3(x: array[T, 1], out: array[T, 1]) -> None:
    for i in range(1, len(x) - 1):
        out[i] = 0.25 * x[i - 1] + 0.5 * x[i] + 0.25 * x[i + 1]


def largest(x: array[T, 1]) -> T:
    m = x[0]
    for i in range(1, len(x)):
        if x[i] > m:
            m = x[i]
    return m


def axpy(x: array[T, 1], y: array[T, 1]) -> None:
    for i in range(len(x)):
        y[i] = 0.5 * x[i] + y[i]


def softened(x: array[T, 1]) -> T:
    s = x[0] - x[0]
    for i in range(len(x)):
        s += exp(-x[i] * x[i])
    return s


def mandel_scalar(cr: f64, ci: f64) -> i64:
    zr = 0.0
    zi = 0.0
    for i in range(100):
        zr2 = zr * zr
        zi2 = zi * zi
        if zr2 + zi2 > 4.0:
            return i
        zi = 2.0 * zr * zi + ci
        zr = zr2 - zi2 + cr
    return 100


def newton_scalar(x: f64) -> f64:
    g = 0.5 * (1.0 + x)
    for _ in range(8):
        g = 0.5 * (g + x / g)
    return g


def collatz_scalar(n: i64) -> i64:
    steps = 0
    while n > 1:
        if n % 2 == 0:
            n = n // 2
        else:
            n = 3 * n + 1
        steps += 1
    return steps


def sum_squares(n: i64) -> i64:
    s = 0
    for i in range(n):
        s += i * i
    return s
