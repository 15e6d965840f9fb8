"""Functions that compile themselves: :func:`compile`, :func:`jit`."""

from __future__ import annotations

import functools
import inspect
import types

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ._core import Kernel
from ._options import Options
from ._source import Source, source_of

if TYPE_CHECKING:
    from typing import Self

    from ._report import Accuracy, Report
    from .egraph import Ruleset


class Function(Kernel):
    """A compiled function; call it like the Python function it comes from."""

    __name__: str
    __qualname__: str
    _source: Source
    _options: Options

    @classmethod
    def _of(cls, source: Source, options: Options, python: Callable[..., Any] | None = None) -> Self:
        self = cls(
            source.text,
            source.file,
            source.name or None,
            constants=source.constants,
            **options.for_kernel(),
        )
        self._source, self._options = source, options
        if python is not None:
            functools.update_wrapper(self, python)
        else:
            self.__name__ = self.__qualname__ = self.name
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickle, (type(self), self._source, self._options, _attributes(self))

    def __repr__(self) -> str:
        return f"<ovum.Function {self.__name__}>"

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """In a class, a function is a method."""
        return self if instance is None else types.MethodType(self, instance)

    def _repr_html_(self) -> str | None:
        from ._notebook import page

        return page(self)

    def _repr_svg_(self) -> str | None:
        from ._notebook import drawing

        return drawing(self)

    def specialisations(self) -> list[str]:
        """The argument types of every compiled version, as texts."""
        return super().specialisations()

    def report(self, types: str | None = None) -> Report:
        """What the compiler did: phases in milliseconds, rules fired, costs, approximations.

        ``types`` picks a version, for example ``"f64, array[f64, 1]"``. Without it the annotations
        decide, and where they are incomplete, the version compiled last. Compiles if need be.
        """
        return super().report(types)

    def accuracy(
        self,
        types: str | None = None,
        *,
        samples: int = 10_000,
        domain: dict[str, tuple[float, float]] | None = None,
    ) -> Accuracy:
        """The bounds that approximations in the code rely on, and the error measured.

        The code is held against the reference interpreter, which computes as CPython does, on
        samples of ``domain``: by default the function's own, and -8 to 8 for parameters without
        one. ``types`` is as for :meth:`report`. A function of 32-bit numbers is held against the
        same function of 64-bit numbers, where its source leaves the types open.
        """
        return self._measured(types, samples, domain, vectors=False)

    def _measured(
        self,
        types: str | None,
        samples: int,
        domain: dict[str, tuple[float, float]] | None,
        *,
        vectors: bool,
    ) -> Accuracy:
        report = super().report(types)
        ranges = None if domain is None else list(domain.items())
        measured = super()._accuracy(types, samples=samples, domain=ranges, vectors=vectors)
        return {
            "approximations": report["approximations"],
            "error_bound": report["error_bound"],
            **measured,
        }

    def explain(self, types: str | None = None) -> str:
        """What happened on the road from source to code, as text: each phase, the rules that fired
        and how often, costs, approximations, and the optimised function."""
        return super().explain(types)

    def rvsdg(self, types: str | None = None) -> str:
        """The optimised function in the text form of the intermediate representation."""
        return super().rvsdg(types)

    def egraph(self, types: str | None = None) -> str:
        """The saturated e-graph as JSON, in the format of egraph-serialize."""
        return super().egraph(types)

    def dot(self, types: str | None = None) -> str:
        """The optimised function as a graph in Graphviz' language."""
        return super().dot(types)

    def clif(self, types: str | None = None) -> str:
        """The optimised function as Cranelift's intermediate representation."""
        return super().clif(types)

    def asm(self, types: str | None = None) -> str:
        """The optimised function as assembly."""
        return super().asm(types)

    def mlir(self, types: str | None = None) -> str:
        """The optimised function as an MLIR module."""
        return super().mlir(types)


_COPIED = ("__name__", "__qualname__", "__doc__", "__module__")


def _attributes(function: Any) -> dict[str, Any]:
    return {name: value for name in _COPIED if (value := vars(function).get(name)) is not None}


def _unpickle(cls: Any, source: Source, options: Options, attributes: dict[str, Any]) -> Any:
    """A function from its source, compiled where it lands."""
    function = cls._of(source, options)
    vars(function).update(attributes)
    return function


def compile(  # noqa: A001 - the name users look for
    source: Callable[..., Any] | str,
    name: str | None = None,
    *,
    fast: bool | None = None,
    fastmath: bool | None = None,
    rules: str | Sequence[Any] | Ruleset | None = None,
    domain: dict[str, tuple[float, float]] | None = None,
    max_error: float | None = None,
    optimize: bool | None = None,
    backend: str | None = None,
    threads: int | None = None,
    cache: bool | str | None = None,
    nogil: bool | None = None,
) -> Function:
    """Makes a :class:`Function` of a Python function or of source text.

    ``name`` picks the function where the text has several. ``fast`` drops Python's checks,
    ``fastmath`` admits rules that hold over the reals only, and vector forms of mathematical
    functions, within 2 units in the last place, in functions mapped over arrays. ``domain={"x": (0.0, 1.0)}`` asserts
    closed ranges of parameters, and ``max_error`` admits approximations whose error of the returned
    value over that domain is proven to stay within it. ``rules`` composes rule sets by name, or is
    a list of names and of rules made by :func:`ovum.rule`, which join the default ones if none is
    named. ``backend`` is ``"cranelift"``, ``"mlir"`` (LLVM's tools must be installed) or ``"interp"``, the
    reference interpreter. ``threads`` search for rewrites; the answer does not depend on it.
    ``cache=True`` keeps what was optimised in a folder of the user's, ``cache="folder"`` in that
    one. ``nogil=True`` lets other threads of Python run during a call; they must leave the arrays
    of the call alone.

    Raises :class:`CompileError`, which shows the line, at once for what can be seen without types,
    else when the function is first called.
    """
    options = Options.of(
        {
            "fast": fast,
            "fastmath": fastmath,
            "rules": rules,
            "domain": domain,
            "max_error": max_error,
            "optimize": optimize,
            "backend": backend,
            "threads": threads,
            "cache": cache,
            "nogil": nogil,
        }
    )
    if not callable(source):
        return Function._of(Source(source, "<source>", name or "", {}), options)
    python = inspect.unwrap(source)
    return Function._of(source_of(python), options, python)


def jit(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Decorator that compiles a function when it is called; takes :func:`compile`'s options."""
    for name in options:
        if name in _ELSEWHERE:
            raise TypeError(f"ovum.jit has no option {name!r}: {_ELSEWHERE[name]}")
    if function is None:
        return functools.partial(jit, **options)
    if not callable(function):
        raise TypeError(
            "ovum.jit takes no signature: it compiles for the types of a call, or annotate the "
            'parameters, for example x: float, a: "array[f64, 1]"'
        )
    return compile(function, **options)


# Options that users of numba know, and what to do instead.
_ELSEWHERE = {
    "nopython": "leave it out, functions are always compiled whole",
    "forceobj": "leave it out, functions are always compiled whole",
    "looplift": "leave it out, functions are always compiled whole",
    "parallel": "map a function of numbers with ovum.vectorize(threads=N), or call a function "
    "with nogil=True from several threads",
    "error_model": "fast=True divides as error_model='numpy' does",
    "boundscheck": "leave it out, indices are always checked",
    "inline": "leave it out, calls are always inlined",
    "locals": "convert where a variable is assigned, for example x = f32(0.0)",
}
