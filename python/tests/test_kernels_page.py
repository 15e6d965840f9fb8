"""The page of plots that `benches/kernels.py` writes."""

import importlib.util
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "benches/kernels_page.py"


@pytest.fixture(scope="module")
def page():
    spec = importlib.util.spec_from_file_location("kernels_page", PAGE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_each_point_is_drawn_and_in_the_table(page):
    rows = [
        ("a<b", "f64", 1, 50.0, {"numba": 500.0, "gcc": None}),
        ("a<b", "f64", 1_000_000, 0.25, {"numba": 0.5, "gcc": None}),
    ]
    text = page.page(["made & measured"], rows, ["numba", "gcc"])
    assert "made &amp; measured" in text and "a&lt;b, f64" in text
    svg = ElementTree.fromstring(text[text.index("<svg") : text.index("</svg>") + 6])
    points = {(c.get("fill"), c.get("cx"), c.get("cy")) for c in svg.iter("circle")}
    assert len(points) == 4
    heights = [float(c.get("cy")) for c in svg.iter("circle")]
    assert heights[0] < heights[1], "less time is further down"
    assert "<td>0.25</td>" in text and "gcc" not in text


def test_one_measurement_is_a_plot_too(page):
    text = page.page([], [("k", "f32", 1000, 1.0, {})], [])
    assert text.count("<circle") == 1
