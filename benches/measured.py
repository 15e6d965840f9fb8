"""What `kernels.py` and `against_numpy.py` share: the kernels, medians, and what surrounds a run."""

import math
import os
import statistics
import time
from itertools import repeat
from math import cos, erf, exp, expm1, log, log1p, sin, sqrt, tanh

# Above this many elements runs are few, and by the thread's CPU time.
MANY = 10_000
# So much slower than at best the loop between runs may be with --steady: a core's frequency changes by
# a seventh, and somebody else on its other half makes the loop take 1.7 times as long (Zen 4).
SLACK = 1.25
# Seconds in which full speed is looked for at first; a faster loop later counts from then on.
FIRST = 0.3


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
INTEGERS = {"collatz_steps", "sum_squares"}
TO_INTEGERS = INTEGERS | {"mandel_escape"}


def alone():
    """Keeps this process on one processor, where the system can; what to say of the machine's load."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    load = ", ".join(f"{x:.1f}" for x in os.getloadavg())
    return f"Load of the machine: {load}."


HELP_STEADY = "repeat runs on slow cores, for S seconds a figure"


class Steady:
    """Runs that count only while the core is as fast as it can be, as `ovum bench engine --steady`
    has them: a core of a virtual machine is often half of a processor's, and slower while somebody
    else is at work on the other half. A short loop before a run and after it tells."""

    def __init__(self):
        self.patience = None
        self.fastest = math.inf
        self.until = math.inf
        self.runs = self.slow = 0

    def begin(self, seconds):
        """Waits from now on for full speed, so long for each figure."""
        self.patience = seconds
        start = time.monotonic()
        while time.monotonic() - start < FIRST:
            self.look()

    def look(self):
        """The time of the loop, the least of three: a kernel leaves nothing of it in the caches."""
        loops = []
        for _ in range(3):
            start = time.perf_counter_ns()
            for _ in repeat(None, 10_000):
                pass
            loops.append(time.perf_counter_ns() - start)
        self.fastest = min(self.fastest, *loops)
        return min(loops)

    def figure(self):
        """Begins another figure: patience is new."""
        if self.patience is not None:
            self.until = time.monotonic() + self.patience

    def run(self, take):
        """What `take()` gives, of a run at full speed or, when patience has ended, at any."""
        if self.patience is None:
            return take()
        while True:
            before = self.look()
            taken = take()
            is_slow = max(before, self.look()) > self.fastest * SLACK
            if not is_slow or time.monotonic() > self.until:
                self.runs += 1
                self.slow += is_slow
                return taken

    def report(self):
        """How many runs were beside a slow loop after all."""
        if self.patience is None:
            return ""
        return f"Steady: {self.slow} of {self.runs} runs in this process on slow cores."


STEADY = Steady()


def per_element(n, run, clock=None):
    """Nanoseconds per element, the median of some runs; short ones by the wall clock, since reading
    a thread's CPU time takes half a microsecond."""
    clock = clock or (time.perf_counter_ns if n < MANY else time.thread_time_ns)

    def take():
        start = clock()
        run()
        return clock() - start

    STEADY.figure()
    runs = 101 if n < MANY else 9 if n < 5_000_000 else 5
    return statistics.median(STEADY.run(take) for _ in range(runs)) / n


def medians(figures):
    """The median of each key's figures."""
    return {key: statistics.median(taken) for key, taken in figures.items()}


def error_cells(measured):
    """Bounds and measured errors of an `accuracy()`."""
    bounds = [f"{f['name']} {f['bound_ulp']:g} ulp" for f in measured["functions"]]
    bounds += [f"{one['rule']} {one['bound']:.1e}" for one in measured["approximations"]]
    absolute, ulp = measured["absolute"]["error"], measured["ulp"]["error"]
    error = f"{absolute:.1e}, {ulp:.3g} ulp" if absolute else "none"
    return [", ".join(bounds) or "no approximation", error]
