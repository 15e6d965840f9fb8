"""What a user can ask of the compiler, and the ``OVUM_*`` variables that set it for a process."""

from __future__ import annotations

import os

from dataclasses import dataclass, field
from typing import Any

from . import _core


@dataclass(frozen=True)
class Options:
    """Options of :func:`ovum.compile`, which documents them."""

    fast: bool = False
    fastmath: bool = False
    rules: str | None = None
    user_rules: tuple[Any, ...] = ()
    domain: dict[str, tuple[float, float]] = field(default_factory=dict)
    max_error: float | None = None
    optimize: bool = True
    backend: str = "cranelift"
    threads: int = 1
    cache: bool | str = False
    nogil: bool = False

    @classmethod
    def of(cls, options: dict[str, Any]) -> Options:
        """Options by keyword; what is left out comes from the environment, else the defaults."""
        given = {key: value for key, value in options.items() if value is not None}
        unknown = sorted(set(given) - set(cls.__dataclass_fields__))
        if unknown:
            raise TypeError(f"unknown option {unknown[0]!r}: see ovum.compile")
        for name, (variable, read) in _VARIABLES.items():
            text = os.environ.get(variable)
            if text and name not in given:
                try:
                    given[name] = read(text)
                except ValueError:
                    raise ValueError(f"{variable}={text} is not understood") from None
        rules = given.get("rules")
        if rules is not None and not isinstance(rules, str):
            given["rules"], given["user_rules"] = _rules(rules, given.get("fastmath", False))
        domain = given.get("domain", {})
        given["domain"] = {key: (float(low), float(high)) for key, (low, high) in domain.items()}
        return cls(**given)

    def for_kernel(self) -> dict[str, Any]:
        """The keyword arguments of the extension module's ``Kernel``."""
        return {
            "fast": self.fast,
            "fastmath": self.fastmath,
            "rules": self.rules,
            "user_rules": list(self.user_rules),
            "domain": list(self.domain.items()),
            "max_error": self.max_error,
            "optimize": self.optimize,
            "backend": self.backend,
            "threads": self.threads,
            "cache": self.cache_folder(),
            "salt": _build() if self.cache else "",
            "nogil": self.nogil,
        }

    def cache_folder(self) -> str | None:
        """The folder of compiled functions; None if nothing is kept."""
        if not self.cache:
            return None
        if isinstance(self.cache, (str, os.PathLike)):
            return os.fspath(self.cache)
        chosen = os.environ.get("OVUM_CACHE_DIR")
        if chosen:
            return chosen
        base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
        return os.path.join(base, "ovum")


def _rules(given: Any, fastmath: bool) -> tuple[str | None, tuple[Any, ...]]:
    """Names of rule sets, as one text, and rules written in Python."""
    from .egraph._rules import Rewrite, Ruleset, compiler_rules

    named: list[str] = []
    made: list[Any] = []
    for one in [given] if isinstance(given, (Rewrite, Ruleset)) else given:
        if isinstance(one, str):
            named.append(one)
        else:
            made.extend(compiler_rules(one))
    for name, *_, exact in made:
        if not exact and not fastmath:
            raise ValueError(
                f"rule {name} holds for real numbers, not for every float: pass fastmath=True, "
                "or decorate it with @ovum.rule(exact=True) if it keeps every bit"
            )
    return "|".join([*named, "user"]) if named else None, tuple(made)


def _flag(text: str) -> bool:
    if text.lower() in ("1", "true", "yes", "on"):
        return True
    if text.lower() in ("0", "false", "no", "off"):
        return False
    raise ValueError(text)


_VARIABLES: dict[str, Any] = {
    "backend": ("OVUM_BACKEND", str),
    "cache": ("OVUM_CACHE", _flag),
    "fast": ("OVUM_FAST", _flag),
    "optimize": ("OVUM_OPTIMIZE", _flag),
    "threads": ("OVUM_THREADS", int),
}


def _build() -> str:
    """What tells one build of the extension module from another of the same version."""
    status = os.stat(_core.__file__)
    return f"{status.st_size} {status.st_mtime_ns}"
