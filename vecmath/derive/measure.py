"""Measures the error of every function against arithmetic of 40 digits and more.

    cargo build --release --example evaluate -p vecmath
    python3 derive/measure.py ../target/release/examples/evaluate [--points 4000] [--only exp,log]
    python3 derive/measure.py ... --fixtures tests/fixtures   writes the points that the tests use

An error is in units in the last place of the true result (of the smallest normal number below
it). Points: random ones in the stated ranges, random bit patterns, and neighbours of special ones.
"""

import argparse
import random
import struct
import subprocess

from mpmath import (acos, asin, atan, atan2, cbrt, cos, cosh, erf, erfc, exp, expm1, inf, ldexp, log, log1p, mp, mpf,
                    nan, ncdf, pi, sin, sinh, sqrt, tan, tanh)

mp.dps = 50

FORMATS = {
    "f64": dict(pack="<d", bits="<Q", mant=52, emin=-1074, emax=1023),
    "f32": dict(pack="<f", bits="<I", mant=23, emin=-149, emax=127),
}


def to_bits(x, fmt):
    f = FORMATS[fmt]
    return struct.unpack(f["bits"], struct.pack(f["pack"], x))[0]


def from_bits(b, fmt):
    f = FORMATS[fmt]
    return struct.unpack(f["pack"], struct.pack(f["bits"], b))[0]


def wide(f):
    """Evaluates with digits enough for arguments as large as 2^1023."""
    def g(*args):
        with mp.workdps(380 if any(abs(a) > 1e6 for a in args) else 60):
            return f(*args)
    return g


def phi(x):
    return erfc(-x / sqrt(mpf(2))) / 2


def real_cbrt(x):
    return -cbrt(-x) if x < 0 else cbrt(x)


def power(x, y):
    if x < 0:
        return (-1 if int(y) % 2 else 1) * mpf(-x) ** y
    return mpf(x) ** y


B = {"f64": 1e308, "f32": 3e38}
# name: (function, ranges per format or one for both, each a list of tuples of (low, high))
R = {
    "exp": (exp, [(-740, 709), (-1, 1), (-745.2, -700)], [(-103.9, 88.7), (-1, 1)]),
    "exp_normal": (exp, [(-708, 709), (-1, 1)], [(-87, 88), (-1, 1)]),
    "exp2": (lambda x: mpf(2) ** x, [(-1074, 1024), (-1, 1)], [(-149, 128), (-1, 1)]),
    "expm1": (expm1, [(-40, 709), (-2, 2), (-0.3, 0.3)], [(-20, 88), (-2, 2)]),
    "log": (log, [(0, 10), (0.5, 2), (0.9, 1.1), "positive"], None),
    "log_normal": (log, [(0, 10), (0.5, 2), (0.9, 1.1), "normal"], None),
    "log2": (lambda x: log(x) / log(2), [(0, 10), (0.5, 2), (0.9, 1.1), "positive"], None),
    "log10": (lambda x: log(x) / log(10), [(0, 10), (0.5, 2), (0.9, 1.1), "positive"], None),
    "log1p": (log1p, [(-1, 1), (-0.01, 0.01), (0, 100), "positive"], None),
    "log1p_unit": (log1p, [(0, 1), (0, 0.01)], None),
    "sin": (wide(sin), [(-7, 7), (-1000, 1000), (-2e6, 2e6), (1e7, 1e9), "any"], [(-7, 7), (-1000, 1000), (-1e5, 1e5), "any"]),
    "cos": (wide(cos), [(-7, 7), (-1000, 1000), (-2e6, 2e6), (1e7, 1e9), "any"], [(-7, 7), (-1000, 1000), (-1e5, 1e5), "any"]),
    "tan": (wide(tan), [(-7, 7), (-1000, 1000), (-2e6, 2e6), (1e7, 1e9), "any"], [(-7, 7), (-1000, 1000), (-1e5, 1e5), "any"]),
    "asin": (asin, [(-1, 1), (-0.01, 0.01), (0.99, 1)], None),
    "acos": (acos, [(-1, 1), (-0.01, 0.01), (0.99, 1), (-1, -0.99)], None),
    "atan": (atan, [(-5, 5), (-0.5, 0.5), "any"], None),
    "atan2": (atan2, [((-5, 5), (-5, 5)), ((-1, 1), (-100, 100)), "any"], None),
    "sinh": (sinh, [(-710, 710), (-2, 2)], [(-89, 89), (-2, 2)]),
    "cosh": (cosh, [(-710, 710), (-2, 2)], [(-89, 89), (-2, 2)]),
    "tanh": (tanh, [(-20, 20), (-1, 1)], None),
    "erf": (erf, [(-6, 6), (-1.5, 1.5)], [(-4, 4), (-1.5, 1.5)]),
    "erfc": (erfc, [(-6, 27.2), (-1.5, 1.5)], [(-4, 10), (-1.5, 1.5)]),
    "normal_cdf": (phi, [(-38.4, 9), (-3, 3)], [(-14, 6), (-3, 3)]),
    "normal_cdf_precise": (phi, [(-38.4, 9), (-3, 3)], [(-14, 6), (-3, 3)]),
    "pow": (power, [((0, 10), (-50, 50)), ((0.9, 1.1), (-5000, 5000)), ((0, 1e10), (-30, 30)), "power"],
            [((0, 10), (-20, 20)), ((0.9, 1.1), (-500, 500)), "power"]),
    "cbrt": (real_cbrt, [(-10, 10), "any"], None),
    "sqrt": (sqrt, [(0, 10), "positive"], None),
    "rsqrt": (lambda x: 1 / sqrt(x), [(0, 10), "positive"], None),
    "hypot": (lambda x, y: sqrt(x * x + y * y), [((-5, 5), (-5, 5)), "any"], None),
}


def round_to(x, fmt):
    return from_bits(to_bits(x, fmt), fmt)


def any_number(rng, fmt, positive):
    while True:
        b = rng.getrandbits(32 if fmt == "f32" else 64)
        x = from_bits(b, fmt)
        if x == x and abs(x) != float("inf"):
            return abs(x) if positive else x


def points(rng, name, fmt, count):
    f, r64, r32 = R[name]
    ranges = r32 if fmt == "f32" and r32 is not None else r64
    arity = 2 if name in ("atan2", "pow", "hypot") else 1
    per = max(1, count // len(ranges))
    for r in ranges:
        for _ in range(per):
            if r == "power":
                x = any_number(rng, fmt, True)
                limit = log(B[fmt]) / max(abs(log(mpf(x))), 1e-300) if x not in (0, 1) else 1
                y = round_to(float(rng.uniform(-1, 1) * min(limit, 1e30)), fmt)
                yield (x, y)
            elif isinstance(r, str):
                while True:
                    xs = tuple(any_number(rng, fmt, r != "any") for _ in range(arity))
                    if r != "normal" or xs[0] >= (2.3e-308 if fmt == "f64" else 1.2e-38):
                        break
                yield xs
            else:
                pair = r if arity == 2 else (r,)
                yield tuple(round_to(rng.uniform(lo, hi), fmt) for lo, hi in pair)


def unit(y, fmt):
    """One unit in the last place of numbers like y."""
    f = FORMATS[fmt]
    if y == 0:
        return ldexp(mpf(1), f["emin"])
    e = mp.frexp(abs(y))[1] - 1
    return ldexp(mpf(1), max(e - f["mant"], f["emin"]))


def true_value(name, xs):
    return R[name][0](*(mpf(x) for x in xs))


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("program")
    ap.add_argument("--points", type=int, default=4000)
    ap.add_argument("--only", default="")
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--fixtures")
    a = ap.parse_args()
    print("| function | f64 | at | f32 | at |\n|---|---|---|---|---|")
    for name in R:
        if a.only and name not in a.only.split(","):
            continue
        row = [name]
        for fmt in ("f64", "f32"):
            rng = random.Random(f"{a.seed} {name} {fmt}")
            xs = list(points(rng, name, fmt, a.points))
            lines = "".join(f"{name} {fmt} " + " ".join(f"{to_bits(x, fmt):x}" for x in p) + "\n" for p in xs)
            out = subprocess.run([a.program], input=lines, capture_output=True, text=True, check=True).stdout.split()
            worst, where, kept = 0, None, []
            for p, word in zip(xs, out):
                want = true_value(name, p)
                got = from_bits(int(word, 16), fmt)
                top = (2 - ldexp(mpf(1), -FORMATS[fmt]["mant"] - 1)) * ldexp(mpf(1), FORMATS[fmt]["emax"])
                if abs(want) >= top:
                    error = 0 if got == (inf if want > 0 else -inf) else mpf("inf")
                elif got != got or abs(got) == inf:
                    error = mpf("inf") if abs(want) < top * (1 - ldexp(mpf(1), -FORMATS[fmt]["mant"])) else 0
                else:
                    error = abs(mpf(got) - want) / unit(want, fmt)
                kept.append((p, want, error))
                if error > worst:
                    worst, where = error, p
            row += [f"{float(worst):.2f}", " ".join(f"{x!r}" for x in where or ())]
            if a.fixtures and fmt == "f64":
                write_fixture(a.fixtures, name, kept, rng)
        print("| " + " | ".join(row) + " |", flush=True)


def write_fixture(folder, name, kept, rng):
    """The worst points and a sample: bits of the arguments, of the nearest result, and of the rest."""
    kept = [k for k in kept if 1e-250 < abs(k[1]) < 1e300 or k[1] == 0]
    kept.sort(key=lambda k: -k[2])
    chosen = kept[:30] + rng.sample(kept[30:], min(60, len(kept[30:])))
    with open(f"{folder}/{name}.txt", "w") as f:
        for p, want, _ in chosen:
            hi = float(want)
            lo = float(want - mpf(hi))
            words = [f"{to_bits(x, 'f64'):016x}" for x in (*p, hi, lo)]
            f.write(" ".join(words) + "\n")


main()
