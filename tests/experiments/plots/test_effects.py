"""Effects stand at their values, with their intervals."""

import numpy as np
import pytest

from experiments.plots.effects import Line, plot_effects

LINES = [
    Line("$a$", "#0072b2", [0, 1, 2], [4.0, 2.0, 1.0], [3, 1, 0], [5, 3, 2]),
    Line("b", "#d55e00", [0, 2], [-1.0, 1.0], [-2, 0], [0, 2]),
]


def plot(values, scale, names="xyz"):
    figure = plot_effects(
        {"one": LINES, "other": LINES},
        values,
        list(names),
        scale,
        "data.limit_train",
        "plain",
        "Title",
    )
    return figure, figure.axes


@pytest.mark.parametrize(
    ("values", "scale", "places"),
    [
        ([10, 100, 1000], "log", [10, 100, 1000]),
        ([1.0, 2.0, 2.5], "linear", [1.0, 2.0, 2.5]),
        (["he", "lecun", "glorot"], "pairs", [0, 1, 2]),
    ],
)
def test_lines_are_drawn_at_their_values(values, scale, places):
    figure, both = plot(values, scale)
    assert [axes.get_title() for axes in both] == ["one", "other"]
    for axes in both:
        assert axes.get_xscale() == ("log" if scale == "log" else "linear")
        assert list(axes.get_xticks()) == places
        zero, *drawn = axes.lines
        assert list(zero.get_ydata()) == [0, 0]
        for line, shown, bars in zip(
            LINES, drawn, axes.collections, strict=True
        ):
            expected = [places[place] for place in line.places]
            # Beside each other by less than a hundredth of the axis.
            np.testing.assert_allclose(
                shown.get_xdata(), expected, rtol=0.05, atol=0.02
            )
            assert list(shown.get_ydata()) == line.effects
            assert shown.get_color() == line.color
            ends = [bar[:, 1].tolist() for bar in bars.get_segments()]
            assert ends == [
                [low, high]
                for low, high in zip(line.lows, line.highs, strict=True)
            ]
        one, other = (shown.get_xdata() for shown in drawn)
        assert one[0] != other[0]
    assert "against\nplain" in both[0].get_ylabel()
    figure.draw_without_rendering()


def test_long_names_cut_nothing_off():
    figure, both = plot([1, 2, 3], "linear", ["a name that is long"] * 3)
    figure.draw_without_rendering()
    for axes in both:
        for label in (*axes.get_xticklabels(), axes.xaxis.label):
            box = label.get_window_extent()
            assert box.x0 >= 0, label.get_text()
            assert box.x1 <= figure.bbox.width, label.get_text()
