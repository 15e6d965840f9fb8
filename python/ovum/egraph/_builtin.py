"""The built-in sorts, whose literals are Python's values and whose operators compute."""

from __future__ import annotations

import fractions
import math

from collections.abc import Callable
from typing import Any, ClassVar

from ._terms import Expr, Operator, Value, make


class _Literal(Expr, sort=""):
    """A sort whose values are Python's."""

    _literal: Callable[[Any], Any]

    def __new__(cls, value: Any) -> Any:
        expr = cls._literal(value)
        if expr is None:
            raise TypeError(f"{value!r} is no {cls.__name__}")
        return expr

    def __init__(self, value: Any):
        pass

    def __eq__(self, other: object) -> Any:
        return super().__eq__(other)

    __hash__ = Expr.__hash__

    def __bool__(self) -> bool:
        return bool(self.value)


class Unit(Expr, sort="Unit"):
    """What a relation or a comparison is, where it holds."""

    def __init__(self) -> None:
        pass


class Bool(_Literal, sort="bool"):
    """A truth value. ``& | ^ ~`` compute."""

    __and__: ClassVar[Operator]
    __or__: ClassVar[Operator]
    __xor__: ClassVar[Operator]
    __invert__: ClassVar[Operator]
    guard: ClassVar[Operator]
    __rand__: ClassVar[Callable[[Any, Any], Any]]
    __ror__: ClassVar[Callable[[Any, Any], Any]]
    __rxor__: ClassVar[Callable[[Any, Any], Any]]

    @staticmethod
    def _literal(value: Any) -> Any:
        if not isinstance(value, bool):
            return None
        return make(Bool, Value("true" if value else "false", value))


class i64(_Literal, sort="i64"):
    """An integer of 64 bits. Arithmetic that leaves them does not match."""

    __add__: ClassVar[Operator]
    __sub__: ClassVar[Operator]
    __mul__: ClassVar[Operator]
    __lt__: ClassVar[Operator]
    __le__: ClassVar[Operator]
    __gt__: ClassVar[Operator]
    __ge__: ClassVar[Operator]
    min: ClassVar[Operator]
    max: ClassVar[Operator]
    __floordiv__: ClassVar[Operator]
    __mod__: ClassVar[Operator]
    __and__: ClassVar[Operator]
    __or__: ClassVar[Operator]
    __xor__: ClassVar[Operator]
    __lshift__: ClassVar[Operator]
    __rshift__: ClassVar[Operator]
    to_string: ClassVar[Operator]
    __abs__: ClassVar[Operator]
    __invert__: ClassVar[Operator]
    log2: ClassVar[Operator]
    to_f64: ClassVar[Operator]
    __radd__: ClassVar[Callable[[Any, Any], Any]]
    __rsub__: ClassVar[Callable[[Any, Any], Any]]
    __rmul__: ClassVar[Callable[[Any, Any], Any]]
    __rfloordiv__: ClassVar[Callable[[Any, Any], Any]]
    __rmod__: ClassVar[Callable[[Any, Any], Any]]
    __rand__: ClassVar[Callable[[Any, Any], Any]]
    __ror__: ClassVar[Callable[[Any, Any], Any]]
    __rxor__: ClassVar[Callable[[Any, Any], Any]]
    __rlshift__: ClassVar[Callable[[Any, Any], Any]]
    __rrshift__: ClassVar[Callable[[Any, Any], Any]]

    @staticmethod
    def _literal(value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int):
            return None
        if not -(1 << 63) <= value < 1 << 63:
            raise OverflowError(f"{value} has more than 64 bits: use BigInt")
        return make(i64, Value(str(value), value))

    def __int__(self) -> int:
        return int(self.value)


class f64(_Literal, sort="f64"):
    """A float."""

    __add__: ClassVar[Operator]
    __sub__: ClassVar[Operator]
    __mul__: ClassVar[Operator]
    __lt__: ClassVar[Operator]
    __le__: ClassVar[Operator]
    __gt__: ClassVar[Operator]
    __ge__: ClassVar[Operator]
    min: ClassVar[Operator]
    max: ClassVar[Operator]
    __truediv__: ClassVar[Operator]
    __neg__: ClassVar[Operator]
    __abs__: ClassVar[Operator]
    log: ClassVar[Operator]
    sqrt: ClassVar[Operator]
    __mod__: ClassVar[Operator]
    __pow__: ClassVar[Operator]
    exp: ClassVar[Operator]
    to_i64: ClassVar[Operator]
    to_string: ClassVar[Operator]
    __radd__: ClassVar[Callable[[Any, Any], Any]]
    __rsub__: ClassVar[Callable[[Any, Any], Any]]
    __rmul__: ClassVar[Callable[[Any, Any], Any]]
    __rtruediv__: ClassVar[Callable[[Any, Any], Any]]
    __rmod__: ClassVar[Callable[[Any, Any], Any]]
    __rpow__: ClassVar[Callable[[Any, Any], Any]]

    @staticmethod
    def _literal(value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
        value = float(value)
        text = repr(value)
        if math.isnan(value):
            text = "NaN"
        elif "e" in text and "." not in text:
            text = text.replace("e", ".0e")
        return make(f64, Value(text, value))

    def __float__(self) -> float:
        return float(self.value)


class String(_Literal, sort="String"):
    """A text."""

    __add__: ClassVar[Operator]
    replace: ClassVar[Operator]
    count: ClassVar[Operator]
    __radd__: ClassVar[Callable[[Any, Any], Any]]

    @staticmethod
    def _literal(value: Any) -> Any:
        if not isinstance(value, str):
            return None
        text = value.replace("\\", "\\\\").replace('"', '\\"')
        text = text.replace("\n", "\\n").replace("\t", "\\t")
        return make(String, Value(f'"{text}"', value))

    def __str__(self) -> str:
        return str(self.value)


class BigInt(_Literal, sort="BigInt"):
    """An integer of any size."""

    __add__: ClassVar[Operator]
    __sub__: ClassVar[Operator]
    __mul__: ClassVar[Operator]
    __lt__: ClassVar[Operator]
    __le__: ClassVar[Operator]
    __gt__: ClassVar[Operator]
    __ge__: ClassVar[Operator]
    min: ClassVar[Operator]
    max: ClassVar[Operator]
    __floordiv__: ClassVar[Operator]
    __mod__: ClassVar[Operator]
    __and__: ClassVar[Operator]
    __or__: ClassVar[Operator]
    __xor__: ClassVar[Operator]
    __lshift__: ClassVar[Operator]
    __rshift__: ClassVar[Operator]
    to_string: ClassVar[Operator]
    __invert__: ClassVar[Operator]
    bits: ClassVar[Operator]
    __radd__: ClassVar[Callable[[Any, Any], Any]]
    __rsub__: ClassVar[Callable[[Any, Any], Any]]
    __rmul__: ClassVar[Callable[[Any, Any], Any]]
    __rfloordiv__: ClassVar[Callable[[Any, Any], Any]]
    __rmod__: ClassVar[Callable[[Any, Any], Any]]
    __rand__: ClassVar[Callable[[Any, Any], Any]]
    __ror__: ClassVar[Callable[[Any, Any], Any]]
    __rxor__: ClassVar[Callable[[Any, Any], Any]]
    __rlshift__: ClassVar[Callable[[Any, Any], Any]]
    __rrshift__: ClassVar[Callable[[Any, Any], Any]]

    @staticmethod
    def _literal(value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int):
            return None
        return make(BigInt, Value(f'(from-string "{value}")', value))

    def __int__(self) -> int:
        return int(self.value)


class BigRat(_Literal, sort="BigRat"):
    """A fraction."""

    __add__: ClassVar[Operator]
    __sub__: ClassVar[Operator]
    __mul__: ClassVar[Operator]
    __lt__: ClassVar[Operator]
    __le__: ClassVar[Operator]
    __gt__: ClassVar[Operator]
    __ge__: ClassVar[Operator]
    min: ClassVar[Operator]
    max: ClassVar[Operator]
    __truediv__: ClassVar[Operator]
    __neg__: ClassVar[Operator]
    __abs__: ClassVar[Operator]
    log: ClassVar[Operator]
    sqrt: ClassVar[Operator]
    __pow__: ClassVar[Operator]
    floor: ClassVar[Operator]
    ceil: ClassVar[Operator]
    round: ClassVar[Operator]
    to_f64: ClassVar[Operator]
    to_i64: ClassVar[Operator]
    numer: ClassVar[Operator]
    denom: ClassVar[Operator]
    __radd__: ClassVar[Callable[[Any, Any], Any]]
    __rsub__: ClassVar[Callable[[Any, Any], Any]]
    __rmul__: ClassVar[Callable[[Any, Any], Any]]
    __rtruediv__: ClassVar[Callable[[Any, Any], Any]]
    __rpow__: ClassVar[Callable[[Any, Any], Any]]

    @staticmethod
    def _literal(value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, (int, fractions.Fraction)):
            return None
        fraction = fractions.Fraction(value)
        parts = (f'(from-string "{part}")' for part in fraction.as_integer_ratio())
        return make(BigRat, Value(f"(bigrat {' '.join(parts)})", fraction))


def _define(sort: Any, method: str, name: str, result: Any = None, *others: Any) -> None:
    params = (sort, *(others or (sort,)))
    if method in _UNARY:
        params = (sort,)
    shape = "operator" if method.startswith("__") else "method"
    operator = Operator(
        name, shape, None, sort, primitive=True, signature=(params, result or sort)
    )
    setattr(sort, method, operator)
    if method in _REFLECTED:
        setattr(sort, f"__r{method[2:]}", _reflected(operator, params[0]))


def _reflected(operator: Operator, sort: Any) -> Callable[[Any, Any], Any]:
    def reflected(self: Any, other: Any) -> Any:
        from ._terms import convert

        left = convert(other, sort)
        return NotImplemented if left is None else operator(left, self)

    return reflected


_UNARY = {"__neg__", "__abs__", "__invert__", "to_string", "log2", "exp", "log", "sqrt"}
_UNARY |= {"to_f64", "to_i64", "numer", "denom", "floor", "ceil", "round", "guard", "bits"}
_REFLECTED = {f"__{name}__" for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "and")}
_REFLECTED |= {f"__{name}__" for name in ("or", "xor", "lshift", "rshift", "pow")}
_ORDER = {"__lt__": "<", "__le__": "<=", "__gt__": ">", "__ge__": ">="}

for _sort in (i64, f64, BigInt, BigRat):
    for _method, _name in {"__add__": "+", "__sub__": "-", "__mul__": "*"}.items():
        _define(_sort, _method, _name)
    for _method, _name in _ORDER.items():
        _define(_sort, _method, _name, Unit)
    for _method in ("min", "max"):
        _define(_sort, _method, _method)
for _sort in (i64, BigInt):
    for _method, _name in {
        "__floordiv__": "/", "__mod__": "%", "__and__": "&", "__or__": "|", "__xor__": "^",
    }.items():  # fmt: skip
        _define(_sort, _method, _name)
    for _method, _name in {"__lshift__": "<<", "__rshift__": ">>"}.items():
        _define(_sort, _method, _name, _sort, i64)
    _define(_sort, "to_string", "to-string", String)
for _sort in (f64, BigRat):
    _define(_sort, "__truediv__", "/")
    _define(_sort, "__neg__", "neg")
    _define(_sort, "__abs__", "abs")
    for _method in ("log", "sqrt"):
        _define(_sort, _method, _method)
_define(i64, "__abs__", "abs")
_define(i64, "__invert__", "not-i64")
_define(i64, "log2", "log2")
_define(i64, "to_f64", "to-f64", f64)
_define(BigInt, "__invert__", "not-Z")
_define(BigInt, "bits", "bits")
_define(f64, "__mod__", "%")
_define(f64, "__pow__", "^")
_define(f64, "exp", "exp")
_define(f64, "to_i64", "to-i64", i64)
_define(f64, "to_string", "to-string", String)
_define(BigRat, "__pow__", "pow")
for _method in ("floor", "ceil", "round"):
    _define(BigRat, _method, _method)
_define(BigRat, "to_f64", "to-f64", f64)
_define(BigRat, "to_i64", "to-i64", i64)
_define(BigRat, "numer", "numer", BigInt)
_define(BigRat, "denom", "denom", BigInt)
for _method, _name in {"__and__": "and", "__or__": "or", "__xor__": "xor"}.items():
    _define(Bool, _method, _name)
_define(Bool, "__invert__", "not")
_define(Bool, "guard", "guard", Unit)
_define(String, "__add__", "+")
_define(String, "replace", "replace", String, String, String)
_define(String, "count", "count-matches", i64, String)
