"""Times the Python package beside NumPy, calls included: nanoseconds a call, and ratios.

    VENV/bin/pip install .
    VENV/bin/python benches/against_numpy.py [--only exp,poly7] [--sizes 1000,1000000] [--rounds 9]

NumPy computes each kernel as its users write it. A row is a kernel, a type and a size, with a new
array for the result or with `out=` for both, with the bounds of the approximations in the last
mode's code and the error measured over the kernel's domain. A figure is the median of the rounds,
in which NumPy and every mode of Ovum take turns; each is the thread's CPU time for as many calls as
take about 100 microseconds (one at least). Kernels with loops over arrays of their own are
`ovum.jit`, the others `ovum.vectorize`. Everything runs on one thread. `--steady S` repeats runs on
slow cores, for S seconds a row. `--processes N` measures everything N times, each time in a process of
its own: where arrays lie in the machine's memory is drawn once per process, and what both read from
memory or from a last cache that other programs share takes either of them up to a tenth longer for
that. Ratios are then the medians of the processes', with the least and the greatest.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import repeat
from math import exp, log, sin, sqrt, tanh

# NumPy's products of arrays are otherwise shared with other threads, whose time nobody counts.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import ovum
from measured import HELP_STEADY, KERNELS, STEADY, alone, error_cells, medians

SIZES = [1_000, 10_000, 100_000, 1_000_000, 10_000_000]
MODES = {
    "default": {},
    "real": {"fastmath": True},
    "fast": {"fast": True},
    "fastmath": {"fast": True, "fastmath": True},
}
TYPES = {"f64": np.float64, "f32": np.float32}


def plus(x, y):
    return x + y


def times(x, y):
    return x * y


def divide(x, y):
    return x / y


def root(x):
    return sqrt(x)


def exponential(x):
    return exp(x)


def logarithm(x):
    return log(x)


def hyperbolic(x):
    return tanh(x)


def sine(x):
    return sin(x)


def maximum(x, y):
    return np.maximum(x, y)


def total(x):
    s = x[0] - x[0]
    for i in range(len(x)):
        s += x[i]
    return s


def pade(a, out=None):
    x = 0.7978845608028654 * (a + 0.044715 * a * a * a)
    x2 = x * x
    t = x * (10.0 * x2 + 105.0) / (x2 * x2 + 45.0 * x2 + 105.0)
    return np.multiply(0.5 * a, 1 + t, out=out)


def newton(x, out=None):
    g = 0.5 * (1.0 + x)
    for _ in range(7):
        g = 0.5 * (g + x / g)
    return np.multiply(0.5, g + x / g, out=out)


def stencil(x, y):
    y[1:-1] = 0.25 * x[:-2] + 0.5 * x[1:-1] + 0.25 * x[2:]


def axpy(x, y):
    y += 0.5 * x


SEVEN = [-0.0078125, 0.015625, -0.03125, 0.0625, -0.125, 0.25, 0.5]


def poly7(x, out=None):
    y = SEVEN[0] * x
    for coefficient in SEVEN[1:]:
        y += coefficient
        y *= x
    return np.add(y, 1.0, out=out)


UNIT, WIDE, POSITIVE = (-1.0, 1.0), (-6.0, 6.0), (0.01, 100.0)
# Name: Ovum's function, domains, NumPy's form, whether it is a map. A map's form takes `out=`.
BARE = {
    "x+y": (plus, [UNIT, UNIT], np.add, True),
    "x*y": (times, [UNIT, UNIT], np.multiply, True),
    "x/y": (divide, [UNIT, POSITIVE], np.divide, True),
    "sqrt": (root, [POSITIVE], np.sqrt, True),
    "exp": (exponential, [(-20.0, 20.0)], np.exp, True),
    "log": (logarithm, [POSITIVE], np.log, True),
    "tanh": (hyperbolic, [WIDE], np.tanh, True),
    "sin": (sine, [WIDE], np.sin, True),
    "maximum": (maximum, [UNIT, UNIT], np.maximum, True),
    "sum": (total, [UNIT], np.sum, False),
}
FORMS = {
    "poly7": poly7,
    "geglu_pade": pade,
    "geglu_exact": lambda a, out=None: np.multiply(
        0.5 * a, 1 + np.tanh(0.7978845608028654 * (a + 0.044715 * a * a * a)), out=out
    ),
    "sigmoid": lambda x, out=None: np.divide(1, 1 + np.exp(-x), out=out),
    "silu": lambda x, out=None: np.divide(x, 1 + np.exp(-x), out=out),
    "softplus": lambda x, out=None: np.logaddexp(0, x, out=out),
    "sincos_mix": lambda x, y, out=None: np.add(
        np.sin(x) * np.cos(y), np.cos(x) * np.sin(y), out=out
    ),
    "hypot_like": lambda x, y, out=None: np.sqrt(x * x + y * y, out=out),
    "gauss_pdf": lambda x, m, s, out=None: np.divide(
        np.exp(-0.5 * ((x - m) / s) ** 2), s * 2.5066282746310002, out=out
    ),
    "log1p_expm1": lambda x, out=None: np.add(np.log1p(x), np.expm1(-0.5 * x), out=out),
    "newton_sqrt": newton,
    "dot": np.dot,
    "largest": np.max,
    "stencil3": stencil,
    "axpy": axpy,
    "softened": lambda x: np.sum(np.exp(-x * x)),
}


def kernels():
    """Every kernel that NumPy can express, the bare functions first. NumPy has no `erf`."""
    found = dict(BARE)
    for name, form in FORMS.items():
        function, domains, kind = KERNELS[name]
        found[name] = function, domains, form, kind == "map"
    return found


def calls_of(function, form, is_map, arrays, out):
    """What NumPy and each mode call, with the arguments."""
    named = {} if out is None else {"out": out}
    compiler = ovum.vectorize if is_map else ovum.jit
    compiled = {mode: compiler(function, **options) for mode, options in MODES.items()}
    return {name: (call, arrays, named) for name, call in {"numpy": form, **compiled}.items()}


def measure(calls, rounds):
    """The median of nanoseconds a call, by name."""
    clock = time.thread_time_ns

    def take(call, arrays, named, repeats):
        start = clock()
        if named:
            for _ in repeat(None, repeats):
                call(*arrays, **named)
        else:
            for _ in repeat(None, repeats):
                call(*arrays)
        return (clock() - start) / repeats

    counts = {}
    for name, call in calls.items():
        # The first call compiles, the next ones find the caches cold.
        take(*call, 1)
        once = take(*call, 1)
        counts[name] = 1 if once > 1e6 else max(1, int(1e5 / max(take(*call, 20), 1.0)))
    figures = {name: [] for name in calls}
    STEADY.figure()
    for _ in range(rounds):
        for name, call in calls.items():
            figures[name].append(STEADY.run(lambda: take(*call, counts[name])))  # noqa: B023 - called here
    return medians(figures)


def accuracy(function, domains, is_map, ty):
    """The error of the last mode's code over the kernel's domain."""
    compiler = ovum.vectorize if is_map else ovum.jit
    compiled = compiler(function, **list(MODES.values())[-1])
    types = ", ".join([ty if is_map else f"array[{ty}, 1]"] * len(domains))
    names = function.__code__.co_varnames[: len(domains)]
    return compiled.accuracy(types, samples=10_000, domain=dict(zip(names, domains)))


def table(options):
    random = np.random.default_rng(1)
    rows = []
    for name, (function, domains, form, is_map) in kernels().items():
        if options.only and name not in options.only.split(","):
            continue
        for ty, dtype in TYPES.items():
            largest = max(options.sizes)
            data = [random.uniform(low, high, largest).astype(dtype) for low, high in domains]
            cells = error_cells(accuracy(function, domains, is_map, ty))
            for n in options.sizes:
                arrays = [array[:n] for array in data]
                for out in [None, np.empty(n, dtype)] if is_map else [None]:
                    calls = calls_of(function, form, is_map, arrays, out)
                    rounds = options.rounds if n < 1_000_000 else max(3, options.rounds // 2)
                    figures = measure(calls, rounds)
                    row = {"kernel": name, "type": ty, "n": n, "out": out is not None, **figures}
                    row["ratios"] = {mode: [row[mode] / row["numpy"]] for mode in MODES}
                    row["errors"] = cells
                    rows.append(row)
                    print(line(row), flush=True)
    return rows


def in_processes(count):
    """The rows of as many processes as are wanted, and what each says of slow cores at its end."""
    parts, reports = [], []
    for _ in range(count):
        with tempfile.NamedTemporaryFile("r", suffix=".json") as file:
            # The last of an option's values counts.
            command = [sys.executable, __file__, *sys.argv[1:], "--processes=1", "--json", file.name]
            said = subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout
            parts.append(json.load(file)["rows"])
        reports.append(said.splitlines()[-1])
    return [together(same) for same in zip(*parts, strict=True)], reports


def together(rows):
    """One row of what several processes found."""
    figures = medians({name: [row[name] for row in rows] for name in ["numpy", *MODES]})
    ratios = {mode: [row["ratios"][mode][0] for row in rows] for mode in MODES}
    return {**rows[0], **figures, "ratios": ratios}


def ratio(row, mode):
    return statistics.median(row["ratios"][mode])


def ratio_cell(row, mode):
    ratios = row["ratios"][mode]
    several = f" ({min(ratios):.2f} to {max(ratios):.2f})" if len(ratios) > 1 else ""
    return f"{ratio(row, mode):.2f}{several}"


def line(row):
    call = "out=" if row["out"] else "new"
    cells = [row["kernel"], row["type"], f"{row['n']:.0e}".replace("e+0", "e"), call]
    cells += [f"{row['numpy']:.0f}"]
    cells += [ratio_cell(row, mode) for mode in MODES]
    return "| " + " | ".join(cells + row["errors"]) + " |"


def summary(rows):
    for mode in MODES:
        mean = math.exp(statistics.fmean(math.log(ratio(row, mode)) for row in rows))
        slower = [row for row in rows if ratio(row, mode) > 1]
        print(f"\n{mode}: {mean:.2f} of NumPy's time in the geometric mean of {len(rows)} rows; "
              f"{len(slower)} slower than NumPy")  # fmt: skip
        if mode != "default":
            for row in sorted(slower, key=lambda row: -ratio(row, mode)):
                print("  " + line(row))


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--rounds", type=int, default=9)
    arguments.add_argument("--only", metavar="A,B", help="these kernels")
    arguments.add_argument("--sizes", default=",".join(map(str, SIZES)))
    arguments.add_argument("--modes", metavar="A,B", help=f"these of {', '.join(MODES)}")
    arguments.add_argument("--steady", type=float, metavar="S", help=HELP_STEADY)
    arguments.add_argument("--processes", type=int, default=1, metavar="N", help="so many, in turn")
    arguments.add_argument("--json", metavar="FILE", help="the figures, too")
    options = arguments.parse_args()
    options.sizes = [int(float(size)) for size in options.sizes.split(",")]
    if options.modes:
        for mode in set(MODES) - set(options.modes.split(",")):
            del MODES[mode]
    load = alone()
    if options.steady is not None and options.processes == 1:
        STEADY.begin(options.steady)
    print(f"NumPy {np.__version__}, Ovum {ovum.__version__}. {load}")
    print("Nanoseconds a call of NumPy; of Ovum the share of that.\n")
    modes = " | ".join(MODES)
    print(f"| kernel | type | n | result | NumPy | {modes} | bounds | measured error |")
    print("|---|---|---|---|---|" + "---|" * (len(MODES) + 2), flush=True)
    if options.processes > 1:
        rows, reports = in_processes(options.processes)
        print("\n".join(map(line, rows)))
    else:
        rows, reports = table(options), [STEADY.report()]
    summary(rows)
    print("\n".join(reports))
    if options.json:
        with open(options.json, "w") as file:
            json.dump({"version": 1, "numpy": np.__version__, "rows": rows}, file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
