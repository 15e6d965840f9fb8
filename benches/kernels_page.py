"""The page of `kernels.py`: time per element over the number of elements, a plot for each kernel.

One file without scripts or anything to load: drawings are SVG inside HTML, and each plot's figures
stand under it as a table, so that nothing is read off a colour alone.
"""

import html
import math

WIDTH, HEIGHT = 420, 260
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 10, 34
# Okabe and Ito, "Color Universal Design" (2008): told apart by the colour-blind.
COLOURS = {
    "ovum": "#000000",
    "ovum-python": "#56b4e9",
    "numba": "#e69f00",
    "numba-plain": "#f0c75e",
    "numpy": "#009e73",
    "numexpr": "#b8860b",
    "jax": "#cc79a7",
    "gcc": "#d55e00",
    "clang": "#0072b2",
}
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 1320px; padding: 0 1rem }
main { display: flex; flex-wrap: wrap; gap: 1.5rem }
section { flex: 0 0 420px } h2 { font-size: 1rem; margin: 0 }
table { border-collapse: collapse; font-size: 12px } td, th { padding: 0 .5em; text-align: right }
svg text { font-size: 11px } pre { white-space: pre-wrap }
"""


def decades(low, high):
    """The powers of ten that enclose an interval."""
    return range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)


def scale(values, start, end):
    """A logarithmic scale on pixels, and its powers of ten."""
    powers = decades(min(values), max(values))
    span = max(len(powers) - 1, 1)

    def place(value):
        return start + (math.log10(value) - powers[0]) / span * (end - start)

    return place, powers


def plot(series):
    """Lines of (elements, nanoseconds) by name, both axes logarithmic."""
    points = [point for line in series.values() for point in line]
    x, x_powers = scale([n for n, _ in points], LEFT, WIDTH - RIGHT)
    y, y_powers = scale([t for _, t in points], HEIGHT - BOTTOM, TOP)
    parts = []
    for power in x_powers:
        at = x(10.0**power)
        parts.append(f'<path d="M{at:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#ddd"/>')
        parts.append(
            f'<text x="{at:.1f}" y="{HEIGHT - 18}" text-anchor="middle">1e{power}</text>'
        )
    for power in y_powers:
        at = y(10.0**power)
        parts.append(f'<path d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">1e{power}</text>')
    for who, line in series.items():
        way = "L".join(f"{x(n):.1f} {y(t):.1f}" for n, t in line)
        wide = 2.5 if who == "ovum" else 1.5
        parts.append(
            f'<path d="M{way}" fill="none" stroke="{COLOURS[who]}" stroke-width="{wide}"/>'
        )
        for n, t in line:
            parts.append(
                f'<circle cx="{x(n):.1f}" cy="{y(t):.1f}" r="{wide}" fill="{COLOURS[who]}">'
                f"<title>{who}: {t:.3g} ns at {n}</title></circle>"
            )
    parts.append(f'<text x="{WIDTH / 2}" y="{HEIGHT - 3}" text-anchor="middle">elements</text>')
    body = "".join(parts)
    label = "nanoseconds per element over the number of elements"
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">{body}</svg>'


def figures(series):
    """The same as a table."""
    sizes = sorted({n for line in series.values() for n, _ in line})
    head = "".join(f"<th>{n:g}</th>" for n in sizes)
    lines = []
    for who, line in series.items():
        known = dict(line)
        cells = "".join(f"<td>{known[n]:.3g}</td>" if n in known else "<td></td>" for n in sizes)
        mark = f'<th style="color:{COLOURS[who]}">{who}</th>'
        lines.append(f"<tr>{mark}{cells}</tr>")
    return f"<table><tr><th>ns per element</th>{head}</tr>{''.join(lines)}</table>"


def page(about, rows, rivals):
    """The page of rows (kernel, type, elements, Ovum's time, rivals' times by name)."""
    plots: dict = {}
    for name, ty, n, own, theirs in rows:
        series = plots.setdefault((name, ty), {})
        series.setdefault("ovum", []).append((n, own))
        for who in rivals:
            if theirs[who] is not None:
                series.setdefault(who, []).append((n, theirs[who]))
    sections = [
        f"<section><h2>{html.escape(name)}, {ty}</h2>{plot(series)}{figures(series)}</section>"
        for (name, ty), series in plots.items()
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>Kernels</title><style>{STYLE}</style></head><body><h1>Kernels</h1>"
        f"<pre>{html.escape(chr(10).join(about))}</pre><main>{''.join(sections)}</main>"
        "</body></html>\n"
    )
