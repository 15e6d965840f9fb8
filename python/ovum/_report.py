"""What reports hold."""

from __future__ import annotations

from typing import TypedDict


class Approximation(TypedDict):
    """An approximation in the result, on the proven range of its argument."""

    rule: str
    domain: list[float]
    bound: float


class Report(TypedDict):
    """What the compiler did; what the optimiser would have said is None if it did not run."""

    phases: dict[str, float]
    e_nodes: int | None
    e_classes: int | None
    stop_reason: str | None
    rules_fired: dict[str, int] | None
    cost_before: float | None
    cost_after: float | None
    approximations: list[Approximation]
    error_bound: float | None
    fusions: dict[str, int]


class MappedReport(Report):
    """The report of a function that is mapped over arrays, with its loops by input types."""

    loops: dict[str, Loop]


class Loop(TypedDict):
    """What maps a function over arrays: ``"avx512"`` or ``"avx2"``, vector code, or
    ``"cranelift"``, element by element; in the latter case why, and what would change it."""

    code: str
    refusal: str | None
    advice: str | None


class VectorFunction(TypedDict):
    """An elementary function of vector code; the bound is of its own result, in units in the last
    place."""

    name: str
    bound_ulp: float


class Worst(TypedDict):
    """A largest error, and the numbers among the arguments where it was found."""

    error: float
    at: list[float]


class Measured(TypedDict):
    """What was measured, and for vector code the bounds of its functions."""

    functions: list[VectorFunction]
    domain: dict[str, list[float]]
    samples: int
    skipped: int
    absolute: Worst
    ulp: Worst


class Accuracy(Measured):
    """Bounds and measured errors; ``error_bound`` is the proven one of the result, if ``max_error``
    was given."""

    approximations: list[Approximation]
    error_bound: float | None
