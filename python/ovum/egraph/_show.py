"""Terms as the Python that makes them, and back from the engine's answers."""

from __future__ import annotations

import fractions
import re

from typing import Any

from ._builtin import BigInt, BigRat, Bool, String, f64, i64
from ._terms import Expr, Operator, Value, Variable, convert, make

_BINARY = {
    "__add__": "+", "__sub__": "-", "__mul__": "*", "__matmul__": "@", "__truediv__": "/",
    "__floordiv__": "//", "__mod__": "%", "__pow__": "**", "__lshift__": "<<", "__rshift__": ">>",
    "__and__": "&", "__or__": "|", "__xor__": "^", "__lt__": "<", "__le__": "<=", "__gt__": ">",
    "__ge__": ">=",
}  # fmt: skip
_UNARY = {"__neg__": "-", "__invert__": "~", "__pos__": "+"}


def show(expr: Expr) -> str:
    """An expression as Python; with an explicit stack, for terms may be deep."""
    done: list[str] = []
    open_: list[Any] = [(expr, False)]
    while open_:
        term, visited = open_.pop()
        head = term._head
        if isinstance(head, Value):
            plain = isinstance(term, (i64, f64, String, Bool))
            done.append(repr(head.value) if plain else f"{type(term).__name__}({head.value!r})")
        elif isinstance(head, Variable):
            done.append(head.name.lstrip("?$"))
        elif visited:
            count = len(term._args)
            args = done[len(done) - count :]
            del done[len(done) - count :]
            done.append(_call(term, head, args))
        else:
            open_.append((term, True))
            open_.extend((arg, False) for arg in reversed(term._args))
    return done[0]


def _call(term: Expr, head: Operator, args: list[str]) -> str:
    owner = head.owner.__name__ if head.owner is not None else ""
    attribute = _attribute(head)
    if head.name == "map-of" and head.shape == "init":
        entries = (f"{key}: {value}" for key, value in zip(args[::2], args[1::2], strict=True))
        return f"{owner}({{{', '.join(entries)}}})"
    if head.shape == "init":
        return f"{owner}({', '.join(args)})"
    if head.shape in ("classmethod", "static"):
        return f"{owner}.{attribute}({', '.join(args)})"
    if head.shape == "constant":
        return f"{owner}.{attribute}"
    receiver = args[0] if args else ""
    nested = bool(term._args) and _is_infix(term._args[0])
    if head.shape == "property":
        return f"{f'({receiver})' if nested else receiver}.{attribute}"
    if head.shape == "method":
        return f"{f'({receiver})' if nested else receiver}.{attribute}({', '.join(args[1:])})"
    if head.shape == "operator":
        operands = [
            f"({arg})" if _is_infix(sub) else arg for arg, sub in zip(args, term._args, strict=True)
        ]
        if head.name == "!=":
            return f"{operands[0]} != {operands[1]}"
        if attribute in _BINARY and len(args) == 2:
            return f"{operands[0]} {_BINARY[attribute]} {operands[1]}"
        if attribute in _UNARY and len(args) == 1:
            return f"{_UNARY[attribute]}{operands[0]}"
        if attribute == "__abs__":
            return f"abs({args[0]})"
        if attribute == "__getitem__":
            return f"{operands[0]}[{args[1]}]"
        if attribute == "__call__":
            return f"{operands[0]}({', '.join(args[1:])})"
        return f"{operands[0]}.{attribute}({', '.join(args[1:])})"
    return f"{head.name}({', '.join(args)})" if args or head._function else head.name


def _is_infix(term: Expr) -> bool:
    head = term._head
    return isinstance(head, Operator) and head.shape == "operator" and (
        _attribute(head) in _BINARY or _attribute(head) in _UNARY or head.name == "!="
    )  # fmt: skip


def _attribute(head: Operator) -> str:
    for name, member in vars(head.owner).items() if head.owner is not None else ():
        if member is head:
            return name
    return head.name.rpartition(".")[2]


def read(answer: Any, sort: Any, operators: dict[str, Operator]) -> Any:
    """The expression that an answer of the engine says: text of literals, tuples of calls."""
    done: list[Any] = []
    known: dict[int, Any] = {}
    open_: list[Any] = [(answer, sort, False)]
    while open_:
        part, wanted, visited = open_.pop()
        if isinstance(part, str):
            done.append(_literal(part, wanted))
            continue
        if not visited and id(part) in known:
            done.append(known[id(part)])
            continue
        if (folded := _folded(part, wanted)) is not None:
            done.append(folded)
            continue
        # A container is written as the elements it is made of, whatever made it.
        operator = operators.get(part[0]) or wanted._constructor(len(part) - 1)
        params, result = operator.signature
        if visited:
            count = len(params)
            args = tuple(done[len(done) - count :])
            del done[len(done) - count :]
            known[id(part)] = make(result, operator, args)
            done.append(known[id(part)])
        else:
            open_.append((part, wanted, True))
            pairs = list(zip(part[1:], params, strict=True))
            open_.extend((arg, param, False) for arg, param in reversed(pairs))
    return done[0]


def _folded(part: tuple[Any, ...], wanted: Any) -> Any:
    """A literal that the engine writes as a call."""
    if wanted is BigInt:
        return convert(int(part[1].strip('"')), BigInt)
    if wanted is BigRat:
        numer, denom = (int(piece[1].strip('"')) for piece in part[1:])
        return convert(fractions.Fraction(numer, denom), BigRat)
    return None


def _literal(text: str, wanted: Any) -> Any:
    if wanted is i64:
        return convert(int(text), i64)
    if wanted is f64:
        return convert(float(text), f64)
    if wanted is Bool:
        return convert(text == "true", Bool)
    if wanted is String:
        plain = {"n": "\n", "t": "\t", "r": "\r"}
        inner = re.sub(r"\\(.)", lambda found: plain.get(found[1], found[1]), text[1:-1])
        return convert(inner, String)
    return make(wanted, Variable(text))
