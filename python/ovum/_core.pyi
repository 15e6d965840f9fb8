"""Types of the extension module; what users see of it is in `_function.py`, `_vectorize.py`."""

from collections.abc import Callable
from typing import Any, Self, TypeAlias, final

from typing_extensions import disjoint_base

from ._report import Measured, Report

__all__ = [
    "CompileError",
    "EGraphError",
    "Kernel",
    "Mapped",
    "Session",
    "Ufunc",
    "__version__",
    "counterexample",
    "supported",
    "ufunc",
]

# Name, left and right pattern, conditions, and whether the rule keeps every bit.
_Rule: TypeAlias = tuple[str, str, str, list[tuple[str, str, str]], bool]

__version__: str

class CompileError(Exception):
    """A function cannot be compiled; the attributes are the first diagnostic's."""

    code: str
    line: int | None
    column: int | None

class EGraphError(Exception):
    """Something asked of an e-graph has no meaning, does not hold, or reached a limit."""

    code: str
    message: str
    file: str
    line: int

@disjoint_base
class Kernel:
    """A function of a source file, compiled when it is called."""

    def __new__(
        cls,
        text: str,
        file: str,
        name: str | None = None,
        *,
        fast: bool = False,
        fastmath: bool = False,
        rules: str | None = None,
        user_rules: list[_Rule] | None = None,
        domain: list[tuple[str, tuple[float, float]]] | None = None,
        max_error: float | None = None,
        optimize: bool = True,
        backend: str = "cranelift",
        threads: int = 1,
        constants: dict[str, Any] | None = None,
        cache: str | None = None,
        salt: str = "",
        nogil: bool = False,
    ) -> Self: ...
    @property
    def name(self) -> str: ...
    @property
    def parameters(self) -> list[str]: ...
    @property
    def annotations(self) -> list[str | None]: ...
    @property
    def cache_counts(self) -> tuple[int, int]: ...
    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...
    def specialisations(self) -> list[str]: ...
    def report(self, types: str | None = None) -> Report: ...
    def _accuracy(
        self,
        types: str | None = None,
        *,
        samples: int = 10_000,
        domain: list[tuple[str, tuple[float, float]]] | None = None,
        vectors: bool = False,
    ) -> Measured: ...
    def explain(self, types: str | None = None) -> str: ...
    def rvsdg(self, types: str | None = None) -> str: ...
    def egraph(self, types: str | None = None) -> str: ...
    def dot(self, types: str | None = None) -> str: ...
    def clif(self, types: str | None = None) -> str: ...
    def asm(self, types: str | None = None) -> str: ...
    def mlir(self, types: str | None = None) -> str: ...

@final
class Ufunc:
    """A NumPy ufunc with one compiled loop."""

    @property
    def code(self) -> str: ...
    @property
    def refusal(self) -> str | None: ...
    def __call__(self, *args: Any, method: str | None = None, **kwargs: Any) -> Any: ...

@disjoint_base
class Mapped:
    """What calls compiled loops with plain arrays, and `_map` with everything else."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Self: ...
    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...
    def _remember(self, ufunc: Ufunc) -> None: ...

@final
class Session:
    """A database that programs of the egglog language change."""

    def __new__(
        cls,
        *,
        nodes: int | None = None,
        seconds: float | None = None,
        bytes: int | None = None,
        threads: int = 1,
        explain: bool = False,
    ) -> Self: ...
    @property
    def rows(self) -> int: ...
    @property
    def classes(self) -> int: ...
    def run(self, name: str, text: str) -> list[tuple[str, Any]]: ...
    def report(self) -> dict[str, Any]: ...
    def size(self, name: str) -> int | None: ...
    def primitive(
        self, name: str, params: list[str], result: str, function: Callable[..., Any]
    ) -> None: ...

def counterexample(rule: _Rule) -> str | None: ...
def ufunc(kernel: Kernel, types: str, *, threads: int = 1, doc: str = "") -> Ufunc: ...
def supported() -> list[tuple[str, str]]: ...
