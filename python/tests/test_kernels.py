"""Kernels through `vectorize` and `jit`, beside pure Python and within a tolerance, in both widths.

OVUM_KERNEL_TABLE=FILE.py compares another table as well: a module whose KERNELS maps names to objects
with `fn`, `arity`, `domain` (a pair of bounds for each argument), `dtypes`, `kind` ("map", "reduce" of
arrays to a number, or "stencil" of an array to another), `out` and `tol`: the error allowed is
tol * (1 + |exact|) in f64, and as many units in the last place in f32.
"""

import importlib.util
import math
import os
import sys

from dataclasses import dataclass

import numpy as np
import ovum
import pytest

WIDTHS = {"f64": np.float64, "f32": np.float32, "i64": np.int64}


@dataclass(frozen=True)
class Kernel:
    """A row of the table."""

    fn: object
    arity: int
    domain: list
    dtypes: tuple = ("f64", "f32")
    kind: str = "map"
    out: object = None
    tol: float = 1e-13


def swish(x, beta):
    return x / (1.0 + math.exp(-beta * x))


def mish(x):
    return x * math.tanh(math.log1p(math.exp(x)))


def huber(error, delta):
    if abs(error) <= delta:
        return 0.5 * error * error
    return delta * (abs(error) - 0.5 * delta)


def lennard_jones(r):
    s6 = (1.0 / r) ** 6
    return 4.0 * (s6 * s6 - s6)


def normal_cdf(x):
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


def rotate(x, y, angle):
    return x * math.cos(angle) - y * math.sin(angle)


def logistic_map(x, r):
    for _ in range(12):
        x = r * x * (1.0 - x)
    return x


def digits(n):
    count = 1
    while n >= 10:
        n //= 10
        count += 1
    return count


def triangular(n):
    s = 0
    for i in range(n + 1):
        s += i
    return s


def steps_to_escape(x, y):
    a, b = x, y
    for i in range(60):
        if a * a + b * b > 4.0:
            return i
        a, b = a * a - b * b + x, 2.0 * a * b + y
    return 60


def weighted(x, w):
    s = 0.0
    for i in range(len(x)):
        s += x[i] * w[i]
    return s


def smoothed(x, out):
    for i in range(1, len(x) - 1):
        out[i] = (x[i - 1] + x[i] + x[i + 1]) / 3.0


OWN = {
    "swish": Kernel(swish, 2, [(-30.0, 30.0), (0.1, 2.0)]),
    "mish": Kernel(mish, 1, [(-20.0, 20.0)]),
    "huber": Kernel(huber, 2, [(-3.0, 3.0), (0.5, 1.5)]),
    "lennard_jones": Kernel(lennard_jones, 1, [(0.9, 3.0)], tol=1e-12),
    "normal_cdf": Kernel(normal_cdf, 1, [(-6.0, 6.0)]),
    "rotate": Kernel(rotate, 3, [(-5.0, 5.0), (-5.0, 5.0), (-3.0, 3.0)]),
    "logistic_map": Kernel(logistic_map, 2, [(0.1, 0.9), (2.5, 3.2)], tol=1e-11),
    "digits": Kernel(digits, 1, [(0, 10**12)], dtypes=("i64",), tol=0.0),
    "triangular": Kernel(triangular, 1, [(0, 500)], dtypes=("i64",), tol=0.0),
    "steps_to_escape": Kernel(
        steps_to_escape, 2, [(-2.0, 1.0), (-1.2, 1.2)], dtypes=("f64",), out="i64", tol=0.0
    ),
    "weighted": Kernel(weighted, 2, [(-1.0, 1.0)] * 2, kind="reduce", tol=1e-12),
    "smoothed": Kernel(smoothed, 1, [(-1.0, 1.0)], kind="stencil"),
}


def external():
    """The table that the variable names, imported under a name of its own; none without it."""
    path = os.environ.get("OVUM_KERNEL_TABLE")
    if path is None:
        return {}
    spec = importlib.util.spec_from_file_location("ovum_kernel_table", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module.KERNELS


def arguments(kernel, dtype, count):
    generator = np.random.default_rng(20)
    if dtype == "i64":
        return [generator.integers(low, high, count) for low, high in kernel.domain]
    return [generator.uniform(low, high, count).astype(WIDTHS[dtype]) for low, high in kernel.domain]


def worst(have, exact):
    """The largest error, relative to 1 + |exact|."""
    have, exact = np.asarray(have, np.float64), np.asarray(exact, np.float64)
    assert have.shape == exact.shape and have.size
    return float(np.max(np.abs(have - exact) / (1.0 + np.abs(exact))))


def allowed(kernel, dtype):
    scale = float(np.finfo(np.float32).eps / np.finfo(np.float64).eps) if dtype == "f32" else 1.0
    return kernel.tol * scale


def exact_map(kernel, args):
    return [kernel.fn(*(arg.item() for arg in row)) for row in zip(*args)]


def check(kernel, dtype):
    """The largest error of the kernel's answers, through the front door for its kind."""
    if kernel.kind == "map":
        args = arguments(kernel, dtype, 500)
        have = ovum.vectorize(kernel.fn)(*args)
        assert have.dtype == WIDTHS[kernel.out or dtype]
        one = ovum.jit(kernel.fn)(*(arg[0] for arg in args))
        assert one == have[0]
        return worst(have, exact_map(kernel, args))
    domain = [kernel.domain[0]] * kernel.arity
    args = arguments(Kernel(kernel.fn, kernel.arity, domain), dtype, 400)
    wide = [arg.tolist() for arg in args]
    if kernel.kind == "reduce":
        return worst([ovum.jit(kernel.fn)(*args)], [kernel.fn(*wide)])
    out, exact = np.zeros_like(args[0]), [0.0] * len(args[0])
    ovum.jit(kernel.fn)(*args, out)
    kernel.fn(*wide, exact)
    return worst(out, exact)


def rows(table):
    return [
        pytest.param(kernel, dtype, id=f"{name}-{dtype}")
        for name, kernel in table.items()
        for dtype in kernel.dtypes
    ]


@pytest.mark.parametrize(("kernel", "dtype"), rows(OWN))
def test_own_kernels(kernel, dtype):
    assert check(kernel, dtype) <= allowed(kernel, dtype)


@pytest.mark.skipif("OVUM_KERNEL_TABLE" not in os.environ, reason="OVUM_KERNEL_TABLE names no table")
@pytest.mark.parametrize(("kernel", "dtype"), rows(external()))
def test_external_kernels(kernel, dtype):
    error = check(kernel, dtype)
    print(f"{kernel.fn.__name__} {dtype}: error {error:.2e}, allowed {allowed(kernel, dtype):.2e}")
    assert error <= allowed(kernel, dtype)
