"""Functions of numbers that map over arrays as NumPy's own functions do: :func:`vectorize`."""

from __future__ import annotations

import functools
import inspect

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ._core import Mapped, Ufunc, ufunc
from ._function import Function, _attributes, _unpickle
from ._options import Options
from ._source import Source, source_of

if TYPE_CHECKING:
    from ._report import Accuracy, Loop, MappedReport

# The compiled type for each of NumPy's by name; narrower ones are widened.
_TYPES = {
    "float64": "f64",
    "float32": "f32",
    "float16": "f32",
    "int64": "i64",
    "uint32": "i64",
    "int32": "i32",
    "uint16": "i32",
    "int16": "i32",
    "uint8": "i32",
    "int8": "i32",
    "bool": "bool",
}
_ALIASES = {"float64": "f64", "float": "f64", "float32": "f32", "int64": "i64", "int": "i64"}
_ALIASES |= {"int32": "i32", "bool_": "bool", "boolean": "bool"}
_DTYPES = {"f64": np.float64, "f32": np.float32, "i64": np.int64, "i32": np.int32, "bool": np.bool_}
_WEAK: dict[type, str] = {float: "f64", int: "i64", bool: "bool"}


class Vectorized(Mapped):
    """A compiled function of numbers that maps over arrays: it broadcasts, and takes NumPy's
    ``out=``, ``where=``, ``casting=``, ``order=`` and ``dtype=`` (of the inputs).

    It is compiled for the element types that it is called with. A Python number takes the width of
    the arrays beside it, as in NumPy 2.
    """

    def __init__(self, function: Function, signatures: Sequence[str] = ()):
        self._function = function
        self._signatures = tuple(signatures)
        self._ufuncs: dict[Any, Ufunc] = {}
        self._nin = len(function.parameters)
        self._annotated = None
        if all(annotation is not None for annotation in function.annotations):
            self._annotated = ", ".join(str(a) for a in function.annotations)
        functools.update_wrapper(self, getattr(function, "__wrapped__", function), updated=())
        self.__name__ = function.__name__
        for signature in self._signatures:
            self._ufunc(_inputs(signature))

    def _map(self, *args: Any, **kwargs: Any) -> Any:
        """A call that is not of plain arrays, or whose loop is not compiled."""
        key = tuple([getattr(arg, "dtype", None) or type(arg) for arg in args])
        known = self._ufuncs.get(key)
        if known is None or "dtype" in kwargs:
            known, args = self._resolve(args, key, kwargs.pop("dtype", None))
        return known(*args, **kwargs)

    def reduce(self, array: Any, *args: Any, **kwargs: Any) -> Any:
        """NumPy's ``ufunc.reduce``: combines the elements along an axis by a function of two."""
        return self._method("reduce", array, *args, **kwargs)

    def accumulate(self, array: Any, *args: Any, **kwargs: Any) -> Any:
        """NumPy's ``ufunc.accumulate``: the results of reducing more and more elements."""
        return self._method("accumulate", array, *args, **kwargs)

    def outer(self, a: Any, b: Any, **kwargs: Any) -> Any:
        """NumPy's ``ufunc.outer``: every element of one array with every element of another."""
        a, b = np.asarray(a), np.asarray(b)
        chosen, _ = self._resolve((a, b), (a.dtype, b.dtype), None)
        return chosen(a, b, method="outer", **kwargs)

    def _method(self, method: str, array: Any, *args: Any, **kwargs: Any) -> Any:
        array = np.asarray(array)
        chosen, _ = self._resolve((array,) * self._nin, (array.dtype,) * self._nin, None)
        return chosen(array, *args, method=method, **kwargs)

    @property
    def function(self) -> Function:
        """The function of numbers, with its reports and texts."""
        return self._function

    @property
    def nin(self) -> int:
        """The number of inputs."""
        return self._nin

    @property
    def types(self) -> list[str]:
        """The input types of every compiled loop."""
        return sorted({key for key in self._ufuncs if isinstance(key, str)})

    @property
    def loops(self) -> dict[str, str]:
        """What runs each compiled loop, by its input types: ``"avx512"`` or ``"avx2"``, vector
        code, or ``"cranelift"``, element by element."""
        return {types: self._ufuncs[types].code for types in self.types}

    def report(self, types: str | None = None) -> MappedReport:
        """:meth:`Function.report`, with ``loops``: what runs each compiled loop, and for one that
        runs element by element why, and which option would change it."""
        loops = {types: self._loop(types) for types in self.types}
        return {**self._function.report(types), "loops": loops}

    def explain(self, types: str | None = None) -> str:
        """:meth:`Function.explain`, with a line for each compiled loop."""
        lines = [self._function.explain(types).rstrip("\n")]
        for types, loop in self.report(types)["loops"].items():
            parts = [f"loop({types}): {loop['code']}", loop["refusal"], loop["advice"]]
            lines.append("; ".join(part for part in parts if part))
        return "\n".join(lines) + "\n"

    def accuracy(
        self,
        types: str | None = None,
        *,
        samples: int = 10_000,
        domain: dict[str, tuple[float, float]] | None = None,
    ) -> Accuracy:
        """:meth:`Function.accuracy` of the loop over arrays: ``functions`` has the elementary
        functions of vector code, each with the bound of its error in units in the last place."""
        return self._function._measured(types, samples, domain, vectors=True)

    def _loop(self, types: str) -> Loop:
        loop = self._ufuncs[types]
        advice = None
        if loop.refusal is not None and "bits would differ" in loop.refusal:
            advice = (
                "with fastmath=True it is vector code, within 2 units in the last place; "
                "exceptions stay, unless fast=True drops them"
            )
        return {"code": loop.code, "refusal": loop.refusal, "advice": advice}

    def __repr__(self) -> str:
        return f"<ovum.Vectorized {self.__name__}>"

    def _repr_html_(self) -> str | None:
        return self._function._repr_html_()

    def __reduce__(self) -> tuple[Any, ...]:
        function = self._function
        state = (function._source, function._options, _attributes(function))
        return _unpickle_vectorized, (*state, self._signatures, _attributes(self))

    def __getattr__(self, name: str) -> Any:
        if name in ("rvsdg", "egraph", "dot", "clif", "asm", "mlir"):
            return getattr(self._function, name)
        raise AttributeError(f"'Vectorized' object has no attribute {name!r}")

    def _resolve(self, args: tuple[Any, ...], key: Any, dtype: Any) -> tuple[Ufunc, tuple[Any, ...]]:
        """The loop for these arguments, which become arrays where they are lists."""
        if len(args) < self._nin:
            name, nin = self.__name__, self._nin
            raise TypeError(f"{name}() takes {nin} arguments but {len(args)} were given")
        inputs = tuple(
            arg if hasattr(arg, "dtype") or type(arg) in _WEAK else np.asarray(arg)
            for arg in args[: self._nin]
        )
        args = inputs + args[self._nin :]
        if dtype is not None:
            types = [_compiled(np.dtype(dtype), self.__name__)] * self._nin
            args = tuple(np.asarray(arg, dtype) for arg in inputs) + args[self._nin :]
            return self._ufunc(", ".join(types)), args
        if self._annotated is not None:
            found = self._ufunc(self._annotated)
        else:
            found = self._ufunc(", ".join(self._types(inputs)))
        # What is no array and no number, such as a list, has no type to be found by.
        if all(isinstance(part, np.dtype) or part in _WEAK for part in key):
            self._ufuncs[key] = found
        return found, args

    def _types(self, inputs: tuple[Any, ...]) -> list[str]:
        """The compiled type of each input; Python's numbers take the width of the others."""
        strong = [
            _compiled(arg.dtype, self.__name__) if hasattr(arg, "dtype") else None for arg in inputs
        ]
        known = [np.dtype(_DTYPES[ty]) for ty in strong if ty is not None]
        common = np.result_type(*known) if known else None
        types = []
        for arg, ty in zip(inputs, strong):
            if ty is None:
                ty = _WEAK[type(arg)]
                kinds = "f" if ty == "f64" else "fi"
                if common is not None and common.kind in kinds and ty != "bool":
                    ty = _TYPES[common.name]
            types.append(ty)
        return types

    def _ufunc(self, types: str) -> Ufunc:
        found = self._ufuncs.get(types)
        if found is None:
            function = self._function
            threads = function._options.threads
            doc = function.__doc__ or ""
            found = ufunc(function, types, threads=threads, doc=doc.replace("\0", " "))
            self._ufuncs[types] = found
            self._remember(found)
        return found


def _compiled(dtype: np.dtype[Any], name: str) -> str:
    found = _TYPES.get(dtype.name)
    if found is None:
        raise TypeError(
            f"{name}() has no loop for {dtype}: use float64, float32, int64, int32 or bool"
        )
    return found


def _inputs(signature: str) -> str:
    """The input types of a signature such as ``"float64(float64, int64)"``, or of a list."""
    inside = signature
    if "(" in signature and "array" not in signature.split("(", 1)[0]:
        inside = signature[signature.index("(") + 1 : signature.rindex(")")]
    types = [part.strip() for part in inside.split(",") if part.strip()]
    return ", ".join(_ALIASES.get(ty, ty) for ty in types)


def _unpickle_vectorized(
    source: Source,
    options: Options,
    inner: dict[str, Any],
    signatures: Sequence[str],
    attributes: dict[str, Any],
) -> Vectorized:
    function = _unpickle(Function, source, options, inner)
    result = Vectorized(function, signatures)
    vars(result).update(attributes)
    return result


def vectorize(
    function: Callable[..., Any] | Sequence[str] | str | None = None,
    signatures: Sequence[str] | None = None,
    **options: Any,
) -> Any:
    """Decorator that makes a function of numbers one of arrays: a :class:`Vectorized`.

    Takes :func:`compile`'s options; with ``threads=N`` large arrays are divided among threads.
    Loops are compiled for the types of the first call, or at once for signatures such as
    ``@ovum.vectorize(["float64(float64, float64)"])``.
    """
    if isinstance(function, str):
        function = [function]
    if function is None or not callable(function):
        return functools.partial(vectorize, signatures=function or signatures, **options)
    python = inspect.unwrap(function)
    inner = Function._of(source_of(python), Options.of(options), python)
    return Vectorized(inner, signatures or ())
