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
