"""What using the package costs: a call, the first compilation, the cache, the import; numba's beside
it where it is installed.

    python python/benches/overheads.py [--processes 5] [--json]

Latency is from the decorator to the first result, in a process of its own each time; the best and
the median of the processes, on the wall clock and of the processor. Calls are the best of seven
rounds of 100,000, interleaved. On a machine that does other work wall times are upper bounds.
"""

import argparse
import importlib.util
import json
import math
import statistics
import subprocess
import sys
import tempfile
import time

HERE = __file__
CALLS = 100_000
ROUNDS = 7


def geglu(a):
    inner = math.sqrt(2.0 / math.pi) * (a + 0.044715 * a**3)
    return 0.5 * a * (1.0 + math.tanh(inner))


def polynomial(x):
    return 3.0 * x * x + 1.0


def element(a, i):
    return a[i]


def add(a, b):
    return a + b


def first_result(compiler, **options):
    """From the decorator to the first result of GEGLU."""
    clock = Clock()
    compiled = compiler(**options)(geglu)
    result = compiled(0.315)
    milliseconds = clock.read()
    assert abs(result - geglu(0.315)) < 1e-15
    return milliseconds


class Clock:
    """Milliseconds since it was made: on the wall, and of the processor."""

    def __init__(self):
        self.start = time.perf_counter(), time.process_time()

    def read(self):
        now = time.perf_counter(), time.process_time()
        return [1e3 * (end - start) for end, start in zip(now, self.start, strict=True)]


def child(what, folder):
    """One measurement, in this process."""
    import numpy  # noqa: F401 - not counted: users have it

    if what == "import":
        clock = Clock()
        import ovum  # noqa: F401

        return clock.read()
    if what.startswith("numba"):
        import numba

        if what == "numba-warm":
            numba.njit(lambda x: x + 1.0)(1.0)
        return first_result(numba.njit)
    import ovum

    if what == "cache":
        return first_result(ovum.jit, cache=folder)
    if what == "warm":
        ovum.jit(polynomial)(1.0)
    return first_result(ovum.jit)


def in_process(what, folder):
    """The measurement, in a process of its own."""
    command = [sys.executable, HERE, "--child", what, "--folder", folder]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def call_times(compilers):
    """The best nanoseconds of a call, by function and compiler."""
    import timeit

    import numpy as np

    cases = [(polynomial, (2.0,)), (element, (np.arange(9.0), 3)), (add, (3, 4))]
    table = {}
    for function, args in cases:
        compiled = {name: compile_(function) for name, compile_ in compilers.items()}
        for one in compiled.values():
            one(*args)
        best = dict.fromkeys(compiled, float("inf"))
        names = ", ".join(f"a{at}" for at in range(len(args)))
        for _ in range(ROUNDS):
            for name, one in compiled.items():
                scope = {"f": one, **{f"a{at}": arg for at, arg in enumerate(args)}}
                seconds = timeit.timeit(f"f({names})", globals=scope, number=CALLS)
                best[name] = min(best[name], 1e9 * seconds / CALLS)
        table[function.__name__] = best
    return table


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--processes", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--child")
    parser.add_argument("--folder", default="")
    options = parser.parse_args()
    if options.child:
        print(child(options.child, options.folder))
        return
    import ovum

    compilers = {"python": lambda function: function, "ovum": ovum.jit}
    kinds = ["import", "cold", "warm", "cache"]
    if importlib.util.find_spec("numba"):
        import numba

        compilers["numba"] = numba.njit
        kinds += ["numba", "numba-warm"]
    times = {kind: [] for kind in kinds}
    with tempfile.TemporaryDirectory() as folder:
        in_process("cache", folder)
        for _ in range(options.processes):
            for kind in kinds:
                times[kind].append(in_process(kind, folder))
    calls = call_times(compilers)
    if options.json:
        print(json.dumps({"version": 1, "milliseconds": times, "call_nanoseconds": calls}))
        return
    print("| milliseconds | wall, best | median | processor, best | median |\n|---|---|---|---|---|")
    for kind, values in times.items():
        columns = [f(column) for column in zip(*values) for f in (min, statistics.median)]
        print(f"| {kind} | {' | '.join(f'{value:.2f}' for value in columns)} |")
    print(f"\n| call, ns | {' | '.join(compilers)} |\n|---{'|---' * len(compilers)}|")
    for name, best in calls.items():
        print(f"| {name} | {' | '.join(f'{best[kind]:.0f}' for kind in compilers)} |")


if __name__ == "__main__":
    main()
