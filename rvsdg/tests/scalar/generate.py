"""Writes cpython.txt: CPython's answers for the operations of `rvsdg::scalar`.

Run with CPython 3.11 in this folder: `python3 generate.py > cpython.txt`. One case a line:

    NAME OPERANDS.. RESULT

Floats are the 16 hexadecimal digits of their bits (every NaN is 7ff8000000000000), integers are
decimal, truth values are True and False. A result that starts with `!` is an exception: its class,
then its message with blanks as `_`. The same values in every run: the generator has a fixed seed.
"""

import math
import operator
import random
import struct

rng = random.Random(20240229)

FLOATS = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.0, -2.0, 3.0, -3.0, 1e-9, 1e16, -1e16, 1e300,
          -1e300, 1.7976931348623157e308, -1.7976931348623157e308, 2.2250738585072014e-308,
          -2.2250738585072014e-308, 1.5e-308, 5e-324, -5e-324, 1e-310, 710.0, -745.2, 171.6, 171.7,
          0.1, 1.0000000000000002, 0.9999999999999999, math.inf, -math.inf, math.nan]
# For functions of two arguments, every pair of these.
PAIRED = [0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 3.0, 1e16, -1.7976931348623157e308, 5e-324, -1e-310,
          math.inf, -math.inf, math.nan]
INTS = [0, 1, -1, 2, -2, 3, -3, 7, -7, 10, 63, 64, 2**31 - 1, -2**31, 2**53, 2**53 + 1,
        2**63 - 1, -2**63, -2**63 + 1]


def bits(x):
    if math.isnan(x):
        return "7ff8000000000000"
    return struct.pack(">d", x).hex()


def show(x):
    return bits(x) if isinstance(x, float) else str(x)


def emit(name, f, *args):
    try:
        result = f(*args)
        if isinstance(result, complex):
            return
        # Integral functions give integers in Python; the text form has them as floats.
        if name in ("floor", "ceil", "trunc"):
            result = math.copysign(float(result), args[0])
        result = show(result)
    except (ValueError, OverflowError, ZeroDivisionError) as error:
        if str(error) == "complex exponentiation":
            return
        result = "!" + type(error).__name__ + " " + str(error).replace(" ", "_")
    print(name, *map(show, args), result)


def random_float():
    match rng.randrange(5):
        case 0:
            return rng.uniform(-1, 1)
        case 1:
            return rng.uniform(-30, 30)
        case 2:
            return rng.uniform(-1000, 1000)
        case 3:
            return rng.choice([1, -1]) * math.exp(rng.uniform(-700, 700))
        case _:
            return struct.unpack(">d", rng.randbytes(8))[0]


def random_int():
    return rng.randrange(-2**63, 2**63) >> rng.randrange(64)


UNARY = """sqrt cbrt exp exp2 expm1 log log2 log10 log1p sin cos tan asin acos atan sinh cosh tanh
asinh acosh atanh erf erfc gamma lgamma floor ceil trunc degrees radians isnan isinf
isfinite""".split()
BINARY = ["atan2", "fmod", "remainder", "copysign", "hypot", "nextafter"]

for name in UNARY:
    f = getattr(math, name)
    for x in FLOATS:
        emit(name, f, x)
    for _ in range(120):
        emit(name, f, random_float())

PAIRS = [(n, getattr(math, n)) for n in BINARY] + [
    ("math_pow", math.pow), ("pow", operator.pow), ("ffloordiv", operator.floordiv),
    ("fmod_python", operator.mod), ("fmin", min), ("fmax", max)]
for name, f in PAIRS:
    for x in PAIRED:
        for y in PAIRED:
            emit(name, f, x, y)
    for _ in range(75):
        x = random_float()
        emit(name, f, x, random_float())
        emit(name, f, x, x * rng.choice([3.0, 0.25, -0.1, 1.0]))

for name, f in [("itruediv", operator.truediv), ("ifloordiv", operator.floordiv),
                ("imod", operator.mod), ("ishr", operator.rshift)]:
    for a in INTS:
        for b in INTS:
            emit(name, f, a, b)
    for _ in range(200):
        emit(name, f, random_int(), random_int())

for _ in range(300):
    # Powers and shifts modulo 2^64, and whether they left the range.
    a, b = random_int() >> rng.randrange(40), rng.randrange(70)
    for name, exact in [("ipow", a**b), ("ishl", a << b)]:
        wrapped = (exact + 2**63) % 2**64 - 2**63
        print(name, a, b, wrapped, wrapped != exact)
