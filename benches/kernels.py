"""Times kernels beside numba, NumPy, numexpr, jax, gcc and clang: nanoseconds per element, ratios.

    python -m venv VENV && VENV/bin/pip install numpy numba numexpr jax
    cargo build --release -p backend-simd --example kernels
    cargo build --release -p backend-cranelift --example loops
    VENV/bin/python benches/kernels.py [--rounds 3] [--steady 2] [--target target/release/examples]
    VENV/bin/python benches/kernels.py --first
    VENV/bin/python benches/kernels.py --sizes 1,1000,100000,1000000,10000000 --page kernels.html

Rivals that are not installed are left out; "numba-plain" is numba without `fastmath`, and
"ovum-python" the package of the Python that runs this, if it is installed (`pip install .`): the
kernel mapped by `vectorize(fast=True, fastmath=True)`, the call included as in the figures of
numba, NumPy, numexpr and jax. "ovum", gcc and clang are called from machine code. Every rival gets
the kernel as a user writes it, and fast mathematics where it has that. Rounds are interleaved, a
rival after the other; a figure is the median of the rounds, each the median of its runs: of the
thread's CPU time above 10,000 elements, and of the wall clock below and for jax, which has threads
of its own. On a machine that does other work runs of more than a few milliseconds are preempted, so
that the wall clock says too much; `--steady S` repeats runs on slow cores, for S seconds a figure,
and says how many were on such cores after all. Ovum, gcc and numba's loops use one thread; jax is
pinned to one core with this process. numba of PyPI has no vector forms of elementary functions (SVML
needs Intel's library and a patched LLVM).
"""

import argparse
import importlib
import importlib.metadata
import math
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import kernels_page
from measured import (
    HELP_STEADY,
    INTEGERS,
    KERNELS,
    MANY,
    STEADY,
    TO_INTEGERS,
    alone,
    error_cells,
    medians,
    per_element,
)

ROOT = Path(__file__).resolve().parent.parent
SIZES = [4096, 1_000_000]
RIVALS = ["numba", "gcc", "jax", "numpy", "numba-plain", "numexpr", "clang", "ovum-python"]
C_COMPILERS = {
    "gcc": ["-O3", "-march=native", "-ffast-math"],
    "clang": ["-O3", "-march=native", "-ffast-math", "-fveclib=libmvec"],
}
# The same kernels, an element after the other: beside the rivals' figures for the kernel, and not
# in the means, which have it already.
SCALAR_FORMS = {
    "newton_scalar": "newton_sqrt",
    "mandel_scalar": "mandel_escape",
    "collatz_scalar": "collatz_steps",
}
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


# The kernels in numexpr's language, which has no erf and no loops; names are those of parameters.
NUMEXPR_FORMS = {
    "poly7": "1.0 + 0.5*x + 0.25*x**2 - 0.125*x**3 + 0.0625*x**4"
    " - 0.03125*x**5 + 0.015625*x**6 - 0.0078125*x**7",
    "geglu_exact": "0.5*a*(1.0 + tanh(0.7978845608028654*(a + 0.044715*a**3)))",
    "sigmoid": "1.0/(1.0 + exp(-x))",
    "silu": "x/(1.0 + exp(-x))",
    "softplus": "where(x > 0.0, x + log1p(exp(-x)), log1p(exp(x)))",
    "sincos_mix": "sin(x)*cos(y) + cos(x)*sin(y)",
    "hypot_like": "sqrt(x*x + y*y)",
    "gauss_pdf": "exp(-0.5*((x - mu)/sigma)**2)/(sigma*2.5066282746310002)",
    "log1p_expm1": "log1p(x) + expm1(-0.5*x)",
    "largest": "max(x)",
}


def note(table, key, figure):
    table.setdefault(key, []).append(figure)


def lines_of(command):
    """What a program that times kernels prints. Its large arrays ask for large pages, as NumPy's do."""
    variables = dict(
        os.environ,
        OVUM_KERNEL_SIZES=",".join(map(str, SIZES)),
        OVUM_KERNEL_NAMES=",".join({*KERNELS, *(SCALAR_FORMS.get(name, name) for name in KERNELS)}),
        GLIBC_TUNABLES="glibc.malloc.hugetlb=1",
    )
    if STEADY.patience is not None:
        variables["OVUM_STEADY"] = str(STEADY.patience)
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=variables)
    return done.stdout.splitlines()


def run_lines(table, who, command, ty=None):
    """A program that prints `NAME [TYPE] N NANOSECONDS [MICROSECONDS]`."""
    if not Path(command[0]).exists():
        print(f"{command[0]} is not built: left out", file=sys.stderr)
        return
    for line in lines_of(command):
        words = line.split()
        name, kind = words[0], ty or words[1]
        n, figure = (words[1], words[2]) if ty else (words[2], words[3])
        note(table, (who, name, kind, int(n)), float(figure))
        if not ty:
            note(table, ("compile", name, kind, 0), float(words[4]))


def aligned(np, values):
    """A copy that begins a cache line, as the arrays of Ovum's, gcc's and jax's runs do, large enough
    for NumPy to ask for large pages, as their runs do for such arrays from 2 MiB on."""
    enough = 1 << 22 if values.nbytes > 1 << 21 else 0
    memory = np.empty(max(values.nbytes + 64, enough), np.uint8)
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


def numba_callable(numba, name, ty, fast):
    function, domains, kind = KERNELS[name]
    options = {"fastmath": True, "error_model": "numpy"} if fast else {}
    if kind == "arrays":
        return numba.njit(**options)(function)
    word = "int64" if name in INTEGERS else {"f64": "float64", "f32": "float32"}[ty]
    result = "int64" if name in TO_INTEGERS else word
    inner = numba.njit(**options)(function)
    names = ", ".join(f"a{k}" for k in range(len(domains)))
    items = ", ".join(f"a{k}[i]" for k in range(len(domains)))
    text = f"def loop({names}, out):\n for i in range(len(out)):\n  out[i] = inner({items})\n"
    scope = {"inner": inner}
    exec(text, scope)  # noqa: S102 - the text is this file's own
    arrays = ", ".join(f"{word}[::1]" for _ in domains)
    signature = f"void({arrays}, {result}[::1])"
    return numba.njit(signature, **options)(scope["loop"])


def python_callable(ovum, name):
    """The kernel as a user of the package compiles it."""
    function, _, kind = KERNELS[name]
    options = {"fast": True, "fastmath": True}
    return ovum.jit(function, **options) if kind == "arrays" else ovum.vectorize(function, **options)


def errors(ovum, name, ty):
    """The bounds that the package's code of a kernel relies on, and the error measured over the
    kernel's domain, as two cells; of array kernels, with arrays of 1000 elements."""
    if ovum is None:
        return ["-", "-"]
    function, domains, kind = KERNELS[name]
    word = "i64" if name in INTEGERS else ty
    types = ", ".join([f"array[{word}, 1]" if kind == "arrays" else word] * len(domains))
    names = function.__code__.co_varnames[: len(domains)]
    compiled = once(("ovum", name), lambda: python_callable(ovum, name))
    measured = compiled.accuracy(types, samples=10_000, domain=dict(zip(names, domains)))
    return error_cells(measured)


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


def imported(name):
    """A package, or nothing where it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def packages():
    """The rivals of this process that are installed, set to one thread each."""
    os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")
    found = {name: imported(name) for name in ["numba", "numexpr", "jax", "ovum"]}
    if found["jax"]:
        found["jax"].config.update("jax_enable_x64", True)
    if found["numexpr"]:
        found["numexpr"].set_num_threads(1)
    return found


def once(key, make):
    """What was made for this key before, or now."""
    if key not in CALLS:
        CALLS[key] = make()
    return CALLS[key]


def contenders(found, forms, name, ty):
    """Who runs this kernel here: a function of its arrays and of the one for the result, each."""
    kind = KERNELS[name][2]
    calls = {}
    if numba := found["numba"]:
        for who, fast in [("numba", True), ("numba-plain", False)]:
            call = once((who, name, ty), lambda: numba_callable(numba, name, ty, fast))
            calls[who] = (
                (lambda args, out, call=call: call(*args))
                if kind == "arrays"
                else (lambda args, out, call=call: call(*args, out))
            )
    if name in forms:
        calls["numpy"] = lambda args, out: forms[name](*args)
    if (numexpr := found["numexpr"]) and name in NUMEXPR_FORMS:
        names = KERNELS[name][0].__code__.co_varnames
        text = NUMEXPR_FORMS[name]
        result = {} if kind == "arrays" else {"casting": "same_kind"}

        def evaluate(args, out):
            target = {} if kind == "arrays" else {"out": out}
            numexpr.evaluate(text, dict(zip(names, args)), {}, **target, **result)

        calls["numexpr"] = evaluate
    if ovum := found["ovum"]:
        call = once(("ovum", name), lambda: python_callable(ovum, name))
        calls["ovum-python"] = (
            (lambda args, out: call(*args))
            if kind == "arrays"
            else (lambda args, out: call(*args, out=out))
        )
    return calls


def measure_jax(table, jax, name, ty, args):
    call = once(("jax", name), lambda: jax_form(jax, jax.numpy, name))
    if not call:
        return
    n = len(args[0])
    there = [jax.numpy.asarray(a) for a in args]
    call(*there).block_until_ready()
    figure = per_element(n, lambda: call(*there).block_until_ready(), time.perf_counter_ns)
    note(table, ("jax", name, ty, n), figure)


def measure_here(table, np, found, round_number):
    """The rivals that are packages, in this process."""
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
            calls = contenders(found, forms, name, ty)
            for n in SIZES:
                args = [a[:n] for a in data]
                for who, call in calls.items():
                    call(args, out[:n])
                    figure = per_element(n, lambda: call(args, out[:n]))
                    note(table, (who, name, ty, n), figure)
                if found["jax"] and n > MANY:
                    measure_jax(table, found["jax"], name, ty, args)
        print(f"round {round_number}: {name}", file=sys.stderr)


CALLS: dict = {}


def rows(table):
    """Kernel, type, size, Ovum's time and its rivals' of every measurement, in order."""
    for name in KERNELS:
        for ty in ["f64", "f32"]:
            for n in SIZES:
                own = table.get(("ovum", name, ty, n))
                if own is not None:
                    key = (SCALAR_FORMS.get(name, name), ty, n)
                    yield name, ty, n, own, {who: table.get((who, *key)) for who in RIVALS}


def show(table, ovum=None):
    rivals = [who for who in RIVALS if any(key[0] == who for key in table)]
    print("| kernel | type | n | ovum | " + " | ".join(rivals), end="")
    print(" | " + " | ".join(f"/{r}" for r in rivals) + " | compile us | bounds | measured error |")
    print("|---|---|---|---|" + "---|" * (2 * len(rivals) + 3))
    logs = {rival: [] for rival in rivals}
    for name, ty, n, own, figures in rows(table):
        theirs = [figures[rival] for rival in rivals]
        for rival, figure in zip(rivals, theirs):
            if figure and n == 1_000_000 and name not in SCALAR_FORMS:
                logs[rival].append(math.log(own / figure))
        cells = ["-" if t is None else f"{t:.3f}" for t in theirs]
        ratios = ["-" if t is None else f"{own / t:.2f}" for t in theirs]
        compile_time = table.get(("compile", name, ty, 0), math.nan)
        row = [name, ty, str(n), f"{own:.3f}", *cells, *ratios, f"{compile_time:.0f}"]
        row += once(("errors", name, ty), lambda: errors(ovum, name, ty))  # noqa: B023 - called here
        print("| " + " | ".join(row) + " |")
    for rival, values in logs.items():
        if values:
            mean = math.exp(sum(values) / len(values))
            print(f"\ngeometric mean at 1e6 against {rival}: {mean:.2f} of {len(values)} rows")


def first_results(np, ovum):
    """Milliseconds from the decorator to the result of a first call, nothing cached: of the first
    compilation in this process, and the median of nine."""
    print("| kernel | type | first ms | median ms |\n|---|---|---|---|", flush=True)
    SIZES[:] = [64]
    for name, (_, domains, kind) in KERNELS.items():
        for ty, dtype in [("f64", np.float64), ("f32", np.float32)]:
            if name in SCALAR_FORMS or name in INTEGERS and ty == "f32":
                continue
            args = inputs(np, name, domains, dtype)
            taken = []
            for _ in range(9):
                start = time.perf_counter_ns()
                python_callable(ovum, name)(*args)
                taken.append((time.perf_counter_ns() - start) / 1e6)
            print(f"| {name} | {ty} | {taken[0]:.2f} | {statistics.median(taken):.2f} |")


def threads(options):
    """Rounds with one thread and two, and a copy: medians, and the range of the speed-up."""
    figures: dict = {}
    for _ in range(options.rounds):
        for line in lines_of([options.target / "kernels", "threads"]):
            name, ty, *numbers = line.split()
            figures.setdefault((name, ty), []).append([float(number) for number in numbers])
    print("| kernel | type | 1 thread | 2 threads | speed-up | least, most | GB/s | of a copy |")
    print("|---|---|---|---|---|---|---|---|")
    for (name, ty), taken in figures.items():
        one, two, gains, speed, share = zip(*taken)
        middle = statistics.median
        print(
            f"| {name} | {ty} | {middle(one):.3f} | {middle(two):.3f} | {middle(gains):.2f} "
            f"| {min(gains):.2f}, {max(gains):.2f} | {middle(speed):.1f} | {middle(share):.2f} |"
        )


def versions(found):
    """Who was measured, with version and settings."""
    said = {
        "numba": "fastmath=True, error_model='numpy'; plain: the defaults; no SVML in PyPI's",
        "jax": "64 bits, one core, wall clock",
        "numexpr": "one thread, no VML in PyPI's",
        "ovum": "called from Python: fast=True, fastmath=True, out=",
    }
    lines = [f"{platform.processor() or platform.machine()}, Python {platform.python_version()}"]
    for name in ["numpy", *found]:
        if name == "numpy" or found[name]:
            lines.append(f"{name} {importlib.metadata.version(name)} {said.get(name, '')}".strip())
    for compiler in C_COMPILERS:
        if shutil.which(compiler):
            done = subprocess.run([compiler, "--version"], capture_output=True, text=True)
            flags = " ".join(C_COMPILERS[compiler])
            lines.append(f"{done.stdout.splitlines()[0]}: {flags}")
    return lines


def c_programs(folder, enabled):
    """The kernels as C programs: compiler, type and path of each that could be built."""
    for compiler, flags in C_COMPILERS.items():
        if not enabled or not shutil.which(compiler):
            continue
        for ty, c_type in [("f64", "double"), ("f32", "float")]:
            program = Path(folder) / f"{compiler}-{ty}"
            source = ROOT / "backend-simd/examples/kernels.c"
            command = [compiler, *flags, f"-DT={c_type}", str(source), "-o", str(program), "-lm"]
            done = subprocess.run(command, check=False, capture_output=True, text=True)
            if done.returncode == 0:
                yield compiler, ty, program
            else:
                print(f"{compiler} {ty} left out: {done.stderr}", file=sys.stderr)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--target", type=Path, default=ROOT / "target/release/examples")
    arguments.add_argument("--no-gcc", action="store_true", help="neither gcc nor clang")
    arguments.add_argument("--sizes", metavar="N,M", help="numbers of elements, increasing")
    arguments.add_argument("--page", type=Path, metavar="FILE", help="write plots as a page")
    arguments.add_argument("--threads", action="store_true", help="one thread, two, and a copy")
    arguments.add_argument("--first", action="store_true", help="source to first result, package")
    arguments.add_argument("--only", metavar="A,B", help="these kernels")
    arguments.add_argument("--steady", type=float, metavar="S", help=HELP_STEADY)
    options = arguments.parse_args()
    if options.steady is not None:
        STEADY.begin(options.steady)
    if options.only:
        for name in set(KERNELS) - set(options.only.split(",")):
            del KERNELS[name]
    if options.threads:
        threads(options)
        return
    if options.sizes:
        SIZES[:] = map(int, options.sizes.split(","))
    load = alone()
    np = imported("numpy")
    found = packages()
    if options.first:
        if not (np and found["ovum"]):
            arguments.error("--first needs NumPy and the package (`pip install .`)")
        first_results(np, found["ovum"])
        return
    table: dict = {}
    with tempfile.TemporaryDirectory() as folder:
        programs = list(c_programs(folder, not options.no_gcc))
        sizes = ",".join(map(str, SIZES))
        for round_number in range(1, options.rounds + 1):
            if np:
                measure_here(table, np, found, round_number)
            run_lines(table, "ovum", [options.target / "kernels", "lines"])
            run_lines(table, "ovum", [options.target / "loops"])
            for compiler, ty, program in programs:
                run_lines(table, compiler, [program, sizes], ty)
    about = [*versions(found), f"{load} Rounds: {options.rounds}. {STEADY.report()}".strip()]
    table = medians(table)
    print("\n".join(about) + "\nNanoseconds per element.\n")
    show(table, found["ovum"])
    if options.page:
        options.page.write_text(kernels_page.page(about, list(rows(table)), RIVALS))


if __name__ == "__main__":
    main()
