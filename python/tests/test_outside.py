"""What compiled functions use from other modules, and how users of numba meet the package."""

import functools
import importlib
import itertools
import math
import pickle
import subprocess
import sys
import threading
import time

import numpy as np
import ovum
import pytest

RATE = 100.0

OTHER = '''
import math as m
import numpy as np
from math import sqrt
import ovum

RATE = 0.25
LIMITS = tuple(float(x) for x in ("1.0", "2.0"))
TABLE = [1, 2]
step = 3

def scaled(x, by=RATE * 2, *, shift=len(LIMITS)):
    return x * RATE * by + shift

def clipped(x):
    return min(max(scaled(x), LIMITS[0]), LIMITS[1])

def shadow(RATE):
    step = RATE + 1
    return step * sqrt(RATE)

@ovum.jit
def jitted(x, k=2.0):
    def inside(y):
        return y * RATE
    return inside(x) + m.floor(k) + np.maximum(x, k)

def even(n):
    return True if n == 0 else odd(n - 1) == True

def odd(n):
    return False if n == 0 else even(n - 1) == True

area = lambda r: m.pi * r**2 * RATE

def broken(x):
    return open(x)

@ovum.jit
def raises(x):
    return 1 // x
'''


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    folder = tmp_path_factory.mktemp("modules")
    package = folder / "elsewhere_for_ovum"
    package.mkdir()
    (package / "__init__.py").write_text("from . import other\nSCALE = 4.0\n")
    (package / "other.py").write_text(OTHER)
    sys.path.insert(0, str(folder))
    yield importlib.import_module("elsewhere_for_ovum")
    sys.path.remove(str(folder))


def agrees(function, *args):
    assert ovum.jit(function)(*args) == function(*args)
    again = pickle.loads(pickle.dumps(ovum.jit(function)))
    assert again(*args) == function(*args)


def test_names_mean_what_they_mean_in_their_module(other):
    scaled, clipped, shadow = other.other.scaled, other.other.clipped, other.other.shadow
    renamed, jitted, area = other.other.scaled, other.other.jitted, other.other.area

    def numbers(x):
        return x * RATE + scaled(x) + clipped(x) + renamed(x, shift=5) + scaled(x, 1.0)

    def more(x):
        return shadow(x) + jitted(x, k=3.5) + area(x)

    agrees(numbers, 3.0)
    agrees(lambda x: scaled(x) + RATE, 1.5)
    compiled = ovum.jit(more)
    assert compiled(3.0) == shadow(3.0) + jitted.__wrapped__(3.0, k=3.5) + area(3.0)


def test_members_of_modules(other):
    module = other.other

    def members(x):
        limit = module.LIMITS[0] + other.SCALE
        return module.scaled(x) + module.RATE * limit + other.other.shadow(x) + module.m.sin(x)

    def without_math(x):
        limit = module.LIMITS[0] + other.SCALE
        return module.scaled(x) + module.RATE * limit + other.other.shadow(x) + module.step

    agrees(without_math, 2.5)
    with pytest.raises(ovum.CompileError):
        ovum.jit(members)(2.5)

    def list_of_module(i):
        return module.TABLE[i]

    with pytest.raises(ovum.CompileError):
        ovum.jit(list_of_module)(1)


def test_recursion_in_another_module(other):
    even = other.other.even

    def both(n):
        return even(n) == True

    assert ovum.jit(both)(10) is True and ovum.jit(both)(7) is False


def test_errors_in_another_module_are_compile_errors(other):
    broken = other.other.broken

    @ovum.jit
    def calls(x):
        return broken(x)

    with pytest.raises(ovum.CompileError, match="open") as info:
        calls(1.0)
    line = broken.__code__.co_firstlineno + 1
    assert str(info.value).endswith(f"other.py, line {line}")

    raises = other.other.raises

    @ovum.jit
    def divides(x):
        return raises(x)

    with pytest.raises(ZeroDivisionError) as divided:
        divides(0)
    line = raises.__wrapped__.__code__.co_firstlineno + 2
    assert f'other.py", line {line}' in divided.value.__notes__[0]
    assert "return 1 // x" in divided.value.__notes__[0]


def test_compile_errors_travel():
    with pytest.raises(ovum.CompileError) as info:
        ovum.compile("def f(x: float):\n    return unknown(x)\n")(1.0)
    again = pickle.loads(pickle.dumps(info.value))
    assert type(again) is ovum.CompileError and str(again) == str(info.value)
    assert (again.code, again.line) == (info.value.code, 2)
    assert ovum.CompileError.__module__ == ovum.EGraphError.__module__ == "ovum"


def test_lambdas():
    k = 3.0
    triple = ovum.jit(lambda x, y=1.0: x * k + y)
    assert triple(2.0) == 7.0
    assert ovum.vectorize(lambda x: x + k)(np.arange(3.0)).tolist() == [3.0, 4.0, 5.0]
    with pytest.raises(TypeError, match="write a function"):
        ovum.jit([lambda x: x, lambda x: -x][0])


def test_functions_without_source():
    scope = {}
    exec("def hidden(x):\n    return x\n", scope)
    with pytest.raises(TypeError, match="no source"):
        ovum.jit(scope["hidden"])
    with pytest.raises(TypeError, match="not a Python function"):
        ovum.jit(math.sin)


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"nopython": True}, "always compiled"),
        ({"parallel": True}, "threads=N"),
        ({"error_model": "numpy"}, "fast=True"),
        ({"boundscheck": True}, "always checked"),
        ({"inline": "always"}, "always inlined"),
        ({"locals": {}}, "f32"),
    ],
)
def test_options_of_numba_say_what_to_do(options, part):
    with pytest.raises(TypeError, match=part):
        ovum.jit(**options)


def test_signatures_of_numba_say_what_to_do():
    with pytest.raises(TypeError, match="annotate"):
        ovum.jit("float64(float64)")


def test_methods():
    class Holder:
        @ovum.jit
        def double(self, x):
            return x * 2.0

        @staticmethod
        @ovum.jit
        def triple(x):
            return x * 3.0

    assert Holder.triple(2.0) == Holder().triple(2.0) == 6.0
    with pytest.raises(TypeError, match="'self' is a Holder"):
        Holder().double(1.0)


def test_decorators_below():
    @ovum.jit
    @functools.lru_cache
    def cached(x):
        return x * 3.0

    assert cached(2.0) == 6.0


@ovum.jit
def first(a):
    return a[0]


@pytest.mark.parametrize(
    ("dtype", "part"),
    [
        ("u1", r"uint8: \.astype\(np\.int64\)"),
        ("f2", r"float16: \.astype\(np\.float64\)"),
        (">f8", "order of bytes"),
        ("O", "object: pass float64"),
        ("c16", "complex128: pass float64"),
        ("U3", "<U3: pass float64"),
        ("M8[s]", "datetime64"),
    ],
)
def test_arrays_of_other_elements_are_refused(dtype, part):
    with pytest.raises(TypeError, match=part):
        first(np.zeros(3, dtype))


def test_other_arguments_are_refused():
    with pytest.raises(TypeError, match="has a mask"):
        first(np.ma.array([1.0, 2.0], mask=[True, False]))
    with pytest.raises(TypeError, match="3 dimensions"):
        first(np.zeros((1, 1, 1)))
    with pytest.raises(TypeError, match="is a NoneType"):
        first(None)
    with pytest.raises(OverflowError, match="'a' does not fit in 64 bits"):
        ovum.jit(lambda a: a)(2**63)


@ovum.jit
def accumulate(a, out):
    total = 0.0
    for i in range(len(a)):
        total += a[i]
        out[i] = total


def test_every_layout_of_memory(tmp_path):
    base = np.arange(24.0)
    square = base.reshape(4, 6)
    mapped = np.memmap(tmp_path / "data", np.float64, "w+", shape=6)
    mapped[:] = base[:6]
    unaligned = np.frombuffer(b"x" + base[:6].tobytes(), np.uint8)[1:].view(np.float64)
    read_only = base[:6].copy()
    read_only.flags.writeable = False
    views = [base[::4], base[5::-1], square[:, 2], square[1], square.T[3], mapped, unaligned]
    for view in views:
        out = np.zeros(len(view))
        accumulate(view, out)
        assert np.array_equal(out, np.cumsum(view))
        target = np.zeros(2 * len(view))
        accumulate(np.array(view), target[::2])
        assert np.array_equal(target[::2], np.cumsum(view)) and not target[1::2].any()
    with pytest.raises(ValueError, match="read-only"):
        accumulate(base[:6].copy(), read_only)
    assert accumulate.specialisations() == ["array[f64, 1], array[f64, 1]"]
    accumulate(np.arange(3, dtype=np.float32), np.zeros(3))
    assert accumulate.specialisations()[1] == "array[f32, 1], array[f64, 1]"


def spin(n):
    x = 1.0
    for i in range(n):
        x = x * 1.0000001 + i
    return x


def rounds_of_another_thread(call):
    """How often another thread ran during the call."""
    count, stop = itertools.count(), threading.Event()

    def run():
        while not stop.is_set():
            next(count)
            time.sleep(0.001)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        before = next(count)
        call()
        return next(count) - before
    finally:
        stop.set()
        thread.join()


def test_other_threads_run_during_a_call():
    free = ovum.jit(spin, nogil=True)
    assert free(10) == spin(10)
    assert rounds_of_another_thread(lambda: free(100_000_000)) > 20
    with pytest.raises(ZeroDivisionError):
        ovum.jit(lambda x: 1 // x, nogil=True)(0)


def test_other_threads_run_during_a_loop_over_arrays():
    heavy = ovum.vectorize(spin)
    assert rounds_of_another_thread(lambda: heavy(np.full(1000, 100_000))) > 20


def test_calls_from_many_threads():
    kernel = ovum.jit(spin, nogil=True)
    results = []

    def work(n):
        results.append((n, kernel(n), kernel(float(n) if n < 0 else n)))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(1, 30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [(n, spin(n), spin(n)) for n in range(1, 30)]


WORKER = """
import sys, cloudpickle
for function in cloudpickle.load(sys.stdin.buffer):
    print(function(2.0))
"""


def test_cloudpickle_takes_functions_to_processes_that_have_no_source(tmp_path):
    """As dask and ray send them: from a script, a closure, and as an argument of a closure."""
    pytest.importorskip("cloudpickle")
    script = tmp_path / "script.py"
    script.write_text(
        "import sys, cloudpickle, ovum\n"
        "RATE = float('0.5')\n"
        "@ovum.jit\ndef scaled(x):\n    return x * RATE\n"
        "def make(k):\n"
        "    @ovum.vectorize\n    def shifted(x):\n        return scaled(x) + k\n"
        "    return shifted\n"
        "shift = make(3.0)\n"
        "def both(x):\n    return float(shift(x) + scaled(x))\n"
        "cloudpickle.dump([scaled, shift, both], sys.stdout.buffer)\n"
    )
    sent = subprocess.run([sys.executable, script], capture_output=True, check=True)
    script.unlink()
    done = subprocess.run(
        [sys.executable, "-c", WORKER], input=sent.stdout, capture_output=True, check=True
    )
    assert done.stdout.split() == [b"1.0", b"4.0", b"5.0"]


SHARER = """
import glob, os, sys, ovum
folder = sys.argv[1]
for n in range(30):
    text = f"def f(x):\\n    return x * {n}.0 + {n}.5\\n"
    assert ovum.compile(text, cache=folder)(2.0) == 2.0 * n + n + 0.5
    if n % 5 == int(sys.argv[2]):
        for entry in glob.glob(os.path.join(folder, "*.ovum"))[::3]:
            os.truncate(entry, 40)
"""


def test_processes_share_a_cache_that_is_damaged_meanwhile(tmp_path):
    command = [sys.executable, "-c", SHARER, str(tmp_path)]
    workers = [
        subprocess.Popen([*command, str(at)], stderr=subprocess.PIPE, text=True) for at in range(4)
    ]
    for worker in workers:
        _, errors = worker.communicate(timeout=120)
        assert worker.returncode == 0, errors
    assert len(list(tmp_path.glob("*.ovum"))) == len(list(tmp_path.iterdir())) == 30
