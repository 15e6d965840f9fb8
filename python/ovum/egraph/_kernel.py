"""Numbers of compiled functions in rules: what operators and functions mean there."""

from __future__ import annotations

import builtins
import math
import re
import types

from typing import Any

import numpy

KERNEL_SORTS: dict[Any, str] = {float: "f64", int: "i64", bool: "bool", "f32": "f32", "i32": "i32"}
_SORT_OF_VARIABLE = re.compile(r"(\?\w+):\w+")
_INTS, _FLOATS = ("i64", "i32"), ("f64", "f32")


class Number:
    """A number in a rule for the compiler."""

    __slots__ = ("_compared", "_text", "_ty")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, ty: str, text: str, compared: tuple[Any, str, Any] | None = None):
        self._ty, self._text, self._compared = ty, text, compared

    @classmethod
    def _variable(cls, name: str, ty: str) -> Number:
        return cls(ty, f"?{name}:{ty}")

    def __repr__(self) -> str:
        return _SORT_OF_VARIABLE.sub(r"\1", self._text)

    def _pattern(self) -> str:
        """The pattern of a left side: a variable has its sort where it first stands."""
        seen: set[str] = set()

        def once(found: Any) -> str:
            first = found[1] not in seen
            seen.add(found[1])
            return str(found[0] if first else found[1])

        return _SORT_OF_VARIABLE.sub(once, self._text)

    def __bool__(self) -> bool:
        raise TypeError("a number in a rule is neither true nor false: write np.where(c, a, b)")

    def _like(self, value: Any) -> Number:
        """The value with this number's type."""
        if isinstance(value, Number):
            if value._ty != self._ty:
                raise TypeError(f"{value!r} is {value._ty}, where {self!r} is {self._ty}")
            return value
        if self._ty == "bool" and isinstance(value, bool):
            return Number("bool", f"const[bool:{'true' if value else 'false'}]:bool")
        if self._ty in _FLOATS and isinstance(value, (int, float)) and value == value:
            return Number(self._ty, f"const[{self._ty}:{float(value)!r}]:{self._ty}")
        if self._ty in _INTS and isinstance(value, int) and not isinstance(value, bool):
            return Number(self._ty, f"const[{self._ty}:{value}]:{self._ty}")
        raise TypeError(f"{value!r} is no {self._ty}, as {self!r} is")

    def _made(self, name: str, *others: Any, ty: str | None = None) -> Number:
        operands = (self, *(self._like(other) for other in others))
        texts = " ".join(operand._text for operand in operands)
        return Number(ty or self._ty, f"({name} {texts})")

    def _arithmetic(self, name: str, other: Any, swapped: bool) -> Number:
        if self._ty == "bool":
            raise TypeError("truth values have no arithmetic")
        prefix = "i" if self._ty in _INTS else "f"
        ty = None
        if name == "div" and prefix == "i":
            name, ty = "truediv", "f64"
        full = f"{prefix}{name}"
        if name == "pow" and prefix == "f":
            full = "math.pow"
        a, b = (self._like(other), self) if swapped else (self, self._like(other))
        return a._made(full, b, ty=ty)

    def _logic(self, name: str, other: Any) -> Number:
        if self._ty in _FLOATS:
            raise TypeError(f"floats have no `{name}`")
        return self._made(f"{'b' if self._ty == 'bool' else 'i'}{name}", other)

    def _compare(self, cmp: str, other: Any) -> Number:
        other = self._like(other)
        made = self._made(f"{'i' if self._ty in _INTS else 'f'}cmp.{cmp}", other, ty="bool")
        made._compared = (self, cmp, other)
        return made

    def __add__(self, other: Any) -> Number:
        return self._arithmetic("add", other, False)

    def __radd__(self, other: Any) -> Number:
        return self._arithmetic("add", other, True)

    def __sub__(self, other: Any) -> Number:
        return self._arithmetic("sub", other, False)

    def __rsub__(self, other: Any) -> Number:
        return self._arithmetic("sub", other, True)

    def __mul__(self, other: Any) -> Number:
        return self._arithmetic("mul", other, False)

    def __rmul__(self, other: Any) -> Number:
        return self._arithmetic("mul", other, True)

    def __truediv__(self, other: Any) -> Number:
        return self._arithmetic("div", other, False)

    def __rtruediv__(self, other: Any) -> Number:
        return self._arithmetic("div", other, True)

    def __floordiv__(self, other: Any) -> Number:
        return self._arithmetic("floordiv", other, False)

    def __rfloordiv__(self, other: Any) -> Number:
        return self._arithmetic("floordiv", other, True)

    def __mod__(self, other: Any) -> Number:
        return self._arithmetic("mod", other, False)

    def __rmod__(self, other: Any) -> Number:
        return self._arithmetic("mod", other, True)

    def __pow__(self, other: Any) -> Number:
        return self._arithmetic("pow", other, False)

    def __rpow__(self, other: Any) -> Number:
        return self._arithmetic("pow", other, True)

    def __eq__(self, other: object) -> Any:
        return self._compare("eq", other)

    def __ne__(self, other: object) -> Any:
        return self._compare("ne", other)

    def __lt__(self, other: Any) -> Number:
        return self._compare("lt", other)

    def __le__(self, other: Any) -> Number:
        return self._compare("le", other)

    def __gt__(self, other: Any) -> Number:
        return self._compare("gt", other)

    def __ge__(self, other: Any) -> Number:
        return self._compare("ge", other)

    def __neg__(self) -> Number:
        return self._made("ineg" if self._ty in _INTS else "fneg")

    def __pos__(self) -> Number:
        return self

    def __abs__(self) -> Number:
        return self._made("iabs" if self._ty in _INTS else "fabs")

    def __invert__(self) -> Number:
        return self._made("bnot" if self._ty == "bool" else "inot")

    def __lshift__(self, other: Any) -> Number:
        return self._made("ishl", other)

    def __rshift__(self, other: Any) -> Number:
        return self._made("ishr", other)

    def __and__(self, other: Any) -> Number:
        return self._logic("and", other)

    def __or__(self, other: Any) -> Number:
        return self._logic("or", other)

    def __xor__(self, other: Any) -> Number:
        return self._logic("xor", other)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        name = _NUMPY.get(ufunc.__name__)
        if method != "__call__" or kwargs or name is None:
            return NotImplemented
        return _apply(name, *inputs)


_SAME = ("sqrt cbrt exp exp2 expm1 log log2 log10 log1p sin cos tan sinh cosh tanh hypot").split()
_MATH = {name: name for name in _SAME}
_MATH |= {name: name for name in "asin acos atan atan2 asinh acosh atanh erf erfc".split()}
_MATH |= {"gamma": "gamma", "lgamma": "lgamma", "pow": "math_pow", "fmod": "fmod"}
_MATH |= {"copysign": "copysign", "remainder": "remainder", "fabs": "fabs"}
_BY_VALUE = {getattr(math, name): meaning for name, meaning in _MATH.items()}
_NUMPY = {name: name for name in _SAME}
_NUMPY |= {f"arc{name}": f"a{name}" for name in "sin cos tan sinh cosh tanh".split()}
_NUMPY |= {"arctan2": "atan2", "copysign": "copysign", "fmod": "fmod", "absolute": "fabs"}


def _apply(name: str, *args: Any) -> Any:
    first = next(arg for arg in args if isinstance(arg, Number))
    if name == "fabs":
        return abs(first)
    if first._ty not in _FLOATS:
        raise TypeError(f"{first!r} is {first._ty}: {name} takes floats")
    operands = [first._like(arg) for arg in args]
    return operands[0]._made(f"math.{name}", *operands[1:])


def _select(condition: Any, a: Any, b: Any) -> Any:
    if not isinstance(condition, Number):
        return numpy.where(condition, a, b)
    first = a if isinstance(a, Number) else b
    if not isinstance(first, Number):
        raise TypeError("one of the two values must be a variable or made of one")
    return Number(first._ty, f"(select {condition._text} {first._like(a)._text} {first._like(b)._text})")


def _extreme(which: str, plain: Any) -> Any:
    def extreme(*args: Any, **kwargs: Any) -> Any:
        numbers = [arg for arg in args if isinstance(arg, Number)]
        if not numbers or len(args) != 2:
            return plain(*args, **kwargs)
        a, b = (numbers[0]._like(arg) for arg in args)
        return a._made(f"{'i' if a._ty in _INTS else 'f'}{which}", b)

    return extreme


def _mirror_of(module: Any, names: dict[str, str]) -> Any:
    """A module whose functions take numbers of rules, too."""
    mirror = types.ModuleType(module.__name__)
    mirror.__dict__.update(vars(module))
    for name, meaning in names.items():
        mirror.__dict__[name] = _lifted(getattr(module, name), meaning)
    return mirror


def _lifted(plain: Any, meaning: str) -> Any:
    def lifted(*args: Any) -> Any:
        if any(isinstance(arg, Number) for arg in args):
            return _apply(meaning, *args)
        return plain(*args)

    return lifted


def mirrored(function: Any) -> Any:
    """The function with `math`, `numpy.where`, `min` and `max` understanding numbers of rules."""
    scope = {}
    for name in function.__code__.co_names:
        value = function.__globals__.get(name, getattr(builtins, name, None))
        if value is math:
            scope[name] = _mirror_of(math, _MATH)
        elif value is numpy:
            mirror = types.ModuleType("numpy")
            mirror.__dict__.update({"where": _select, "__getattr__": numpy.__getattribute__})
            scope[name] = mirror
        elif value is numpy.where:
            scope[name] = _select
        elif value is builtins.min or value is builtins.max:
            scope[name] = _extreme(name, value)
        elif isinstance(value, types.BuiltinFunctionType) and value in _BY_VALUE:
            scope[name] = _lifted(value, _BY_VALUE[value])
    if not scope:
        return function
    return types.FunctionType(
        function.__code__,
        {**function.__globals__, **scope},
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )


def rule_text(rule: Any) -> list[tuple[str, str, str, list[tuple[str, str, str]], bool]]:
    """A rewrite as the compiler takes it; one in both directions is two."""
    sides = [(rule.left, rule.right)]
    if rule.both:
        sides.append((rule.right, rule.left))
    made = []
    for at, (left, right) in enumerate(sides):
        bound = set(re.findall(r"\?\w+", repr(left)))
        free = sorted(set(re.findall(r"\?\w+", repr(right))) - bound)
        if free:
            raise TypeError(f"{rule.name}: '{free[0][1:]}' does not occur on the left side")
        conditions = [_condition(condition) for condition in rule.conditions]
        name = f"{rule.name}-back" if at else rule.name
        made.append((name, left._pattern(), repr(right), conditions, rule.exact))
    return made


_SIDE = re.compile(r"\?\w+$|const\[(.*)\]:\w+$")


def _condition(condition: Any) -> tuple[str, str, str]:
    compared = getattr(condition, "_compared", None)
    sides = [_SIDE.match(repr(compared[at])) for at in (0, 2)] if compared else [None]
    if compared is None or None in sides:
        message = "a condition compares a variable with a variable or a constant"
        raise TypeError(f"{condition!r}: {message}")
    left, right = (found[1] or found[0] for found in sides if found is not None)
    return left, compared[1], right
