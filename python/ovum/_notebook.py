"""How functions show themselves in a notebook."""

from __future__ import annotations

import html
import shutil
import subprocess

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._function import Function

_SECONDS = 10.0


def page(function: Function) -> str | None:
    """What was compiled, as HTML; None if nothing was yet."""
    versions = function.specialisations()
    if not versions:
        return None
    title = f"<b>{html.escape(function.__name__)}</b>"
    parts = []
    for types in versions:
        report = function.report(types)
        rows = [("types", types or "none")]
        rows += [(phase, f"{time:.3f} ms") for phase, time in report["phases"].items()]
        if report["cost_before"] is not None:
            rows.append(("cost", f"{report['cost_before']:g} → {report['cost_after']:g}"))
            rows.append(("e-nodes", str(report["e_nodes"])))
        if report["error_bound"] is not None:
            rows.append(("error of the result", f"≤ {report['error_bound']:.3g}"))
        cells = "".join(
            f"<tr><th style='text-align:left'>{html.escape(key)}</th>"
            f"<td>{html.escape(value)}</td></tr>"
            for key, value in rows
        )
        text = html.escape(function.explain(types))
        details = f"<details><summary>how it was made</summary><pre>{text}</pre></details>"
        parts.append(f"<table>{cells}</table>{details}")
    return f"<div>{title}{''.join(parts)}</div>"


def drawing(function: Function) -> str | None:
    """The optimised graph as SVG; None if nothing was compiled or Graphviz is not installed."""
    dot = shutil.which("dot")
    if dot is None or not function.specialisations():
        return None
    graph = function.dot(function.specialisations()[-1])
    try:
        done = subprocess.run(
            [dot, "-Tsvg"], input=graph, capture_output=True, text=True, timeout=_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
