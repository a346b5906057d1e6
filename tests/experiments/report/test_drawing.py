"""Figures of a page are small, follow its colors and stay whole."""

import base64
import io
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib import colormaps
from matplotlib.figure import Figure
from PIL import Image

from experiments.plots.confusion import plot_confusion
from experiments.plots.images import plot_rows
from experiments.report.drawing import draw


@pytest.fixture
def lines():
    """A figure of a black line, a clipped one, and odd texts."""
    figure = Figure(figsize=(4, 3), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="#000000", marker="o")
    axes.plot([0, 9], [0, 9], color="#0072b2")
    axes.set(xlim=(0, 1), title="#000000 <b> & é", xlabel="two\nlines")
    return figure


def test_letters_stay_letters_and_black_follows_the_page(lines):
    drawn = draw(lines, "name", 'of "x" & <y>')
    assert drawn.width == 4 * 96
    assert drawn.png.startswith(b"\x89PNG")
    assert not drawn.needs_white
    root = ElementTree.fromstring(drawn.embedded)
    assert root.get("aria-label") == 'of "x" & <y>'
    texts = [each.text for each in root.iter("text")]
    # A title that names a color is no color.
    assert {"#000000 <b> & é", "two", "lines"} <= set(texts)
    styles = [each.get("style", "") for each in root.iter()]
    assert not any("#000000" in style for style in styles)
    assert any("stroke:currentColor" in style for style in styles)
    assert any("stroke:#0072b2" in style for style in styles)
    assert "currentColor" not in drawn.svg
    assert "http" not in drawn.embedded


def test_names_within_a_page_do_not_clash(lines):
    one, two = (draw(lines, name, "") for name in ("one", "two"))
    used = [set(re.findall(r' id="(.*?)"', x.embedded)) for x in (one, two)]
    assert used[0]
    assert not used[0] & used[1]
    for names, drawn in zip(used, (one, two), strict=True):
        meant = re.findall(r'(?:url\(|href=")#([^)"]*)', drawn.embedded)
        assert set(meant) == names
    # The same figure gives the same file.
    assert draw(lines, "one", "").svg == one.svg


def test_images_are_kept_as_they_are_and_small():
    noise = np.random.default_rng(0).integers(0, 256, (2, 400, 300, 3))
    figure = plot_rows({"arm": (noise, np.eye(2))}, "ab", "")
    drawn = draw(figure, "previews", "two images")
    assert drawn.embedded.count("data:image/webp") == 2
    assert not drawn.needs_white
    assert len(drawn.embedded) < len(drawn.png) / 4


def test_cells_of_a_heat_map_keep_their_colors():
    figure = plot_confusion([0, 1, 1], [0, 1, 0], ["cats", "dogs"], "")
    drawn = draw(figure, "confusion", "counts")
    assert drawn.needs_white
    # The matrix, and the bar of its colors, which fills its frame.
    links = re.findall('data:image/webp;base64,([^"]*)', drawn.embedded)
    matrix, _ = (
        Image.open(io.BytesIO(base64.b64decode(each))) for each in links
    )
    expected = colormaps["Blues"]([[1.0, 0.0], [0.5, 0.5]], bytes=True)
    assert np.array(matrix.convert("RGB")).tolist() == (
        expected[..., :3].tolist()
    )
    assert drawn.embedded.count('preserveAspectRatio="none"') == 2


def test_a_figure_of_many_points_is_drawn_in_pixels():
    figure = Figure(figsize=(4, 3))
    points = np.random.default_rng(0).random((2, 4_000))
    figure.subplots().scatter(*points, s=1)
    drawn = draw(figure, "points", 'many "points"')
    assert drawn.embedded.startswith('<img src="data:image/png;base64,')
    assert 'alt="many &quot;points&quot;"' in drawn.embedded
    assert len(drawn.embedded) < 4 / 3 * len(drawn.png) + 100
