"""Times kernels beside numba, NumPy, jax and gcc: nanoseconds per element, and ratios.

    python -m venv VENV && VENV/bin/pip install numpy numba jax
    cargo build --release -p backend-simd --example kernels
    cargo build --release -p backend-cranelift --example loops
    VENV/bin/python benches/kernels.py [--rounds 3] [--target target/release/examples]

Rivals that are not installed are left out. Every rival gets the kernel as a user writes it, and
fast mathematics where it has that. Rounds are interleaved, a rival after the other; a figure is the
least of the rounds, each the least of its runs: of the thread's CPU time for numba, NumPy and gcc,
of the wall clock for Ovum and jax, which has threads of its own. On a machine that does other work
runs of more than a few milliseconds are preempted, so that the wall clock says too much. Ovum, gcc
and numba's loops use one thread; jax is pinned to one core with this process. numba of PyPI has no vector forms of
elementary functions (SVML needs Intel's library and a patched LLVM).
"""

import argparse
import math
import os
import subprocess
import sys
import tempfile
import time
from math import cos, erf, exp, expm1, log, log1p, sin, sqrt, tanh
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SIZES = [4096, 1_000_000]


def geglu_exact(a):
    return 0.5 * a * (1.0 + tanh(0.7978845608028654 * (a + 0.044715 * a**3)))


def geglu_pade(a):
    x = 0.7978845608028654 * (a + 0.044715 * a**3)
    t = (10.0 * x**3 + 105.0 * x) / (x**4 + 45.0 * x**2 + 105.0)
    return 0.5 * a * (1.0 + t)


def sigmoid(x):
    return 1.0 / (1.0 + exp(-x))


def silu(x):
    return x / (1.0 + exp(-x))


def softplus(x):
    if x > 0.0:
        return x + log1p(exp(-x))
    return log1p(exp(x))


def poly7(x):
    return (
        1.0 + 0.5 * x + 0.25 * x**2 - 0.125 * x**3 + 0.0625 * x**4
        - 0.03125 * x**5 + 0.015625 * x**6 - 0.0078125 * x**7
    )  # fmt: skip


def sincos_mix(x, y):
    return sin(x) * cos(y) + cos(x) * sin(y)


def hypot_like(x, y):
    return sqrt(x * x + y * y)


def black_scholes_call(s, k, t, r, v):
    d1 = (log(s / k) + (r + 0.5 * v * v) * t) / (v * sqrt(t))
    d2 = d1 - v * sqrt(t)
    n1 = 0.5 * (1.0 + erf(d1 / sqrt(2.0)))
    n2 = 0.5 * (1.0 + erf(d2 / sqrt(2.0)))
    return s * n1 - k * exp(-r * t) * n2


def gauss_pdf(x, mu, sigma):
    z = (x - mu) / sigma
    return exp(-0.5 * z * z) / (sigma * 2.5066282746310002)


def log1p_expm1(x):
    return log1p(x) + expm1(-0.5 * x)


def newton_sqrt(x):
    g = 0.5 * (1.0 + x)
    for _ in range(8):
        g = 0.5 * (g + x / g)
    return g


def mandel_escape(cr, ci):
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


def collatz_steps(n):
    steps = 0
    while n > 1:
        if n % 2 == 0:
            n = n // 2
        else:
            n = 3 * n + 1
        steps += 1
    return steps


def sum_squares(n):
    s = 0
    for i in range(n):
        s += i * i
    return s


def dot(x, y):
    s = x[0] - x[0]
    for i in range(len(x)):
        s += x[i] * y[i]
    return s


def stencil3(x, out):
    for i in range(1, len(x) - 1):
        out[i] = 0.25 * x[i - 1] + 0.5 * x[i] + 0.25 * x[i + 1]


def largest(x):
    m = x[0]
    for i in range(1, len(x)):
        if x[i] > m:
            m = x[i]
    return m


def axpy(x, y):
    for i in range(len(x)):
        y[i] = 0.5 * x[i] + y[i]


def softened(x):
    s = x[0] - x[0]
    for i in range(len(x)):
        s += exp(-x[i] * x[i])
    return s


F = (-6.0, 6.0)
OPTION = [(10.0, 50.0), (10.0, 50.0), (0.1, 3.0), (0.0, 0.1), (0.1, 0.6)]
# Name: function, domains, kind. "newton_scalar" is a loop that is not taken apart.
KERNELS = {
    "poly7": (poly7, [(-1.0, 1.0)], "map"),
    "geglu_pade": (geglu_pade, [F], "map"),
    "geglu_exact": (geglu_exact, [F], "map"),
    "sigmoid": (sigmoid, [(-30.0, 30.0)], "map"),
    "silu": (silu, [(-30.0, 30.0)], "map"),
    "softplus": (softplus, [(-30.0, 30.0)], "map"),
    "sincos_mix": (sincos_mix, [F, F], "map"),
    "hypot_like": (hypot_like, [(-100.0, 100.0)] * 2, "map"),
    "black_scholes_call": (black_scholes_call, OPTION, "map"),
    "gauss_pdf": (gauss_pdf, [(-5.0, 5.0), (-1.0, 1.0), (0.5, 2.0)], "map"),
    "log1p_expm1": (log1p_expm1, [(0.0, 20.0)], "map"),
    "newton_sqrt": (newton_sqrt, [(0.01, 100.0)], "map"),
    "dot": (dot, [(-1.0, 1.0)] * 2, "arrays"),
    "stencil3": (stencil3, [(-1.0, 1.0)] * 2, "arrays"),
    "largest": (largest, [(-1.0, 1.0)], "arrays"),
    "axpy": (axpy, [(-1.0, 1.0)] * 2, "arrays"),
    "softened": (softened, [(-1.0, 1.0)], "arrays"),
    "mandel_escape": (mandel_escape, [(-2.0, 0.6), (-1.2, 1.2)], "scalar"),
    "collatz_steps": (collatz_steps, [(1, 100_000)], "scalar"),
    "newton_scalar": (newton_sqrt, [(0.01, 100.0)], "scalar"),
    "mandel_scalar": (mandel_escape, [(-2.0, 0.6), (-1.2, 1.2)], "scalar"),
    "collatz_scalar": (collatz_steps, [(1, 100_000)], "scalar"),
    "sum_squares": (sum_squares, [(0, 200)], "scalar"),
}
# The same kernels, an element after the other: beside the rivals' figures for the kernel, and not
# in the means, which have it already.
SCALAR_FORMS = {
    "newton_scalar": "newton_sqrt",
    "mandel_scalar": "mandel_escape",
    "collatz_scalar": "collatz_steps",
}
INTEGERS = {"collatz_steps", "sum_squares"}
TO_INTEGERS = INTEGERS | {"mandel_escape"}


def numpy_forms(np):
    """The kernels that NumPy's users write as expressions."""
    return {
        "poly7": lambda x: np.polyval(
            np.array([-0.0078125, 0.015625, -0.03125, 0.0625, -0.125, 0.25, 0.5, 1.0], x.dtype), x
        ),
        "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
        "silu": lambda x: x / (1 + np.exp(-x)),
        "softplus": lambda x: np.logaddexp(0, x),
        "geglu_exact": lambda a: (
            0.5 * a * (1 + np.tanh(0.7978845608028654 * (a + 0.044715 * a * a * a)))
        ),
        "sincos_mix": lambda x, y: np.sin(x) * np.cos(y) + np.cos(x) * np.sin(y),
        "hypot_like": lambda x, y: np.sqrt(x * x + y * y),
        "gauss_pdf": lambda x, m, s: (
            np.exp(-0.5 * ((x - m) / s) ** 2) / (s * 2.5066282746310002)
        ),
        "log1p_expm1": lambda x: np.log1p(x) + np.expm1(-0.5 * x),
        "dot": np.dot,
        "largest": np.max,
    }


def least(n, run, clock=time.thread_time_ns):
    best = math.inf
    for _ in range(100 if n < 10_000 else 7):
        start = clock()
        run()
        best = min(best, clock() - start)
    return best / n


def note(table, key, figure):
    table[key] = min(figure, table.get(key, math.inf))


def run_lines(table, who, command, ty=None):
    """A program that prints `NAME [TYPE] N NANOSECONDS [MICROSECONDS]`."""
    if not Path(command[0]).exists():
        print(f"{command[0]} is not built: left out", file=sys.stderr)
        return
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    for line in text.splitlines():
        words = line.split()
        name, kind = words[0], ty or words[1]
        n, figure = (words[1], words[2]) if ty else (words[2], words[3])
        note(table, (who, name, kind, int(n)), float(figure))
        if not ty:
            note(table, ("compile", name, kind, 0), float(words[4]))


def aligned(np, values):
    """A copy that begins a cache line, as the arrays of Ovum's, gcc's and jax's runs do."""
    memory = np.empty(values.nbytes + 64, np.uint8)
    first = -memory.ctypes.data % 64
    copy = memory[first : first + values.nbytes].view(values.dtype)
    copy[:] = values
    return copy


def inputs(np, name, domains, dtype):
    random = np.random.default_rng(0)
    if name in INTEGERS:
        return [aligned(np, random.integers(low, high, SIZES[-1])) for low, high in domains]
    return [
        aligned(np, random.uniform(low, high, SIZES[-1]).astype(dtype)) for low, high in domains
    ]


def numba_callable(numba, name, ty):
    function, domains, kind = KERNELS[name]
    if kind == "arrays":
        return numba.njit(fastmath=True, error_model="numpy")(function)
    word = "int64" if name in INTEGERS else {"f64": "float64", "f32": "float32"}[ty]
    result = "int64" if name in TO_INTEGERS else word
    inner = numba.njit(fastmath=True, error_model="numpy")(function)
    names = ", ".join(f"a{k}" for k in range(len(domains)))
    items = ", ".join(f"a{k}[i]" for k in range(len(domains)))
    text = f"def loop({names}, out):\n for i in range(len(out)):\n  out[i] = inner({items})\n"
    scope = {"inner": inner}
    exec(text, scope)  # noqa: S102 - the text is this file's own
    arrays = ", ".join(f"{word}[::1]" for _ in domains)
    signature = f"void({arrays}, {result}[::1])"
    return numba.njit(signature, fastmath=True, error_model="numpy")(scope["loop"])


def jax_form(jax, jnp, name):
    from jax.scipy.special import erf as jerf

    scope = dict(vars(math), tanh=jnp.tanh, exp=jnp.exp, log=jnp.log, log1p=jnp.log1p, erf=jerf)
    scope.update(expm1=jnp.expm1, sin=jnp.sin, cos=jnp.cos)
    scope["sqrt"] = lambda x: math.sqrt(x) if isinstance(x, float) else jnp.sqrt(x)
    if name == "softplus":
        return jax.jit(lambda x: jnp.where(x > 0, x, 0) + jnp.log1p(jnp.exp(-jnp.abs(x))))
    if name == "dot":
        return jax.jit(jnp.dot)
    if name == "largest":
        return jax.jit(jnp.max)
    function, _, kind = KERNELS[name]
    if kind != "map":
        return None
    rebound = type(function)(function.__code__, scope)
    return jax.jit(rebound)


def measure_here(table, np, round_number):
    """numba, NumPy and jax, in this process."""
    try:
        import numba
    except ImportError:
        numba = None
    try:
        os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")
        import jax

        jax.config.update("jax_enable_x64", True)
        import jax.numpy as jnp
    except ImportError:
        jax = None
    forms = numpy_forms(np)
    for name, (_, domains, kind) in KERNELS.items():
        if name in SCALAR_FORMS:
            continue
        for ty, dtype in [("f64", np.float64), ("f32", np.float32)]:
            if kind == "scalar" and ty == "f32":
                continue
            data = inputs(np, name, domains, dtype)
            out = np.zeros(SIZES[-1], np.int64 if name in TO_INTEGERS else dtype)
            out = aligned(np, out)
            for n in SIZES:
                args = [a[:n] for a in data]
                if numba:
                    key = ("numba", name, ty)
                    call = CALLS.get(key) or CALLS.setdefault(key, numba_callable(numba, name, ty))
                    full = args if kind == "arrays" else [*args, out[:n]]
                    call(*full)
                    note(table, ("numba", name, ty, n), least(n, lambda: call(*full)))
                if name in forms:
                    note(table, ("numpy", name, ty, n), least(n, lambda: forms[name](*args)))
                if jax and n > 10_000:
                    key = ("jax", name)
                    call = CALLS.get(key) or CALLS.setdefault(key, jax_form(jax, jnp, name))
                    if call:
                        there = [jnp.asarray(a) for a in args]
                        call(*there).block_until_ready()
                        figure = least(
                            n, lambda: call(*there).block_until_ready(), time.perf_counter_ns
                        )
                        note(table, ("jax", name, ty, n), figure)
        print(f"round {round_number}: {name}", file=sys.stderr)


CALLS: dict = {}


def show(table):
    rivals = ["numba", "gcc", "jax", "numpy"]
    print("| kernel | type | n | ovum | " + " | ".join(rivals), end="")
    print(" | " + " | ".join(f"/{r}" for r in rivals) + " | compile us |")
    print("|---|---|---|---|" + "---|" * (2 * len(rivals) + 1))
    logs = {rival: [] for rival in rivals}
    for name in KERNELS:
        for ty in ["f64", "f32"]:
            for n in SIZES:
                own = table.get(("ovum", name, ty, n))
                if own is None:
                    continue
                key = (SCALAR_FORMS.get(name, name), ty, n)
                theirs = [table.get((rival, *key)) for rival in rivals]
                for rival, figure in zip(rivals, theirs):
                    if figure and n > 10_000 and name not in SCALAR_FORMS:
                        logs[rival].append(math.log(own / figure))
                cells = ["-" if t is None else f"{t:.3f}" for t in theirs]
                ratios = ["-" if t is None else f"{own / t:.2f}" for t in theirs]
                compile_time = table.get(("compile", name, ty, 0), math.nan)
                row = [name, ty, str(n), f"{own:.3f}", *cells, *ratios, f"{compile_time:.0f}"]
                print("| " + " | ".join(row) + " |")
    for rival, values in logs.items():
        if values:
            mean = math.exp(sum(values) / len(values))
            print(f"\ngeometric mean at 1e6 against {rival}: {mean:.2f} of {len(values)} rows")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--target", type=Path, default=ROOT / "target/release/examples")
    arguments.add_argument("--no-gcc", action="store_true")
    arguments.add_argument("--threads", action="store_true", help="one thread, two, and a copy")
    arguments.add_argument("--only", metavar="A,B", help="these kernels in this process's part")
    options = arguments.parse_args()
    if options.threads:
        print("| kernel | type | 1 thread | 2 threads | speed-up | GB/s | of a copy |")
        print("|---|---|---|---|---|---|---|", flush=True)
        program = [options.target / "kernels", "threads"]
        done = subprocess.run(program, check=True, capture_output=True, text=True)
        for line in done.stdout.splitlines():
            print("| " + " | ".join(line.split()) + " |")
        return
    if options.only:
        for name in set(KERNELS) - set(options.only.split(",")):
            del KERNELS[name]
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    try:
        import numpy as np
    except ImportError:
        np = None
    table: dict = {}
    with tempfile.TemporaryDirectory() as folder:
        programs = {}
        for ty, c_type in [("f64", "double"), ("f32", "float")]:
            if options.no_gcc:
                continue
            program = Path(folder) / ty
            source = ROOT / "backend-simd/examples/kernels.c"
            flags = ["-O3", "-march=native", "-ffast-math", f"-DT={c_type}"]
            command = ["gcc", *flags, str(source), "-o", str(program), "-lm"]
            if subprocess.run(command, check=False).returncode == 0:
                programs[ty] = program
        for round_number in range(1, options.rounds + 1):
            if np:
                measure_here(table, np, round_number)
            run_lines(table, "ovum", [options.target / "kernels", "lines"])
            run_lines(table, "ovum", [options.target / "loops"])
            for ty, program in programs.items():
                run_lines(table, "gcc", [program], ty)
    load = ", ".join(f"{x:.1f}" for x in os.getloadavg())
    print(f"Load of the machine: {load}. Rounds: {options.rounds}. Nanoseconds per element.\n")
    show(table)


if __name__ == "__main__":
    main()
