"""Rules, rule sets and schedules."""

from __future__ import annotations

import types

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from .._core import counterexample
from ._kernel import KERNEL_SORTS, Number, mirrored, rule_text
from ._terms import Expr, Fact, Place, Variable, convert, here, make, text_of
from ._terms import _SORTS


def facts_text(facts: Iterable[Any]) -> tuple[str, list[Expr]]:
    """Facts in the egglog language, and their expressions."""
    texts: list[str] = []
    exprs: list[Expr] = []
    for fact in facts:
        if isinstance(fact, Expr):
            fact = Fact((fact,))
        if not isinstance(fact, Fact):
            raise TypeError(f"{fact!r} is no fact: write eq(a).to(b), a comparison, or a relation")
        texts.append(fact.text())
        exprs.extend(fact.exprs)
    return " ".join(texts), exprs


@dataclass(frozen=True, eq=False)
class Action:
    """What a rule does, or :meth:`EGraph.register` at once."""

    form: str
    exprs: tuple[Expr, ...]

    def text(self) -> str:
        """The action in the egglog language."""
        return self.form.format(*(text_of(expr) for expr in self.exprs))


def action_of(given: Any) -> Action:
    """An action; an expression alone is made."""
    if isinstance(given, Expr):
        return Action("{}", (given,))
    if isinstance(given, Action):
        return given
    raise TypeError(f"{given!r} is no action: write union, set_, delete, subsume, or an expression")


class _To:
    """The first half of what is said of two expressions."""

    def __init__(self, done: Callable[..., Any], expr: Any, said: str):
        self._done, self._expr, self._said = done, expr, said

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name != self._said:
            raise AttributeError(f"say .{self._said}(…)")
        return lambda *others, **options: self._done(self._expr, *others, **options)


def eq(expr: Any) -> Any:
    """``eq(a).to(b)``: the fact that expressions are equal."""
    return _To(lambda a, *others: Fact((a, *(_same(a, other) for other in others))), expr, "to")


def ne(expr: Any) -> Any:
    """``ne(a).to(b)``: the fact that expressions are not known to be equal."""
    return _To(lambda a, b: a != b, expr, "to")


def union(expr: Any) -> Any:
    """``union(a).with_(b)``: makes two expressions equal."""
    done = lambda a, b: Action("(union {} {})", (a, _same(a, b)))  # noqa: E731
    return _To(done, expr, "with_")


def set_(expr: Any) -> Any:
    """``set_(f(x)).to(v)``: gives a function a value."""

    def done(call: Any, value: Any) -> Action:
        return Action("(set {} {})", (call, _same(call, value)))

    return _To(done, expr, "to")


def delete(expr: Any) -> Action:
    """Removes a row."""
    return Action("(delete {})", (expr,))


def subsume(expr: Any) -> Action:
    """Keeps a row from being matched and extracted."""
    return Action("(subsume {})", (expr,))


def panic(message: str) -> Action:
    """Fails with a message."""
    text = convert(message, _SORTS["String"])
    return Action("(panic {})", (text,))


def _same(like: Any, value: Any) -> Any:
    expr = convert(value, type(like))
    if expr is None:
        raise TypeError(f"{value!r} is no {type(like).__name__}, as {like!r} is")
    return expr


@dataclass(frozen=True, eq=False)
class Rule:
    """Where the facts hold, the actions are done."""

    facts: tuple[Any, ...]
    actions: tuple[Action, ...]
    name: str
    place: Place

    def text(self, name: str, ruleset: str) -> str:
        """The rule in the egglog language."""
        facts, _ = facts_text(self.facts)
        actions = " ".join(action.text() for action in self.actions)
        option = f" :ruleset {ruleset}" if ruleset else ""
        return f'(rule ({facts}) ({actions}){option} :name "{name}")'

    def exprs(self) -> list[Expr]:
        """Every expression in it."""
        _, found = facts_text(self.facts)
        return found + [expr for action in self.actions for expr in action.exprs]


@dataclass(frozen=True, eq=False)
class Rewrite:
    """What matches the left side equals the right side, where the conditions hold."""

    left: Any
    right: Any
    conditions: tuple[Any, ...]
    both: bool
    subsume: bool
    name: str
    place: Place
    exact: bool = False

    def text(self, name: str, ruleset: str) -> str:
        """The rule in the egglog language."""
        if isinstance(self.left, Number):
            raise TypeError(f"{self.shown()} is a rule for the compiler: pass it to jit(rules=[…])")
        facts, _ = facts_text(self.conditions)
        head = "birewrite" if self.both else "rewrite"
        when = f" :when ({facts})" if facts else ""
        option = f" :ruleset {ruleset}" if ruleset else ""
        once = " :subsume" if self.subsume else ""
        sides = f"{text_of(self.left)} {text_of(self.right)}"
        return f'({head} {sides}{once}{when}{option} :name "{name}")'

    def exprs(self) -> list[Expr]:
        """Every expression in it."""
        return [self.left, self.right, *facts_text(self.conditions)[1]]

    def shown(self) -> str:
        """The rule as Python, for messages."""
        return f"{self.left!r} -> {self.right!r}"


def rewrite(left: Any, *, name: str = "", subsume: bool = False) -> Any:
    """``rewrite(left).to(right, *conditions)``."""
    place = here()
    return _To(
        lambda a, b, *when: Rewrite(a, _right(a, b), when, False, subsume, name, place), left, "to"
    )


def birewrite(left: Any, *, name: str = "") -> Any:
    """``birewrite(left).to(right, *conditions)``: a rewrite in both directions."""
    place = here()
    return _To(
        lambda a, b, *when: Rewrite(a, _right(a, b), when, True, False, name, place), left, "to"
    )


def _right(left: Any, right: Any) -> Any:
    if isinstance(left, Number):
        return left._like(right)
    if not isinstance(left, Expr):
        raise TypeError(f"{left!r} is no expression")
    return _same(left, right)


class _Then:
    def __init__(self, facts: tuple[Any, ...], name: str, place: Place):
        self._facts, self._name, self._place = facts, name, place

    def then(self, *actions: Any) -> Rule:
        """What is done for each match."""
        made = tuple(action_of(action) for action in actions)
        return Rule(self._facts, made, self._name, self._place)


def rule(*facts: Any, name: str = "", exact: bool = False) -> Any:
    """``rule(*facts).then(*actions)``; or a decorator of a function whose parameters are variables
    and which returns or yields rules::

        @ovum.rule
        def distribute(a: Num, b: Num, c: Num):
            return rewrite(a * (b + c)).to(a * b + a * c)

    Parameters annotated ``float``, ``int`` or ``bool`` make a rule for the compiler, over the
    operators, ``math`` and ``numpy`` of compiled functions: pass it to ``jit(rules=[…])``. Such a
    rule holds for real numbers, and needs ``fastmath=True``, unless ``exact=True`` says that it
    keeps every bit, which is tried on numbers that rules fail on.
    """
    if len(facts) == 1 and isinstance(facts[0], types.FunctionType):
        return Ruleset((facts[0],), name or facts[0].__name__, exact=exact)
    if not facts and (exact or name):
        return lambda function: rule(function, name=name, exact=exact)
    return _Then(facts, name, here())


@dataclass(frozen=True, eq=False)
class Ruleset:
    """Rules with a name, and a step of schedules: run once."""

    given: tuple[Any, ...]
    name: str
    exact: bool = False
    _made: list[Any] = field(default_factory=list, repr=False)

    @property
    def rules(self) -> list[Any]:
        """The rules; functions that make rules are called when they are first needed."""
        if not self._made:
            for given in self.given:
                for made in self._of(given):
                    self._made.append(made)
        return self._made

    def _of(self, given: Any) -> Iterator[Any]:
        if isinstance(given, Ruleset):
            yield from given.rules
        elif isinstance(given, types.FunctionType):
            many = _run(given)
            for made in many:
                named = given.__name__ if len(many) == 1 else f"{given.__name__}-{len(self._made) + 1}"
                if isinstance(made, Rewrite):
                    made = replace(made, exact=made.exact or self.exact, name=made.name or named)
                elif isinstance(made, Rule):
                    made = replace(made, name=made.name or named)
                yield made
        else:
            yield given

    def saturate(self) -> Schedule:
        """Runs until nothing changes."""
        return Schedule("(saturate {})", (self,))

    def __mul__(self, times: int) -> Schedule:
        return Schedule(f"(repeat {times} {{}})", (self,))

    def __add__(self, other: Any) -> Schedule:
        return seq(self, other)

    def __or__(self, other: Ruleset) -> Ruleset:
        return Ruleset((self, other), f"{self.name}|{other.name}")

    def __call__(self, *args: Any) -> Any:
        raise TypeError(f"{self.name} is a set of rules: pass it to EGraph.run or jit(rules=[…])")


def _run(function: Any) -> list[Any]:
    """Calls a function that makes rules with variables for its parameters."""
    code, hints = function.__code__, function.__annotations__
    variables = []
    for name in code.co_varnames[: code.co_argcount]:
        if name not in hints:
            raise TypeError(f"{function.__name__}(): the variable '{name}' needs a type")
        hint = hints[name]
        if isinstance(hint, str):
            cells = function.__closure__ or ()
            scope = {
                free: cell.cell_contents for free, cell in zip(code.co_freevars, cells, strict=True)
            }
            kernel = {"f32": "f32", "i32": "i32"}
            hint = eval(hint, {**_SORTS, **kernel, **function.__globals__}, scope)
        if isinstance(hint, type) and issubclass(hint, Expr):
            variables.append(make(hint, Variable(f"?{name}")))
        elif hint in KERNEL_SORTS:
            variables.append(Number._variable(name, KERNEL_SORTS[hint]))
        else:
            raise TypeError(f"{function.__name__}(): {hint!r} is not a sort")
    made = mirrored(function)(*variables)
    if made is None:
        raise TypeError(f"{function.__name__}() made no rule: return or yield it")
    rules = list(made) if isinstance(made, (list, tuple, types.GeneratorType)) else [made]
    for one in rules:
        if not isinstance(one, (Rule, Rewrite)):
            raise TypeError(f"{function.__name__}() made {one!r}, which is no rule")
    return rules


def ruleset(*rules: Any, name: str = "") -> Any:
    """A set of rules: ``ruleset(rule, …, name="algebra")``, or a decorator of a function that
    yields rules, as :func:`rule` is."""
    if not rules:
        return lambda *given: ruleset(*given, name=name)
    if not name:
        name = getattr(rules[0], "__name__", "") if len(rules) == 1 else ""
        name = name or f"rules-{here().line}"
    return Ruleset(rules, name)


@dataclass(frozen=True, eq=False)
class Schedule:
    """In which order rule sets run."""

    form: str
    parts: tuple[Any, ...]
    until: tuple[Any, ...] = ()

    def saturate(self) -> Schedule:
        """Runs until nothing changes."""
        return Schedule("(saturate {})", (self,))

    def __mul__(self, times: int) -> Schedule:
        return Schedule(f"(repeat {times} {{}})", (self,))

    def __add__(self, other: Any) -> Schedule:
        return seq(self, other)

    def text(self, name_of: Callable[[Ruleset], str]) -> str:
        """The schedule in the egglog language."""
        parts = []
        for part in self.parts:
            if isinstance(part, Schedule):
                parts.append(part.text(name_of))
                continue
            until, _ = facts_text(self.until)
            goal = f" :until {until}" if until else ""
            parts.append(f"(run {name_of(part) if part is not None else ''}{goal})")
        return self.form.format(" ".join(parts))

    def rulesets(self) -> Iterator[Ruleset]:
        """The rule sets in it."""
        for part in self.parts:
            if isinstance(part, Schedule):
                yield from part.rulesets()
            elif part is not None:
                yield part

    def goals(self) -> Iterator[Any]:
        """The facts that end it."""
        yield from self.until
        for part in self.parts:
            if isinstance(part, Schedule):
                yield from part.goals()


def seq(*parts: Ruleset | Schedule) -> Schedule:
    """Runs one after the other."""
    return Schedule("(seq {})", parts)


def run(ruleset: Ruleset | None = None, *until: Any) -> Schedule:
    """Runs a rule set once (the e-graph's own if none is given), unless the facts hold."""
    return Schedule("{}", (ruleset,), until)


def compiler_rules(given: Any) -> list[Any]:
    """Rules for the compiler, as the extension module takes them. An exact one is tried on numbers
    that rules fail on."""
    made: list[Any] = []
    for one in Ruleset((given,), "").rules:
        where = f" --> {one.place.file}:{one.place.line}"
        if not isinstance(one, Rewrite) or not isinstance(one.left, Number):
            message = "a rule for the compiler is a rewrite whose variables are numbers: float, int"
            raise TypeError(f"{message}, bool, 'f32', 'i32'\n{where}")
        named = replace(one, name=one.name or f"{one.place.file}:{one.place.line}")
        for text in rule_text(named):
            wrong = counterexample(text) if named.exact else None
            if wrong is not None:
                raise ValueError(f"rule {text[0]} is not exact: {wrong}\n{where}")
            made.append(text)
    return made
