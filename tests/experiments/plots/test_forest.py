"""Each arm's difference, its interval and its seeds are where they belong."""

import numpy as np

from experiments.plots.forest import Row, plot_forest
from experiments.plots.style import COLORS, assign_colors, assign_styles

ROWS = [
    Row("good", "#0072b2", 1.5, 0.5, 2.5, [1.0, 2.0]),
    Row("$bad$", "#d55e00", -3.0, -4.0, -2.0, [-3.5, -2.5]),
]


def test_rows_are_drawn_where_they_belong():
    figure = plot_forest(ROWS, "plain", "Title")
    (axes,) = figure.axes
    zero, *lines = axes.lines
    assert list(zero.get_xdata()) == [0, 0]
    for place, row in enumerate(ROWS):
        interval, point, seeds = lines[3 * place : 3 * place + 3]
        assert list(interval.get_xdata()) == [row.low, row.high]
        assert list(interval.get_ydata()) == [place, place]
        assert list(point.get_xdata()) == [row.difference]
        assert list(seeds.get_xdata()) == row.seeds
        assert {each.get_color() for each in (interval, point, seeds)} == {
            row.color
        }
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "good",
        "$bad$",
    ]
    # The first row is the upper one, and better is on the right.
    bottom, top = axes.get_ylim()
    assert bottom > top
    left, right = axes.get_xlim()
    assert left < right
    assert "against plain" in axes.get_xlabel()


def test_long_names_cut_nothing_off():
    long_name = "an augmentation with a name that is very long indeed"
    figure = plot_forest(
        [row._replace(label=long_name) for row in ROWS], "plain", "Title " * 10
    )
    figure.draw_without_rendering()
    (axes,) = figure.axes
    (title,) = (t for t in figure.texts if t.get_text().startswith("Title"))
    for text in (title, axes.xaxis.label, *axes.get_yticklabels()):
        box = text.get_window_extent()
        assert box.x0 >= 0, text.get_text()
        assert box.x1 <= figure.bbox.width, text.get_text()


def test_colors_belong_to_arms():
    names = [f"arm {number}" for number in range(40)]
    styles = assign_styles(assign_colors(names))
    assert list(styles) == names
    # No two of 40 arms look alike.
    assert len({str(each) for each in styles.values()}) == 40
    few = assign_styles(assign_colors(names[:3]))
    assert few == {name: styles[name] for name in names[:3]}


def luminance(color):
    parts = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(
        parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4
    )
    return linear @ (0.2126, 0.7152, 0.0722)


def test_colors_can_be_seen_on_white():
    for color in COLORS:
        assert 1.05 / (luminance(color) + 0.05) > 2, color
