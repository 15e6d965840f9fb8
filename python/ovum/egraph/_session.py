"""An e-graph to work with: :class:`EGraph`."""

from __future__ import annotations

import linecache

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar, overload

from .. import _core
from .._core import EGraphError
from ._rules import Rule, Rewrite, Ruleset, Schedule, action_of, facts_text, run
from ._show import read
from ._terms import Expr, Operator, Place, Variable, here, make, subterms, text_of

T = TypeVar("T", bound=Expr)


@dataclass(frozen=True)
class RunReport:
    """What a run did; times are in seconds."""

    iterations: int
    stop_reason: str
    updated: bool
    rows: int
    classes: int
    search_time: float
    apply_time: float
    rebuild_time: float
    matches: dict[str, int]
    applied: dict[str, int]


class EGraph:
    """Terms, what is known to be equal, and rules that find out more.

    ``node_limit`` bounds the rows, ``time_limit`` the seconds of each run: a run that reaches one
    stops and says so. ``threads`` search; the answers do not depend on it. With ``proofs`` what is
    done is kept, so that :meth:`explain` can say why two terms are equal.

    ``with egraph:`` undoes at its end what was done inside, as :meth:`push` and :meth:`pop` do.
    """

    def __init__(
        self,
        *expressions: Expr,
        node_limit: int | None = None,
        time_limit: float | None = None,
        threads: int = 1,
        proofs: bool = False,
    ):
        self._session = _core.Session(
            nodes=node_limit, seconds=time_limit, threads=threads, explain=proofs
        )
        self._operators: dict[str, Operator] = {}
        self._sorts: dict[str, Any] = {}
        self._rulesets: dict[int, tuple[str, Ruleset]] = {}
        self._rules = 0
        self._scopes: list[tuple[Any, ...]] = []
        for expression in expressions:
            self.register(expression)

    def __repr__(self) -> str:
        return f"<ovum.EGraph: {self._session.rows} rows, {self._session.classes} classes>"

    @property
    def rows(self) -> int:
        """The number of nodes, facts and values."""
        return self._session.rows

    @property
    def classes(self) -> int:
        """The number of classes that differ."""
        return self._session.classes

    def let(self, name: str, expr: T) -> T:
        """Adds a term under a name; the expression returned stands for its class."""
        self._declare([expr])
        self._do(f"(let ${name} {text_of(expr)})", here())
        named: T = make(type(expr), Variable(f"${name}"))
        return named

    def register(self, *given: Any) -> None:
        """Adds terms, does actions, and adds rules to the e-graph's own rule set."""
        place = here()
        for one in given:
            if isinstance(one, (Rule, Rewrite)):
                self._add_rule(one, "", place)
            elif isinstance(one, Ruleset):
                for rule in one.rules:
                    self._add_rule(rule, "", place)
            else:
                action = action_of(one)
                self._declare(action.exprs)
                self._do(action.text(), place)

    @overload
    def run(self, given: int = 1, *until: Any, ruleset: Ruleset | None = None) -> RunReport: ...
    @overload
    def run(self, given: Schedule | Ruleset) -> RunReport: ...
    def run(self, given: Any = 1, *until: Any, ruleset: Ruleset | None = None) -> RunReport:
        """Runs a rule set so many times (the e-graph's own if none is given), less if nothing
        changes or the facts hold; or runs a schedule."""
        place = here()
        if isinstance(given, Ruleset):
            given = run(given, *until)
        elif isinstance(given, int):
            given = run(ruleset, *until).__mul__(given)
        facts, exprs = facts_text(given.goals())
        self._declare(exprs)
        for one in given.rulesets():
            self._declare_ruleset(one, place)
        before = (self._session.report(), self._session.rows, self._session.classes)
        stop = "completed"
        try:
            self._do(f"(run-schedule {given.text(lambda one: self._rulesets[id(one)][0])})", place)
        except EGraphError as error:
            if getattr(error, "code", None) != "EG051":
                raise
            stop = str(getattr(error, "message", error))
        return self._report(stop, *before)

    def _report(self, stop: str, old: Any, rows: int, classes: int) -> RunReport:
        new = self._session.report()
        done = {
            name: tuple(a - b for a, b in zip(counts, old["rules"].get(name, (0, 0))))
            for name, counts in new["rules"].items()
        }
        now = (self._session.rows, self._session.classes)
        return RunReport(
            iterations=new["iterations"] - old["iterations"],
            stop_reason=stop,
            updated=now != (rows, classes) or any(applied for _, applied in done.values()),
            rows=now[0],
            classes=now[1],
            search_time=new["search"] - old["search"],
            apply_time=new["apply"] - old["apply"],
            rebuild_time=new["rebuild"] - old["rebuild"],
            matches={name: found for name, (found, _) in done.items() if found},
            applied={name: applied for name, (_, applied) in done.items() if applied},
        )

    def saturate(self, ruleset: Ruleset | None = None) -> RunReport:
        """Runs a rule set (the e-graph's own if none is given) until nothing changes."""
        return self.run(run(ruleset).saturate())

    def check(self, *facts: Any) -> None:
        """Raises :class:`EGraphError` unless all facts hold."""
        place = here()
        text, exprs = facts_text(facts)
        self._declare(exprs)
        self._do(f"(check {text})", place, lambda: " and ".join(repr(fact) for fact in facts))

    def check_bool(self, *facts: Any) -> bool:
        """Whether all facts hold."""
        text, exprs = facts_text(facts)
        self._declare(exprs)
        try:
            self._do(f"(check {text})", here())
        except EGraphError as error:
            if getattr(error, "code", None) != "EG050":
                raise
            return False
        return True

    def check_fail(self, *facts: Any) -> None:
        """Raises :class:`EGraphError` if all facts hold."""
        place = here()
        if self.check_bool(*facts):
            shown = " and ".join(repr(fact) for fact in facts)
            raise self._refused("EG050", f"it holds that {shown}", place)

    @overload
    def extract(self, expr: T) -> T: ...
    @overload
    def extract(self, expr: T, *, include_cost: bool) -> tuple[T, int] | T: ...
    def extract(self, expr: Any, *, include_cost: bool = False) -> Any:
        """The cheapest equal term, with ``include_cost`` the pair of it and its cost."""
        self._declare([expr])
        [(_, (cost, term))] = self._do(f"(extract {text_of(expr)})", here())
        best = read(term, type(expr), self._operators)
        return (best, cost) if include_cost else best

    def extract_multiple(self, expr: T, count: int) -> list[T]:
        """Up to so many equal terms with different roots, the cheapest first."""
        self._declare([expr])
        [(_, terms)] = self._do(f"(extract {text_of(expr)} {count})", here())
        return [read(term, type(expr), self._operators) for term in terms]

    def push(self) -> None:
        """Keeps a state for :meth:`pop`."""
        kept = (dict(self._operators), dict(self._sorts), dict(self._rulesets), self._rules)
        self._do("(push 1)", here())
        self._scopes.append(kept)

    def pop(self) -> None:
        """Goes back to the last state that was kept."""
        self._do("(pop 1)", here())
        self._operators, self._sorts, self._rulesets, self._rules = self._scopes.pop()

    def __enter__(self) -> EGraph:
        self.push()
        return self

    def __exit__(self, *exception: object) -> None:
        self.pop()

    def explain(self, a: Expr, b: Expr) -> str:
        """Why two terms are equal, step by step; the e-graph was made with ``proofs=True``."""
        self._declare([a, b])
        [(_, text)] = self._do(f"(prove (= {text_of(a)} {text_of(b)}))", here())
        return str(text)

    def size(self, operator: Any) -> int:
        """The number of rows of a constructor, function or relation."""
        operator = getattr(operator, "_init", operator)
        return self._session.size(operator.name) or 0

    def rows_of(self, operator: Any) -> list[tuple[Any, Any]]:
        """The rows of a function with a value: pairs of call and value, the value None of a
        constructor or relation."""
        operator = getattr(operator, "_init", operator)
        self._declare_operator(operator)
        _, result = operator.signature
        [(_, rows)] = self._do(f"(print-function {operator.name})", here())
        ops = self._operators
        return [
            (read(call, result, ops), None if value is None else read(value, result, ops))
            for call, value in rows
        ]

    def sizes(self) -> dict[str, int]:
        """The number of rows of everything that is declared, by its name in the engine."""
        [(_, sizes)] = self._do("(print-size)", here())
        return dict(sizes)

    def program(self, text: str) -> list[Any]:
        """Runs a program of the egglog language; its answers."""
        return [said for _, said in self._do(text, here())]

    # Declarations, on first use.

    def _declare(self, exprs: Any) -> None:
        for expr in subterms(exprs):
            self._declare_sort(type(expr))
            if isinstance(expr._head, Operator):
                self._declare_operator(expr._head)

    def _declare_sort(self, sort: Any) -> None:
        name = sort._sort
        known = self._sorts.get(name)
        if known is sort:
            return
        if known is not None:
            raise TypeError(f"two sorts are called {name}: {known!r} and {sort!r}")
        items = getattr(sort, "_items", ())
        for item in items:
            self._declare_sort(item)
        if items:
            inside = " ".join(item._sort for item in items)
            self._session.run("<sort>", f"(sort {name} ({name.partition('<')[0]} {inside}))")
        elif not hasattr(sort, "_literal") and name != "Unit":
            self._session.run("<sort>", f"(sort {name})")
        self._sorts[name] = sort

    def _declare_operator(self, operator: Operator) -> None:
        if operator.kind == "primitive" or self._operators.get(operator.name) is operator:
            return
        if operator.name in self._operators:
            raise TypeError(f"two functions are called {operator.name}")
        params, result = operator.signature
        for sort in (*params, result):
            self._declare_sort(sort)
        if operator.kind == "python" and operator._function is not None:
            sorts = [param._sort for param in params]
            self._session.primitive(operator.name, sorts, result._sort, operator._function)
            self._operators[operator.name] = operator
            return
        inputs = " ".join(param._sort for param in params)
        head = f"{operator.name} ({inputs})"
        plain = hasattr(result, "_literal")
        if result._sort == "Unit":
            text = f"(relation {head})"
        elif operator.merge is not None or plain:
            text = f"(function {head} {result._sort} {self._merge(operator, result)})"
        else:
            cost = "" if operator.cost is None else f" :cost {operator.cost}"
            hidden = " :unextractable" if operator.unextractable else ""
            text = f"(constructor {head} {result._sort}{cost}{hidden})"
        self._operators[operator.name] = operator
        try:
            self._session.run("<declaration>", text)
        except EGraphError:
            del self._operators[operator.name]
            raise

    def _merge(self, operator: Operator, result: Any) -> str:
        if operator.merge is None:
            return ":no-merge"
        merged = operator.merge(make(result, Variable("old")), make(result, Variable("new")))
        self._declare([merged])
        return f":merge {text_of(merged)}"

    def _declare_ruleset(self, one: Ruleset, place: Place) -> None:
        if id(one) in self._rulesets:
            return
        taken = {name for name, _ in self._rulesets.values()}
        name = base = one.name.replace(" ", "-")
        for number in range(2, len(taken) + 3):
            if name not in taken:
                break
            name = f"{base}-{number}"
        rules = one.rules
        for rule in rules:
            self._declare(rule.exprs())
        self._session.run("<ruleset>", f"(ruleset {name})")
        self._rulesets[id(one)] = (name, one)
        for rule in rules:
            self._add_rule(rule, name, place)

    def _add_rule(self, rule: Any, ruleset: str, place: Place) -> None:
        self._declare(rule.exprs())
        self._rules += 1
        name = rule.name or f"{_line(rule.place)} #{self._rules}"
        taken = name if rule.name == "" else f"{name}"
        self._do(rule.text(taken.replace('"', "'"), ruleset), rule.place)

    def _do(self, text: str, place: Place, shown: Any = None) -> list[tuple[str, Any]]:
        """Runs a text; an error is about the line of Python that asked for it."""
        try:
            return self._session.run(f"{place.file}:{place.line}", text)
        except EGraphError as error:
            code = str(getattr(error, "code", ""))
            message = str(getattr(error, "message", error))
            if shown is not None and code == "EG050":
                message = f"it is not known that {shown()}"
            raise self._refused(code, message, place) from None

    @staticmethod
    def _refused(code: str, message: str, place: Place) -> EGraphError:
        line = linecache.getline(place.file, place.line).strip()
        head = f"error[{code}]: {message}" if code else message
        error = EGraphError(f"{head}\n --> {place.file}:{place.line}\n    {line}")
        error.code, error.message = code, message
        error.file, error.line = place.file, place.line
        return error


def _line(place: Place) -> str:
    return f"{place.file.rpartition('/')[2]}:{place.line}"


