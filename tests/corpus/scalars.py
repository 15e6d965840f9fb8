"""Functions of scalars. CASES maps a function to argument tuples."""
from __future__ import annotations
import math

INF = float("inf")
NAN = float("nan")
BIAS = 2.5
SCALE = BIAS * 2.0


def quadratic_roots(a: f64, b: f64, c: f64) -> tuple[f64, f64]:
    d = b * b - 4.0 * a * c
    if d < 0.0:
        d = -d
    r = math.sqrt(d)
    return (-b - r) / (2.0 * a), (-b + r) / (2.0 * a)


def sigmoid_sum(x: f64, y: f64) -> f64:
    return 1.0 / (1.0 + math.exp(-x)) + 1.0 / (1.0 + math.exp(-y))


def gated_linear(x: f64, gate: f64) -> f64:
    inner = 0.7978845608028654 * (gate + 0.044715 * gate ** 3)
    return x * (0.5 * gate * (1.0 + math.tanh(inner)))


def floor_pair(a: i64, b: i64) -> tuple[i64, i64]:
    return a // b, a % b


def float_floor(a: f64, b: f64) -> tuple[f64, f64]:
    return a // b, a % b


def power_table(x: f64) -> tuple[f64, f64, f64, f64]:
    return x ** 2, x ** 3, x ** 0.5, x ** -1


def int_power(n: i64) -> i64:
    return n ** 5 - 3 * n ** 2 + 1


def mixed_chain(a: i64, b: f64, c: i64) -> bool:
    return a < b <= c or (a == c and not b < 0.0)


def sign_code(x: f64) -> i64:
    if x > 0.0:
        return 1
    elif x < 0.0:
        return -1
    elif x == 0.0:
        return 0
    return 99


def pick_extreme(a: f64, b: f64, c: f64) -> tuple[f64, f64]:
    return min(a, b, c), max(a, b, c)


def truncate(x: f64) -> i64:
    return int(x)


def widen(n: i64, flag: bool) -> f64:
    return float(n) + (1.5 if flag else -1.5)


def bits(a: i64, b: i64) -> tuple[i64, i64, i64, i64]:
    return a & b, a | b, a ^ b, ~a


def shifts(a: i64, n: i64) -> tuple[i64, i64]:
    return (a & 65535) << n, a >> n


def safe_log(x: f64) -> f64:
    return math.log(x)


def checked(x: i64) -> i64:
    assert x > 0
    return 100 // x


def constants(x: f64) -> f64:
    area = math.pi * 2.0 * 3.0
    return x * SCALE + area - math.e + 10.0 / 4.0


def helper_area(w: f64, h: f64) -> f64:
    return w * h


def calls_helper(w: f64, h: f64) -> f64:
    return helper_area(w, h) + helper_area(h, 2.0)


def maybe_unbound(n: i64) -> i64:
    if n > 3:
        r = n * 2
    return r


def short_circuit(a: i64, b: i64) -> bool:
    return b != 0 and a // b > 2


CASES = {
    "quadratic_roots": [(1.0, -3.0, 2.0), (2.0, 1.0, 5.0), (0.0, 1.0, 1.0), (1.0, NAN, 0.0)],
    "sigmoid_sum": [(0.0, 0.0), (1.5, -2.5), (30.0, -30.0), (0.1, NAN), (-1000.0, 0.0)],
    "gated_linear": [(1.0, 0.5), (-2.0, 3.25), (0.5, -7.0), (2.0, 0.0), (1.0, INF)],
    "floor_pair": [(7, 2), (-7, 2), (7, -2), (-7, -2), (0, 5), (3, 0)],
    "float_floor": [(7.5, 2.0), (-7.5, 2.0), (7.5, -2.0), (-0.0, 3.0), (1.0, INF), (-1.0, INF),
                    (1.0, 0.0)],
    "power_table": [(2.0,), (0.1,), (1.0,), (1e-3,), (0.0,)],
    "int_power": [(0,), (3,), (-4,), (100,)],
    "mixed_chain": [(1, 2.0, 3), (1, 1.0, 1), (2, -1.0, 2), (1, NAN, 2), (5, 4.5, 9)],
    "sign_code": [(2.5,), (-2.5,), (0.0,), (-0.0,), (NAN,), (INF,)],
    "pick_extreme": [(1.0, 2.0, 3.0), (3.0, -1.0, 2.0), (NAN, 1.0, 2.0), (1.0, NAN, 2.0),
                     (0.0, -0.0, 0.0), (-0.0, 0.0, -0.0)],
    "truncate": [(2.9,), (-2.9,), (0.0,), (1e15,), (NAN,), (INF,)],
    "widen": [(3, True), (-3, False), (9007199254740993, True)],
    "bits": [(12, 10), (-12, 10), (0, -1), (255, 4096)],
    "shifts": [(12345, 3), (-12345, 3), (1, 0), (77, 40), (1, -1)],
    "safe_log": [(1.0,), (2.5,), (0.0,), (-1.0,), (INF,), (NAN,)],
    "checked": [(1,), (7,), (0,), (-5,)],
    "constants": [(0.0,), (1.5,), (-3.25,)],
    "helper_area": [(2.0, 3.5)],
    "calls_helper": [(2.0, 3.5), (-1.0, 0.5)],
    "maybe_unbound": [(4,), (3,), (-1,)],
    "short_circuit": [(9, 3), (9, 4), (9, 0), (-9, -3)],
}
