"""Declarations: what stands in a class derived from :class:`Expr`, and functions outside of one."""

from __future__ import annotations

import types

from collections.abc import Callable
from typing import Any

from ._builtin import Unit, _reflected
from ._terms import _SORTS, Expr, Operator, Variable, make


class _Options:
    """A function of a class with what :func:`method` says of it."""

    def __init__(self, function: Any, options: dict[str, Any]):
        self.function, self.options = function, options


def method(
    *,
    name: str | None = None,
    cost: int | None = None,
    unextractable: bool = False,
    merge: Callable[[Any, Any], Any] | None = None,
    preserve: bool = False,
) -> Callable[[Any], Any]:
    """Decorator inside of a class: its ``name`` in the egglog language, its ``cost`` in extraction
    (1 if not said), whether it is never extracted. ``preserve`` leaves a function as it is."""
    options = {"name": name, "cost": cost, "unextractable": unextractable, "merge": merge}
    return lambda function: function if preserve else _Options(function, options)


def declare_class(cls: Any, frame: types.FrameType) -> None:
    """Makes operators of the functions without body in a new class."""
    names = {} if frame.f_locals is frame.f_globals else dict(frame.f_locals)
    names.pop("__class__", None)
    _SORTS[cls.__name__] = cls
    for attribute, given in list(vars(cls).items()):
        options: dict[str, Any] = {}
        member = given
        if isinstance(member, _Options):
            member, options = member.function, dict(member.options)
        shape, function = _shape(attribute, member)
        if function is None or (not options and not _is_stub(function)):
            continue
        plain = f"{cls.__name__}.{attribute}"
        chosen = options.pop("name", None) or plain
        operator = Operator(chosen, shape, function, cls, names=names, **options)
        if shape == "init":
            cls._init = operator
            del cls.__init__
            cls.__new__ = _construct
        else:
            setattr(cls, attribute, operator)
            reflected = f"__r{attribute[2:]}"
            if shape == "operator" and attribute in _BINARY and reflected not in vars(cls):
                setattr(cls, reflected, _reflected(operator, cls))
    for attribute, hint in vars(cls).get("__annotations__", {}).items():
        if "ClassVar" in str(hint) and attribute not in vars(cls):
            name = f"{cls.__name__}.{attribute}"
            setattr(cls, attribute, Operator(name, "constant", None, cls, signature=((), cls)))


_BINARY = {
    f"__{name}__"
    for name in (
        "add", "sub", "mul", "matmul", "truediv", "floordiv", "mod", "pow", "lshift", "rshift",
        "and", "or", "xor",
    )
}  # fmt: skip


def _construct(cls: Any, *args: Any, **kwargs: Any) -> Any:
    return cls._init(*args, **kwargs)


def _shape(attribute: str, member: Any) -> tuple[str, Any]:
    if isinstance(member, classmethod):
        return "classmethod", member.__func__
    if isinstance(member, staticmethod):
        return "static", member.__func__
    if isinstance(member, property):
        return "property", member.fget
    if not isinstance(member, types.FunctionType):
        return "", None
    if attribute == "__init__":
        return "init", member
    if attribute.startswith("__") and attribute.endswith("__"):
        return "operator", member
    return "method", member


def _stub() -> None: ...


def _is_stub(function: Any) -> bool:
    """Whether a body is ``...`` or ``pass``, perhaps after a docstring."""
    code = function.__code__
    constants = [constant for constant in code.co_consts if constant is not None]
    documented = constants in ([], [function.__doc__])
    return documented and len(code.co_code) == len(_stub.__code__.co_code)


def function(
    declared: Callable[..., Any] | None = None,
    *,
    name: str | None = None,
    cost: int | None = None,
    unextractable: bool = False,
    merge: Callable[[Any, Any], Any] | None = None,
) -> Any:
    """Decorator of a function without body. One that returns a sort of yours is a constructor; one
    that returns a built-in sort has a value for some arguments, set by rules, and ``merge`` makes
    one value of two (without it two values are an error); one that returns None is a relation.

        @ovum.function(merge=lambda old, new: old.max(new))
        def least(x: Num) -> ovum.i64: ...
    """

    def make_operator(declared: Callable[..., Any]) -> Operator:
        chosen = name or declared.__name__
        options: dict[str, Any] = {"cost": cost, "unextractable": unextractable, "merge": merge}
        return Operator(chosen, "function", declared, **options)

    return make_operator if declared is None else make_operator(declared)


def primitive(function: Callable[..., Any]) -> Any:
    """Decorator that lets rules call a function of Python on values of built-in sorts. It must
    depend on its arguments only; None is no match. One annotated to return None is a condition,
    which holds where the result is true.

        @ovum.primitive
        def gcd(a: i64, b: i64) -> i64:
            return math.gcd(a, b)
    """
    operator = Operator(function.__name__, "function", function)
    operator.kind = "python"
    return operator


def relation(name: str, *sorts: type[Expr]) -> Operator:
    """A relation: ``edge = ovum.relation("edge", i64, i64)``; ``edge(1, 2)`` is a fact and, where
    it is registered or done by a rule, a row."""
    return Operator(name, "function", None, signature=(tuple(sorts), Unit))


def constant(name: str, sort: type[Expr]) -> Any:
    """A constructor without arguments, applied."""
    return Operator(name, "function", None, signature=((), sort))()


def var(name: str, sort: type[Expr]) -> Any:
    """A variable of rules: it stands for any term of the sort."""
    return make(sort, Variable(f"?{name}"))


def vars_(names: str, sort: type[Expr]) -> list[Any]:
    """Several variables: ``x, y = ovum.vars_("x y", Num)``."""
    return [var(name, sort) for name in names.replace(",", " ").split()]
