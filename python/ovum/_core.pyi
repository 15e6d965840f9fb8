"""Types of the extension module; `Function` in `__init__.py` is what users see of it."""

from typing import Any, TypedDict, final

__version__: str

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

class CompileError(Exception):
    """A function cannot be compiled; the attributes are the first diagnostic's."""

    code: str
    line: int | None
    column: int | None

@final
class Kernel:
    """A function of a source file, compiled when it is called."""

    def __new__(
        cls,
        text: str,
        file: str,
        name: str | None = None,
        *,
        fast: bool = False,
        fast_math: bool = False,
        rules: str | None = None,
        domain: list[tuple[str, tuple[float, float]]] | None = None,
        max_error: float | None = None,
        optimize: bool = True,
    ) -> Kernel: ...
    @property
    def name(self) -> str: ...
    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...
    def specialisations(self) -> list[str]: ...
    def report(self, types: str | None = None) -> Report: ...
    def rvsdg(self, types: str | None = None) -> str: ...
    def clif(self, types: str | None = None) -> str: ...
    def asm(self, types: str | None = None) -> str: ...
    def mlir(self, types: str | None = None) -> str: ...
