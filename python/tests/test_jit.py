"""The package as its users see it."""

import inspect
import math
import pickle

from typing import Any

import numpy as np
import pytest

import ovum

RATE = 0.5


def helper(x: float) -> float:
    return x * RATE


@ovum.jit
def poly(x):
    return 3.0 * x * x + 1.0


@ovum.jit
def uses_helper(x: float) -> float:
    return helper(x) + RATE


@ovum.jit
def scale(a, k):
    for i in range(len(a)):
        a[i] = a[i] * k


@ovum.jit
def divide(a, b):
    return a // b


@ovum.jit
def pick(a, i):
    return a[i]


@ovum.jit
def fill(m):
    for i in range(2):
        for j in range(3):
            m[i, j] = i * 10 + j


@ovum.jit
def dot(a, b):
    s = 0.0
    for i in range(len(a)):
        s += a[i] * b[i]
    return s


def geglu(a: float) -> float:
    inner = math.sqrt(2.0 / math.pi) * (a + 0.044715 * a**3)
    return 0.5 * a * (1.0 + math.tanh(inner))


def test_numbers_and_specialisation():
    assert poly(2.0) == 13.0
    assert poly(np.float64(2.0)) == 13.0
    assert poly(x=3) == 28.0
    assert poly.specialisations() == ["f64", "i64"]
    assert poly.__name__ == "poly"


def test_module_constants_and_functions():
    assert uses_helper(3.0) == 2.0


@pytest.mark.parametrize("dtype", [np.float64, np.int64])
def test_arrays_are_written_in_place(dtype):
    a = np.arange(6, dtype=dtype)
    assert scale(a, dtype(2)) is None
    assert a.tolist() == [0, 2, 4, 6, 8, 10]


def test_strided_arrays_are_written_back():
    a = np.arange(6.0)
    scale(a[::2], 10.0)
    assert a.tolist() == [0.0, 1.0, 20.0, 3.0, 40.0, 5.0]


def test_lists_are_written_back():
    a = [1.0, 2.0]
    scale(a, 3.0)
    assert a == [3.0, 6.0]
    b = [1, 2]
    scale(b, 3)
    assert b == [3, 6] and type(b[0]) is int


def test_matrices():
    m = np.zeros((2, 3))
    fill(m)
    assert m.tolist() == [[0.0, 1.0, 2.0], [10.0, 11.0, 12.0]]
    rows = [[0, 0, 0], [0, 0, 0]]
    fill(rows)
    assert rows == [[0, 1, 2], [10, 11, 12]]


def test_one_array_passed_twice():
    a = np.array([1.0, 2.0, 3.0])
    assert dot(a, a) == 14.0
    assert dot([1.0, 2.0], [3.0, 4.0]) == 11.0


@ovum.jit
def differences(a, b, out):
    for i in range(len(out)):
        out[i] = a[i] - b[i]


def test_overlapping_views_are_refused_if_one_is_written():
    a = np.arange(6.0)
    assert dot(a[:4], a[1:5]) == 20.0
    out = np.zeros(5)
    differences(a[1:], a[:-1], out)
    assert out.tolist() == [1.0] * 5
    for arguments in ((a[:4], a[:4].copy(), a[1:5]), (a[1:5], a[1:5].copy(), a[:4])):
        with pytest.raises(ValueError, match="share memory"):
            differences(*arguments)


def test_read_only_arrays():
    a = np.arange(3.0)
    a.flags.writeable = False
    assert pick(a, 1) == 1.0
    with pytest.raises(ValueError, match="read-only"):
        scale(a, 2.0)
    out = np.zeros(3)
    for view in (a, a[::-1], np.broadcast_to(np.float64(2.0), 3)):
        differences(view, view, out)
        assert not out.any()
    with pytest.raises(ValueError, match="'out' is read-only"):
        differences(out, out, a)


def test_exceptions_are_pythons():
    with pytest.raises(ZeroDivisionError) as info:
        divide(1, 0)
    with pytest.raises(ZeroDivisionError) as python:
        1 // 0
    assert str(info.value) == str(python.value)
    assert "in divide" in info.value.__notes__[0]
    assert "return a // b" in info.value.__notes__[0]
    with pytest.raises(IndexError):
        pick(np.zeros(2), 5)
    assert pick([1.0, 2.0], -1) == 2.0


def test_wrong_arguments():
    for call in (lambda: poly(), lambda: poly(1.0, 2.0), lambda: poly(y=1.0), lambda: poly("a")):
        with pytest.raises(TypeError):
            call()
    with pytest.raises(TypeError, match="elements of type"):
        pick(np.zeros(2, dtype=np.complex128), 0)
    with pytest.raises(TypeError):
        ovum.compile("def f(n: i64) -> i64:\n    return n\n")(1.5)
    with pytest.raises(OverflowError):
        divide(2**70, 1)


def test_compile_error_underlines_the_line():
    source = "def f(x: float) -> float:\n    y = x + 1.0\n    return unknown(y)\n"
    with pytest.raises(ovum.CompileError) as info:
        ovum.compile(source)(1.0)
    text = str(info.value)
    assert "return unknown(y)" in text and "^^^" in text and "error[OV" in text
    assert info.value.line == 3
    assert info.value.code.startswith("OV")


def test_syntax_error_is_a_compile_error():
    with pytest.raises(ovum.CompileError):
        ovum.compile("def f(x:\n")


def test_compile_error_counts_lines_of_the_file():
    @ovum.jit
    def local(x):
        return open(x)

    with pytest.raises(ovum.CompileError) as info:
        local(1.0)
    line = local.__wrapped__.__code__.co_firstlineno + 2
    assert info.value.line == line
    assert "test_jit.py" in str(info.value)


def test_source_text_with_several_functions():
    source = "def f(x):\n    return x\n\ndef g(x):\n    return f(x) * 2\n"
    assert ovum.compile(source, "g")(4) == 8
    with pytest.raises(ValueError, match="2 functions"):
        ovum.compile(source)


def test_strict_answers_are_cpythons():
    compiled = ovum.compile(geglu)
    for x in np.linspace(-10.0, 10.0, 2001):
        assert compiled(x) == geglu(float(x))


def test_approximation_within_a_budget():
    compiled = ovum.compile(geglu, domain={"a": (0.0, 1.0)}, max_error=1e-6)
    grid = np.linspace(0.0, 1.0, 10001)
    assert max(abs(compiled(x) - geglu(float(x))) for x in grid) <= 1e-6
    with pytest.raises(ValueError, match="outside its domain"):
        compiled(1.5)
    report = compiled.report()
    assert report["approximations"] and report["error_bound"] <= 1e-6
    assert "tanh" not in compiled.clif()


def test_what_can_be_looked_at():
    compiled = ovum.compile(geglu)
    assert "tanh" in compiled.rvsdg()
    assert "function" in compiled.clif()
    assert "func.func" in compiled.mlir()
    assert set(compiled.report()["phases"]) >= {"lower", "saturate", "codegen"}
    plain = ovum.compile(geglu, optimize=False).report()
    assert plain["e_nodes"] is None and "saturate" not in plain["phases"]
    with pytest.raises(ValueError, match="types are not known"):
        ovum.compile("def f(x):\n    return x\n").rvsdg()
    assert "i64" in ovum.compile("def f(x):\n    return x\n").rvsdg("i64")


def test_fast_semantics_do_not_raise():
    source = "def f(x: float, y: float) -> float:\n    return x / y\n"
    assert ovum.compile(source, fast=True)(1.0, 0.0) == math.inf
    with pytest.raises(ZeroDivisionError):
        ovum.compile(source)(1.0, 0.0)


def test_options_that_do_not_fit_are_value_errors():
    with pytest.raises(ValueError, match="nonsense"):
        ovum.compile("def f(x: float):\n    return x\n", rules="nonsense")(1.0)


def test_defaults_and_keywords():
    compiled = ovum.compile("def f(x: float, n: int = 3, k: float = 0.5):\n    return x * n + k\n")
    assert compiled(2.0) == 6.5
    assert compiled(2.0, k=1.0) == 7.0
    assert compiled(2.0, 1, 2.0) == 4.0
    with pytest.raises(TypeError, match="missing argument 'x'"):
        compiled(n=2)


LIMITS = tuple(float(x) for x in ("0.5", "2.0"))
SHIFT = float("0.25")


@ovum.jit
def uses_computed_constants(x):
    return min(max(x, LIMITS[0]), LIMITS[1]) + SHIFT


@ovum.jit
def centre(box: tuple[tuple[float, float], float], scale=1.0):
    (low, high), offset = box
    return (low + high) / 2.0 * scale + offset, box[0]


@ovum.jit
def lookup(pair, table):
    a, i = pair
    a[0] += table[1]
    return a[i] * table[i]


def test_tuples_are_arguments():
    assert centre(((1.0, 2.0), 3), 2.0) == (6.0, (1.0, 2.0))
    assert centre(box=((1, 2), 3)) == (4.5, (1.0, 2.0))
    a = np.arange(3.0)
    assert lookup((a, 2), (1.5, 2.5, 3.5)) == 7.0 and a[0] == 2.5
    assert lookup.specialisations() == ["tuple[array[f64, 1], i64], tuple[f64, f64, f64]"]
    assert lookup(([1, 2], 0), (3, 4)) == 15
    assert lookup.report("tuple[array[i64, 1], i64], tuple[i64, i64]")["cost_after"] > 0
    for wrong in ((1.0, 2.0), ((1.0, 2.0, 3.0), 1.0), 1.0, ("a", 1)):
        with pytest.raises(TypeError, match="argument 'box"):
            centre(wrong)
    with pytest.raises(TypeError, match=r"'pair\[1\]' is a str"):
        lookup((a, "x"), (1.0,))
    interpreted = ovum.jit(centre.__wrapped__, backend="interp", optimize=False)
    assert interpreted(((1.0, 2.0), 3)) == (4.5, (1.0, 2.0))
    with pytest.raises(TypeError, match="takes a tuple"):
        ovum.vectorize(centre.__wrapped__)(1.0, 2.0)
    assert pickle.loads(pickle.dumps(centre))(((1.0, 2.0), 3)) == (4.5, (1.0, 2.0))


def test_tuples_in_the_cache(tmp_path):
    for hits in (0, 1):
        compiled = ovum.jit(centre.__wrapped__, cache=str(tmp_path))
        assert compiled(((1.0, 2.0), 3)) == (4.5, (1.0, 2.0))
        assert compiled.cache_counts == (hits, 1 - hits)


def test_constants_that_only_python_can_compute():
    assert uses_computed_constants(9.0) == 2.25


def test_closures_are_constants():
    def scaled(k):
        def double(y):
            return 2.0 * y

        @ovum.jit
        def f(x):
            return double(x) * k + math.pi

        return f

    assert scaled(3.0)(1.0) == 6.0 + math.pi
    assert scaled(4.0)(1.0) == 8.0 + math.pi


def test_numpy_scalars_keep_their_width():
    square = ovum.compile("def f(x):\n    return x * x * 2.0\n")
    assert square(np.float32(1.1)) == np.float32(1.1) * np.float32(1.1) * np.float32(2.0)
    assert square.specialisations() == ["f32"]
    assert square(1.1) == 1.1 * 1.1 * 2.0


@pytest.mark.parametrize("backend", ["interp", "cranelift"])
def test_backends_agree(backend):
    source = (
        "def f(a, k):\n    s = 0.0\n    for i in range(len(a)):\n"
        "        a[i] = a[i] * k\n        s += a[i]\n    return s, 1 // int(k)\n"
    )
    compiled = ovum.compile(source, backend=backend)
    a = np.arange(4.0)
    assert compiled(a, 2.0) == (12.0, 0)
    assert a.tolist() == [0.0, 2.0, 4.0, 6.0]
    with pytest.raises(ZeroDivisionError):
        compiled(a, 0.25)
    assert a.tolist() == [0.0, 0.5, 1.0, 1.5]


def test_annotations_of_arrays_leave_the_type_open():
    @ovum.jit
    def total(a: np.ndarray, k: float = 1.0) -> Any:
        s = 0.0
        for i in range(a.shape[0]):
            s += a[i] * k
        return s

    assert total(np.arange(4.0)) == 6.0 and total(np.arange(4), 2.0) == 12.0
    assert total.specialisations() == ["array[f64, 1], f64", "array[i64, 1], f64"]


def test_unknown_options_are_refused():
    with pytest.raises(TypeError):
        ovum.compile(geglu, speed=11)
    with pytest.raises(ValueError, match="backend"):
        ovum.compile(geglu, backend="gpu")


def test_variables_set_options(monkeypatch):
    source = "def f(x: float, y: float) -> float:\n    return x / y\n"
    monkeypatch.setenv("OVUM_FAST", "1")
    assert ovum.compile(source)(1.0, 0.0) == math.inf
    with pytest.raises(ZeroDivisionError):
        ovum.compile(source, fast=False)(1.0, 0.0)
    monkeypatch.setenv("OVUM_FAST", "perhaps")
    with pytest.raises(ValueError, match="OVUM_FAST"):
        ovum.compile(source)


def test_views_that_share_memory_take_the_careful_path():
    a = np.arange(6.0)
    dot(a[:3], a[3:])
    assert dot(a, a) == 55.0
    swapped = a.astype(">f8")
    with pytest.raises(TypeError, match="elements of type"):
        dot(swapped, swapped)


def test_pickling():
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(poly, protocol))
        assert again(2.0) == 13.0 and again.__name__ == "poly" and again.__module__ == __name__
    budget = ovum.compile(geglu, domain={"a": (0.0, 1.0)}, max_error=1e-6)
    with pytest.raises(ValueError, match="outside its domain"):
        pickle.loads(pickle.dumps(budget))(2.0)


def test_cache_on_disk(tmp_path):
    def make(**options):
        source = "def f(x, y):\n    return x // y + 1.0 * x\n"
        return ovum.compile(source, cache=str(tmp_path), **options)

    first = make()
    assert first(7, 2) == 10.0 and first.cache_counts == (0, 1)
    again = make()
    assert again(7, 2) == 10.0 and again.cache_counts == (1, 0)
    assert again.report()["e_nodes"] == first.report()["e_nodes"]
    with pytest.raises(ZeroDivisionError) as info:
        again(1, 0)
    assert "x // y" in info.value.__notes__[0]
    # Other types, other options and another source are other entries.
    assert again(7.0, 2) == 10.0 and again.cache_counts == (1, 1)
    assert make(fast=True)(7, 0) == 7.0
    entries = list(tmp_path.glob("*.ovum"))
    assert len(entries) == 3
    for entry in entries:
        entry.write_bytes(entry.read_bytes()[:-7] + b"garbage")
    repaired = make()
    assert repaired(7, 2) == 10.0 and repaired.cache_counts == (0, 1)
    last = make()
    assert last(7, 2) == 10.0 and last.cache_counts == (1, 0)


def test_a_cache_that_cannot_be_written_costs_only_time(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert ovum.compile("def f(x):\n    return x\n", cache=str(blocked))(3) == 3


def test_more_to_look_at():
    compiled = ovum.compile(geglu)
    assert compiled._repr_html_() is None
    text = compiled.explain()
    assert "Python -> RVSDG" in text and "rule " in text and "(lambda @geglu" in text
    assert '"eclass"' in compiled.egraph() and "digraph" in compiled.dot()
    page = compiled._repr_html_()
    assert "geglu" in page and "saturate" in page
    svg = compiled._repr_svg_()
    assert svg is None or "<svg" in svg


def test_signature_and_documentation_are_the_functions():
    @ovum.jit
    def documented(x: float, k: int = 2) -> float:
        """Says what it does."""
        return x * k

    assert documented.__doc__ == "Says what it does."
    assert list(inspect.signature(documented).parameters) == ["x", "k"]
    assert documented.__wrapped__(2.0) == documented(2.0) == 4.0
