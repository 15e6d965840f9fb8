"""Containers: sorts whose values are vectors, sets and maps of terms or built-in values.

    Vec[Num](x, y)    Set[i64](1, 2)    Map[String, Num]({"a": x})

A container is equal to another when its elements are: unions of terms inside make containers equal.
"""

from __future__ import annotations

from typing import Any, ClassVar

from ._builtin import Unit, i64
from ._terms import _SORTS, Expr, Operator, convert, make

_MADE: dict[tuple[Any, ...], Any] = {}
_PLAIN = {int: "i64", float: "f64", bool: "Bool", str: "String"}


class Container(Expr, sort="Container"):
    """What vectors, sets and maps have in common: ``Vec[Num]`` is a sort, ``Vec`` alone is none."""

    __slots__ = ()

    # The sorts of the elements, or of key and value; empty if they are not said.
    _items: ClassVar[tuple[Any, ...]] = ()
    _count: ClassVar[int] = 1
    _of: ClassVar[str] = ""
    _from: ClassVar[tuple[type, ...]] = ()

    def __class_getitem__(cls, items: Any) -> Any:
        given = items if isinstance(items, tuple) else (items,)
        if cls._items or not cls._of or len(given) != cls._count:
            raise TypeError(f"{cls.__name__} cannot be made of {len(given)} sorts")
        sorts = tuple(_SORTS[_PLAIN[item]] if item in _PLAIN else item for item in given)
        for item in sorts:
            if not (isinstance(item, type) and issubclass(item, Expr)):
                raise TypeError(f"{item!r} is not a sort: use a class derived from Expr")
        key = (cls, *sorts)
        if key not in _MADE:
            name = f"{cls.__name__}[{', '.join(item.__name__ for item in sorts)}]"
            sort = f"{cls.__name__}<{','.join(item._sort for item in sorts)}>"
            derive: Any = type(cls)
            made = derive(name, (cls,), {"__slots__": (), "_items": sorts}, sort=sort)
            for attribute, head, params, result in cls._methods(made, *sorts):
                shape = "operator" if attribute.startswith("__") else "method"
                signature = ((made, *params), result)
                operator = Operator(head, shape, None, made, primitive=True, signature=signature)
                setattr(made, attribute, operator)
            _MADE[key] = made
        return _MADE[key]

    def __new__(cls, *given: Any) -> Any:
        if not cls._items:
            raise TypeError(f"say what is inside: {cls.__name__}[i64], for example")
        elements = cls._elements(given)
        head = cls._constructor(len(elements))
        return head(*elements)

    def __init__(self, *given: Any):
        pass

    @classmethod
    def _elements(cls, given: tuple[Any, ...]) -> list[Any]:
        return list(given)

    @classmethod
    def _constructor(cls, count: int) -> Operator:
        """The function that makes a container of so many elements, keys and values each one."""
        params = cls._items * (count // len(cls._items))
        return Operator(cls._of, "init", None, cls, primitive=True, signature=(params, cls))

    @classmethod
    def _methods(cls, made: Any, *sorts: Any) -> list[tuple[str, str, tuple[Any, ...], Any]]:
        raise NotImplementedError

    @classmethod
    def _literal(cls, value: Any) -> Any:
        """A Python container as one of this sort; None if it is none."""
        if not isinstance(value, cls._from) or not cls._items:
            return None
        given: Any = value
        elements = cls._elements((given,) if issubclass(cls, Map) else tuple(given))
        sorts = cls._items * (len(elements) // len(cls._items))
        converted = tuple(convert(one, sort) for one, sort in zip(elements, sorts, strict=True))
        if any(one is None for one in converted):
            return None
        return make(cls, cls._constructor(len(converted)), converted)


class Vec(Container, sort="Vec"):
    """A vector: ``Vec[Num](x, y)``. ``a[i]``, ``a + b``, ``a.push(x)``, ``pop()``, ``set(i, x)``,
    ``remove(i)``, ``length()``, ``contains(x)``, ``not_contains(x)``. Python's lists convert."""

    __slots__ = ()
    _of = "vec-of"
    _from = (list, tuple)

    @classmethod
    def _methods(cls, made: Any, *sorts: Any) -> list[tuple[str, str, tuple[Any, ...], Any]]:
        [item] = sorts
        return [
            ("__getitem__", "vec-get", (i64,), item),
            ("__add__", "vec-append", (made,), made),
            ("push", "vec-push", (item,), made),
            ("pop", "vec-pop", (), made),
            ("set", "vec-set", (i64, item), made),
            ("remove", "vec-remove", (i64,), made),
            ("length", "vec-length", (), i64),
            ("contains", "vec-contains", (item,), Unit),
            ("not_contains", "vec-not-contains", (item,), Unit),
        ]


class Set(Container, sort="Set"):
    """A set: ``Set[i64](1, 2)``. ``a | b``, ``a & b``, ``a - b``, ``a.insert(x)``, ``remove(x)``,
    ``length()``, ``contains(x)``, ``not_contains(x)``. Python's sets convert."""

    __slots__ = ()
    _of = "set-of"
    _from = (set, frozenset)

    @classmethod
    def _methods(cls, made: Any, *sorts: Any) -> list[tuple[str, str, tuple[Any, ...], Any]]:
        [item] = sorts
        return [
            ("__or__", "set-union", (made,), made),
            ("__and__", "set-intersect", (made,), made),
            ("__sub__", "set-diff", (made,), made),
            ("insert", "set-insert", (item,), made),
            ("remove", "set-remove", (item,), made),
            ("length", "set-length", (), i64),
            ("contains", "set-contains", (item,), Unit),
            ("not_contains", "set-not-contains", (item,), Unit),
        ]


class Map(Container, sort="Map"):
    """A map: ``Map[String, Num]({"a": x})``. ``m[k]``, ``m.insert(k, v)``, ``remove(k)``,
    ``length()``, ``contains(k)``, ``not_contains(k)``. Python's dictionaries convert."""

    __slots__ = ()
    _count = 2
    _of = "map-of"
    _from = (dict,)

    @classmethod
    def _elements(cls, given: tuple[Any, ...]) -> list[Any]:
        if len(given) > 1 or not all(isinstance(one, dict) for one in given):
            raise TypeError(f"{cls.__name__} is made of a dictionary")
        return [one for entries in given for entry in entries.items() for one in entry]

    @classmethod
    def _methods(cls, made: Any, *sorts: Any) -> list[tuple[str, str, tuple[Any, ...], Any]]:
        key, value = sorts
        return [
            ("__getitem__", "map-get", (key,), value),
            ("insert", "map-insert", (key, value), made),
            ("remove", "map-remove", (key,), made),
            ("length", "map-length", (), i64),
            ("contains", "map-contains", (key,), Unit),
            ("not_contains", "map-not-contains", (key,), Unit),
        ]
