"""Terms of an e-graph as Python's expressions: :class:`Expr`, its operators and its text."""

from __future__ import annotations

import sys

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple


class Place(NamedTuple):
    """A line of Python."""

    file: str
    line: int


def place_of(frame: Any) -> Place:
    """The line that a frame is at, the nearest one outside this package."""
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(_PACKAGE):
        frame = frame.f_back
    return Place(frame.f_code.co_filename, frame.f_lineno)


def here() -> Place:
    """The line of the caller outside this package."""
    return place_of(sys._getframe(1))


_PACKAGE = __name__.rpartition(".")[0]


class Variable(NamedTuple):
    """The head of a term that stands for any of its sort, or for a name given by ``let``."""

    name: str


class Value(NamedTuple):
    """The head of a literal: its text in the egglog language, and Python's value."""

    text: str
    value: Any


class Operator:
    """A constructor, function, relation or primitive, called with expressions."""

    __slots__ = (
        "__weakref__", "_function", "_names", "_signature", "cost", "kind", "merge", "name",
        "owner", "shape", "unextractable",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        shape: str,
        function: Callable[..., Any] | None,
        owner: type | None = None,
        *,
        cost: int | None = None,
        unextractable: bool = False,
        merge: Callable[..., Any] | None = None,
        signature: tuple[tuple[Any, ...], Any] | None = None,
        names: dict[str, Any] | None = None,
        primitive: bool = False,
    ):
        self.name, self.shape, self.owner = name, shape, owner
        self.cost, self.unextractable, self.merge = cost, unextractable, merge
        self._function, self._signature, self._names = function, signature, names or {}
        self.kind = "primitive" if primitive else "declared"

    @property
    def signature(self) -> tuple[tuple[Any, ...], Any]:
        """Sorts of the arguments and of the result; read when it is first needed, so that
        annotations can name what is defined later."""
        if self._signature is None:
            self._signature = self._read()
        return self._signature

    def _read(self) -> tuple[tuple[Any, ...], Any]:
        function = self._function
        assert function is not None
        code, hints = function.__code__, function.__annotations__
        names = list(code.co_varnames[: code.co_argcount])
        params: list[Any] = []
        if self.shape in ("method", "property", "operator"):
            params.append(self.owner)
            names = names[1:]
        elif self.shape in ("init", "classmethod"):
            names = names[1:]
        for name in names:
            if name not in hints:
                raise TypeError(f"{self.name}(): the argument '{name}' needs a type")
            params.append(self._sort(hints[name]))
        result = self.owner if self.shape == "init" else self._sort(hints.get("return"))
        return tuple(params), result

    def _sort(self, hint: Any) -> Any:
        if isinstance(hint, str):
            names = {**_SORTS, **self._names}
            if self.owner is not None:
                names[self.owner.__name__] = self.owner
            scope = getattr(self._function, "__globals__", {})
            hint = eval(hint, {**_SORTS, **scope}, names)
        if hint is None or hint is type(None):
            return _SORTS["Unit"]
        plain = {int: "i64", float: "f64", bool: "Bool", str: "String"}.get(hint)
        hint = _SORTS[plain] if plain else hint
        if not (isinstance(hint, type) and issubclass(hint, Expr)):
            raise TypeError(f"{self.name}(): {hint!r} is not a sort: use a class derived from Expr")
        return hint

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if self.shape == "property":
            return self if instance is None else self(instance)
        if self.shape == "constant":
            return self()
        if instance is None or self.shape not in ("method", "operator"):
            return self
        return Bound(self, instance)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        params, result = self.signature
        if kwargs or len(args) < len(params):
            args = self._complete(args, kwargs)
        if len(args) != len(params):
            raise TypeError(f"{self.name}() takes {len(params)} arguments but got {len(args)}")
        converted = []
        for at, (arg, param) in enumerate(zip(args, params)):
            expr = convert(arg, param)
            if expr is None:
                given = type(arg).__name__
                raise TypeError(
                    f"{self.name}(): argument {at + 1} must be {param.__name__}, not {given}"
                )
            converted.append(expr)
        return make(result, self, tuple(converted))

    def _complete(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        if self._function is None:
            return args
        code, defaults = self._function.__code__, self._function.__defaults__ or ()
        names = code.co_varnames[: code.co_argcount]
        names = names[1:] if self.shape in ("init", "classmethod") else names
        given = dict(zip(names[len(names) - len(defaults) :], defaults))
        given.update(zip(names, args))
        for name, value in kwargs.items():
            if name not in names:
                raise TypeError(f"{self.name}() has no argument '{name}'")
            given[name] = value
        return tuple(given[name] for name in names if name in given)

    def __repr__(self) -> str:
        return f"<operator {self.name}>"

    def __reduce__(self) -> Any:
        raise TypeError("terms of an e-graph cannot be pickled")


class Bound:
    """A method of an expression."""

    __slots__ = ("instance", "operator")

    def __init__(self, operator: Operator, instance: Expr):
        self.operator, self.instance = operator, instance

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.operator.shape == "operator" and len(args) == 1:
            # A refusal lets Python try the other operand's method.
            param = self.operator.signature[0][1]
            other = convert(args[0], param)
            if other is None:
                return NotImplemented
            args = (other,)
        return self.operator(self.instance, *args, **kwargs)


# What annotations may name without importing it, and user classes by name.
_SORTS: dict[str, Any] = {}


class Expr:
    """A term. Derive a class for a sort of your own; functions without body are its constructors::

        class Num(ovum.Expr):
            def __init__(self, value: ovum.i64): ...
            def __add__(self, other: "Num") -> "Num": ...
    """

    __slots__ = ("_args", "_head")
    _args: tuple[Expr, ...]
    _head: Operator | Variable | Value

    def __init_subclass__(cls, sort: str | None = None, **kwargs: Any):
        super().__init_subclass__(**kwargs)
        cls._sort = sort or cls.__name__  # type: ignore[attr-defined]
        if sort is None:
            from ._declare import declare_class

            declare_class(cls, sys._getframe(1))
        else:
            _SORTS[cls.__name__] = cls

    def __eq__(self, other: object) -> Any:
        expr = convert(other, type(self))
        return NotImplemented if expr is None else Fact((self, expr))

    def __ne__(self, other: object) -> Any:
        expr = convert(other, type(self))
        if expr is None:
            return NotImplemented
        return make(_SORTS["Unit"], _DIFFERS, (self, expr))

    def __hash__(self) -> int:
        return hash(text_of(self))

    def __bool__(self) -> bool:
        raise TypeError("an expression is neither true nor false: ask egraph.check_bool(…)")

    def __repr__(self) -> str:
        from ._show import show

        return show(self)

    @property
    def value(self) -> Any:
        """Python's value of a literal."""
        if isinstance(self._head, Value):
            return self._head.value
        raise TypeError(f"{self!r} is not a literal")


_DIFFERS = Operator("!=", "operator", None, primitive=True)


class Fact:
    """What can be asked or required: that expressions are equal, or that a row is there."""

    __slots__ = ("exprs",)

    def __init__(self, exprs: tuple[Expr, ...]):
        self.exprs = exprs

    def __bool__(self) -> bool:
        """Whether the expressions are written alike; an e-graph may know more."""
        first, *others = (text_of(expr) for expr in self.exprs)
        return all(other == first for other in others)

    def __repr__(self) -> str:
        return " == ".join(repr(expr) for expr in self.exprs)

    def text(self) -> str:
        """The fact in the egglog language."""
        if len(self.exprs) == 1:
            return text_of(self.exprs[0])
        return f"(= {' '.join(text_of(expr) for expr in self.exprs)})"


def make(sort: Any, head: Operator | Variable | Value, args: tuple[Expr, ...] = ()) -> Any:
    """An expression of a sort."""
    expr = object.__new__(sort)
    expr._head, expr._args = head, args
    return expr


def convert(value: Any, sort: Any) -> Any:
    """The value as an expression of the sort; None if it is none. Python's values become literals,
    and literals become terms of a sort that has a constructor of one."""
    if isinstance(value, sort):
        return value
    literal = getattr(sort, "_literal", None)
    if literal is not None:
        return literal(value)
    init = vars(sort).get("_init")
    if init is None or (isinstance(value, Expr) and not hasattr(type(value), "_literal")):
        return None
    params = init.signature[0]
    if len(params) != 1 or not hasattr(params[0], "_literal"):
        return None
    inner = convert(value, params[0])
    return None if inner is None else make(sort, init, (inner,))


def text_of(expr: Expr) -> str:
    """The term in the egglog language; with an explicit stack, for terms may be deep."""
    parts: list[str] = []
    open_: list[Any] = [expr]
    while open_:
        part = open_.pop()
        if isinstance(part, str):
            parts.append(part)
            continue
        head = part._head
        if isinstance(head, Value):
            parts.append(head.text)
        elif isinstance(head, Variable):
            parts.append(head.name)
        else:
            parts.append(f"({head.name}")
            open_.append(")")
            for arg in reversed(part._args):
                open_.append(arg)
                open_.append(" ")
    return "".join(parts)


def subterms(exprs: Iterator[Expr] | tuple[Expr, ...] | list[Expr]) -> Iterator[Expr]:
    """Every term in these, each object once."""
    seen: set[int] = set()
    open_ = list(exprs)
    while open_:
        expr = open_.pop()
        if id(expr) in seen:
            continue
        seen.add(id(expr))
        yield expr
        open_.extend(expr._args)
