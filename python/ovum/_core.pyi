"""Types of the extension module; what users see of it is in `_function.py`, `_vectorize.py`."""

from typing import Any, Self, final

from typing_extensions import disjoint_base

from ._report import Report

__all__ = ["CompileError", "Kernel", "Ufunc", "__version__", "supported", "ufunc"]

__version__: str

class CompileError(Exception):
    """A function cannot be compiled; the attributes are the first diagnostic's."""

    code: str
    line: int | None
    column: int | None

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
        domain: list[tuple[str, tuple[float, float]]] | None = None,
        max_error: float | None = None,
        optimize: bool = True,
        backend: str = "cranelift",
        threads: int = 1,
        constants: dict[str, Any] | None = None,
        cache: str | None = None,
        salt: str = "",
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

    def __call__(self, *args: Any, method: str | None = None, **kwargs: Any) -> Any: ...

def ufunc(kernel: Kernel, types: str, *, threads: int = 1, doc: str = "") -> Ufunc: ...
def supported() -> list[tuple[str, str]]: ...
