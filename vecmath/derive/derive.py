"""Derives every coefficient of vecmath and writes src/coefficients.rs.

    python3 derive/derive.py > src/coefficients.rs

Needs mpmath. Each polynomial is a near-minimax fit at Chebyshev points (mpmath.chebyfit) with 60
digits, of the stated function on the stated interval; its number of terms is the smallest whose
error is below the stated bound. Constants in parts are roundings of 400-digit values.
"""

from mpmath import (asin, atan, atanh, cbrt, chebyfit, cos, erf, erfc, exp, expm1, floor, frexp, ldexp,
                    log, matrix, mp, mpf, nstr, pi, qr_solve, sin, sinh, sqrt, tan, tanh)

mp.dps = 60
TINY = mpf(10) ** -25


def odd(f, third):
    """(f(r)/r - 1)/r^2 as a function of z = r^2; `third` is its value at 0."""
    def g(z):
        if z < TINY:
            return third
        r = sqrt(z)
        return (f(r) / r - 1) / z
    return g


def exp_tail(r):
    return mpf(1) / 2 + r / 6 if abs(r) < TINY else (expm1(r) - r) / r ** 2


def exp2_tail(r):
    c = log(2)
    return c ** 2 / 2 if abs(r) < TINY else (expm1(r * c) - r * c) / r ** 2


def tanh_tail(r):
    return 1 + 2 * r / 3 if abs(r) < TINY else (expm1(2 * r) / 2 - r) / r ** 2


def log_tail(z):
    if z < TINY:
        return mpf(2) / 3
    s = sqrt(z)
    return (2 * atanh(s) / s - 2) / z


def log_tail2(z):
    if z < TINY:
        return mpf(2) / 5
    s = sqrt(z)
    return ((2 * atanh(s) / s - 2) / z - mpf(2) / 3) / z


def erf_quotient(z):
    if z < TINY:
        return 2 / sqrt(pi) - 1
    x = sqrt(z)
    return erf(x) / x - 1


def scaled_erfc(k):
    """erfc(y) exp(y^2) (1 + 2 y) as a function of t = (y - k)/(y + k)."""
    def f(t):
        y = k * (1 + t) / (1 - t)
        return erfc(y) * exp(y * y) * (1 + 2 * y)
    return f


def scaled_phi(k):
    """Phi(-y) exp(y^2/2) (1 + y) as a function of t = (y - k)/(y + k)."""
    def f(t):
        y = k * (1 + t) / (1 - t)
        return erfc(y / sqrt(2)) / 2 * exp(y * y / 2) * (1 + y)
    return f


def t_of(y, k):
    return (mpf(y) - k) / (mpf(y) + k)


def rounded(x, bits):
    m, e = frexp(x)
    return ldexp(floor(ldexp(m, bits) + mpf(1) / 2), e - bits)


def f64(x):
    """The shortest text that Rust reads back to this binary64."""
    text = repr(float(x))
    return text if "." in text or "inf" in text else text.replace("e", ".0e")


def literal(x):
    """A literal in clippy's taste: groups of three digits would not help anyone here."""
    return f64(x)


def fit(f, a, b, bound, single):
    for terms in range(2, 30):
        c, err = chebyfit(f, [mpf(a), mpf(b)], terms, error=True)
        if err < bound:
            c = list(reversed(c))
            return (refit(f, mpf(a), mpf(b), c) if single else c), err
    raise SystemExit("no fit")


def refit(f, a, b, c):
    """Rounds the coefficients to 24 bits one by one; those left make good for the rounding."""
    n = len(c)
    count = 4 * n
    xs = [(a + b) / 2 + (b - a) / 2 * cos(pi * (2 * i + 1) / (2 * count)) for i in range(count)]
    rest = [f(x) for x in xs]
    done = []
    for k in range(n):
        m = matrix([[x ** j for j in range(k, n)] for x in xs])
        solution, _ = qr_solve(m, matrix(rest))
        done.append(rounded(solution[0], 24))
        rest = [r - done[k] * x ** k for r, x in zip(rest, xs)]
    return done


def table(name, what, f, a, b, bounds):
    """One `Coefficients` constant; `a`, `b` and `f` may be pairs, one per width."""
    pair = lambda v: v if isinstance(v, tuple) else (v, v)
    (f0, f1), (a0, a1), (b0, b1) = pair(f), pair(a), pair(b)
    c64, e64 = fit(f0, a0, b0, bounds[0], False)
    c32, e32 = fit(f1, a1, b1, bounds[1], True)
    show(name, what, (c64, e64), (c32, e32))


def show(name, what, double, single):
    (c64, e64), (c32, e32) = double, single
    print(f"\n/// {what}")
    print(f"///\n/// Errors of the fits: {nstr(e64, 2)} and {nstr(e32, 2)}.")
    print(f"pub(crate) const {name}: Coefficients = Coefficients {{")
    for field, c in (("f64", c64), ("f32", c32)):
        print(f"    {field}: &[")
        for x in c:
            print(f"        {literal(x)},")
        print("    ],")
    print("};")


def parts(name, what, value, bits64, bits32):
    """A constant as a sum of parts with the stated numbers of bits, for both widths."""
    def split(x, bits):
        out = []
        for b in bits:
            p = rounded(x, b)
            out.append(p)
            x -= p
        return out
    p64, p32 = split(value, bits64), split(value, bits32)
    print(f"\n/// {what}, in parts of {bits64} and {bits32} bits.")
    print(f"pub(crate) const {name}: Coefficients = Coefficients {{")
    for field, c in (("f64", p64), ("f32", p32)):
        print(f"    {field}: &[{', '.join(literal(x) for x in c)}],")
    print("};")


def two_over_pi():
    mp.dps = 500
    value = 2 / pi
    words = []
    for _ in range(20):
        value *= mpf(2) ** 64
        word = int(floor(value))
        words.append(word)
        value -= word
    mp.dps = 60
    print("\n/// 2/pi in words of 64 bits, the most significant first; the binary point is before them.")
    print(f"pub(crate) const TWO_OVER_PI: [u64; {len(words)}] = [")
    for w in words:
        text = f"{w:016x}"
        print("    0x" + "_".join(text[i:i + 4] for i in range(0, 16, 4)) + ",")
    print("];")


def main():
    print("//! Coefficients, written by `derive/derive.py`: change that, not this.")
    print("#![allow(clippy::excessive_precision, clippy::unreadable_literal, clippy::approx_constant)]")
    print("\nuse crate::lanes::Coefficients;")
    half_ln2 = log(2) / 2 * mpf("1.0001")
    table("EXP", "`(e^r - 1 - r)/r^2` on `|r| <= ln(2)/2`.", exp_tail, -half_ln2, half_ln2,
          (mpf(2) ** -53, mpf(2) ** -22))
    table("EXP_LONG", "As `EXP`, closer.", exp_tail, -half_ln2, half_ln2, (mpf(2) ** -57, mpf(2) ** -27))
    h = mpf("0.50001")
    table("EXP2", "`(2^r - 1 - r ln 2)/r^2` on `|r| <= 1/2`.", exp2_tail, -h, h, (mpf(2) ** -54, mpf(2) ** -25))
    zl = (3 - 2 * sqrt(mpf(2))) ** 2 * mpf("1.001")
    table("LOG", "`(2 atanh(s)/s - 2)/s^2` of `s^2`, `|s| <= (sqrt 2 - 1)/(sqrt 2 + 1)`.", log_tail, 0, zl,
          (mpf(2) ** -51, mpf(2) ** -22))
    table("LOG_WIDE", "As `LOG`, `s <= 1/5`.", log_tail, 0, mpf(1) / 25 * mpf("1.0001"),
          (mpf(2) ** -49, mpf(2) ** -20))
    table("LOG1P01", "As `LOG`, `s <= 1/3`.", log_tail, 0, mpf(1) / 9 * mpf("1.0001"),
          (mpf(2) ** -53, mpf(2) ** -24))
    table("LOG_LONG", "`((2 atanh(s)/s - 2)/s^2 - 2/3)/s^2` of `s^2`, `s` as in `LOG`.", log_tail2, 0, zl,
          (mpf(2) ** -55, mpf(2) ** -26))
    zs = (pi / 2) ** 2 * mpf("1.0001")
    table("SIN", "`(sin(r)/r - 1)/r^2` of `r^2`, `|r| <= pi/2`.", odd(sin, -mpf(1) / 6), 0, zs,
          (mpf(2) ** -56, mpf(2) ** -29))
    zt = (pi / 4) ** 2 * mpf("1.0001")
    table("TAN", "`(tan(r)/r - 1)/r^2` of `r^2`, `|r| <= pi/4`.", odd(tan, mpf(1) / 3), 0, zt,
          (mpf(2) ** -55, mpf(2) ** -26))
    za = (sqrt(mpf(2)) - 1) ** 2 * mpf("1.0001")
    table("ATAN", "`(atan(t)/t - 1)/t^2` of `t^2`, `|t| <= tan(pi/8)`.", odd(atan, -mpf(1) / 3), 0, za,
          (mpf(2) ** -55, mpf(2) ** -26))
    table("ASIN", "`(asin(s)/s - 1)/s^2` of `s^2`, `|s| <= 1/2`.", odd(asin, mpf(1) / 6), 0, mpf("0.25"),
          (mpf(2) ** -55, mpf(2) ** -26))
    table("SINH", "`(sinh(x)/x - 1)/x^2` of `x^2`, `|x| <= 1`.", odd(sinh, mpf(1) / 6), 0, 1,
          (mpf(2) ** -57, mpf(2) ** -28))
    table("TANH_EXP", "`((e^2r - 1)/2 - r)/r^2` on `-0.006 <= r <= 0.3476`.", tanh_tail, mpf("-0.006"), mpf("0.3476"),
          (mpf(2) ** -54, mpf(2) ** -25))
    table("ERF", "`erf(x)/x - 1` of `x^2`, `|x| <= 1`.", erf_quotient, 0, 1, (mpf(2) ** -57, mpf(2) ** -27))
    k = (mpf("2.5"), mpf("2"))
    table("ERF_TAIL", "`erfc(y) e^(y^2) (1 + 2 y)` of `(y - k)/(y + k)`, `1 <= y <= 6` with `k = 2.5`, and `<= 4` with `k = 2`.",
          tuple(scaled_erfc(x) for x in k), (t_of(1, k[0]), t_of(1, k[1])), (t_of(6, k[0]), t_of(4, k[1])),
          (mpf(2) ** -52, mpf(2) ** -23))
    k = (mpf(4), mpf(2))
    table("ERFC", "`erfc(y) e^(y^2) (1 + 2 y)` of `(y - k)/(y + k)`, `0 <= y <= 27.3` with `k = 4`, and `<= 10.1` with `k = 2`.",
          tuple(scaled_erfc(x) for x in k), (mpf(-1), mpf(-1)), (t_of("27.3", k[0]), t_of("10.1", k[1])),
          (mpf(2) ** -57, mpf(2) ** -28))
    k = (mpf(6), mpf(3))
    table("PHI", "`Phi(-y) e^(y^2/2) (1 + y)` of `(y - k)/(y + k)`, `0 <= y <= 38.6` with `k = 6`, and `<= 14.3` with `k = 3`.",
          tuple(scaled_phi(x) for x in k), (mpf(-1), mpf(-1)), (t_of("38.6", k[0]), t_of("14.3", k[1])),
          (mpf(2) ** -53, mpf(2) ** -24))
    table("CBRT", "`x^(-1/3)` on `[1, 8]`, a first approximation.", lambda x: 1 / cbrt(x), 1, 8,
          (mpf(2) ** -9, mpf(2) ** -9))
    parts("LN2", "The natural logarithm of 2", log(2), [42, 53, 53], [15, 24, 24])
    parts("LN2_WHOLE", "The natural logarithm of 2", log(2), [53, 53], [24, 24])
    parts("LOG2_E", "The binary logarithm of e", 1 / log(2), [53, 53], [24, 24])
    parts("LOG10_E", "The decimal logarithm of e", 1 / log(10), [53, 53], [24, 24])
    parts("LOG10_2", "The decimal logarithm of 2", log(2) / log(10), [42, 53], [15, 24])
    parts("PI_REDUCE", "pi", pi, [31, 53, 53], [11, 24, 24])
    parts("HALF_PI_REDUCE", "pi/2", pi / 2, [31, 53, 53], [11, 24, 24])
    parts("PI", "pi", pi, [53, 53], [24, 24])
    parts("HALF_PI", "pi/2", pi / 2, [53, 53], [24, 24])
    parts("QUARTER_PI", "pi/4", pi / 4, [53, 53], [24, 24])
    parts("THREE_QUARTER_PI", "3 pi/4", 3 * pi / 4, [53, 53], [24, 24])
    parts("SQRT_HALF", "The square root of 1/2", sqrt(mpf(1) / 2), [53, 53], [24, 24])
    parts("TWO_THIRDS", "2/3", mpf(2) / 3, [53, 53], [24, 24])
    two_over_pi()


main()
