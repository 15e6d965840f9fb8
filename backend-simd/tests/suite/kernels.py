"""Scalar kernels that users would write, lowered to lanes by the tests and by the benchmark."""

from math import copysign, cos, erf, exp, expm1, hypot, log, log1p, pi, pow, sin, sqrt, tanh


def geglu_exact(a: T) -> T:
    return 0.5 * a * (1.0 + tanh(sqrt(2.0 / pi) * (a + 0.044715 * a**3)))


def geglu_pade(a: T) -> T:
    x = sqrt(2.0 / pi) * (a + 0.044715 * a**3)
    t = (10.0 * x**3 + 105.0 * x) / (x**4 + 45.0 * x**2 + 105.0)
    return 0.5 * a * (1.0 + t)


def sigmoid(x: T) -> T:
    return 1.0 / (1.0 + exp(-x))


def silu(x: T) -> T:
    return x / (1.0 + exp(-x))


def softplus(x: T) -> T:
    if x > 0.0:
        return x + log1p(exp(-x))
    return log1p(exp(x))


def poly7(x: T) -> T:
    return (
        1.0
        + 0.5 * x
        + 0.25 * x**2
        - 0.125 * x**3
        + 0.0625 * x**4
        - 0.03125 * x**5
        + 0.015625 * x**6
        - 0.0078125 * x**7
    )


def sincos_mix(x: T, y: T) -> T:
    return sin(x) * cos(y) + cos(x) * sin(y)


def hypot_like(x: T, y: T) -> T:
    return sqrt(x * x + y * y)


def black_scholes_call(s: T, k: T, t: T, r: T, v: T) -> T:
    d1 = (log(s / k) + (r + 0.5 * v * v) * t) / (v * sqrt(t))
    d2 = d1 - v * sqrt(t)
    n1 = 0.5 * (1.0 + erf(d1 / sqrt(2.0)))
    n2 = 0.5 * (1.0 + erf(d2 / sqrt(2.0)))
    return s * n1 - k * exp(-r * t) * n2


def gauss_pdf(x: T, mu: T, sigma: T) -> T:
    z = (x - mu) / sigma
    return exp(-0.5 * z * z) / (sigma * sqrt(2.0 * pi))


def log1p_expm1(x: T) -> T:
    return log1p(x) + expm1(-0.5 * x)


def newton_sqrt(x: T) -> T:
    g = 0.5 * (1.0 + x)
    for _ in range(8):
        g = 0.5 * (g + x / g)
    return g


def pieces(x: T, y: T) -> T:
    if x < -1.0 or x != x:
        r = y
    elif x < 0.0 and y > 0.5:
        r = min(x, y) * hypot(x, y)
    elif x == 0.0:
        return 7.0
    else:
        r = abs(x) + max(y, x)
    if not (r > 2.0):
        r = r - copysign(0.25, x)
    return pow(r, 3.0) if y <= 1.0 else -r


def clamped(x: T, lo: T, hi: T) -> T:
    return min(max(x, lo), hi)


def horner(x: T) -> T:
    s = 0.0
    for i in range(6):
        s = s * x + float(i * i - 3)
    return s
