"""The package as its users see it."""

import ast
import math
import pathlib

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


def test_overlapping_views_are_refused():
    a = np.arange(6.0)
    with pytest.raises(ValueError, match="share memory"):
        dot(a[:4], a[1:5])


def test_read_only_arrays():
    a = np.arange(3.0)
    a.flags.writeable = False
    assert pick(a, 1) == 1.0
    with pytest.raises(ValueError, match="read-only"):
        scale(a, 2.0)


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


def test_the_stub_names_what_the_extension_has():
    package = pathlib.Path(ovum.__file__).parent
    module = ast.parse((package / "_core.pyi").read_text())
    classes = {node.name: node for node in module.body if isinstance(node, ast.ClassDef)}
    functions = [node for node in classes["Kernel"].body if isinstance(node, ast.FunctionDef)]
    named = {function.name for function in functions}
    kernel = type(ovum.compile(geglu)._kernel)
    assert {name for name in named if not hasattr(kernel, name)} == set()
    assert {name for name in vars(kernel) if not name.startswith("__")} <= named
    report = {line.target.id for line in classes["Report"].body if isinstance(line, ast.AnnAssign)}
    assert report == set(ovum.compile(geglu).report())
    assert (package / "py.typed").exists()
