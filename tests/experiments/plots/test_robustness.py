"""Lines are means over seeds, bands reach from lowest to highest."""

import numpy as np
import pytest

from experiments.plots.calibration import plot_reliability
from experiments.plots.robustness import Panel, plot_changes


@pytest.mark.parametrize("count", [1, 4])
def test_lines_and_bands_are_those_of_the_seeds(count):
    errors = {"one": [[10, 20, 60], [30, 40, 80]], "two": [[5, 6, 7]]}
    panels = [
        Panel(f"{n}", "severity", (0, 1, 5), errors) for n in range(count)
    ]
    figure = plot_changes(panels, {"one": "#111111", "two": "#222222"})
    drawn = [axes for axes in figure.axes if axes.lines]
    assert [axes.get_title() for axes in drawn] == [p.title for p in panels]
    for axes in drawn:
        one, two = axes.lines
        np.testing.assert_array_equal(one.get_xdata(), (0, 1, 5))
        np.testing.assert_allclose(one.get_ydata(), (20, 30, 70))
        np.testing.assert_allclose(two.get_ydata(), (5, 6, 7))
        (band,) = axes.collections
        low, high = band.get_datalim(axes.transData).get_points()
        assert (low[1], high[1]) == (10, 80)
    (legend,) = figure.legends
    assert [each.get_text() for each in legend.texts] == ["one", "two"]


def test_reliability_panels_have_the_same_arms():
    bins = [[0.2, 0.1, 0.5], [0.9, 0.8, 0.5]]
    figure = plot_reliability(
        {"clean": {"a$b$": bins}, "corrupted": {"a$b$": bins}},
        {"a$b$": "#123456"},
    )
    assert [axes.get_title() for axes in figure.axes] == ["clean", "corrupted"]
    for axes in figure.axes:
        _, line = axes.lines
        np.testing.assert_allclose(line.get_xydata(), [[20, 10], [90, 80]])
        assert line.get_label() == "a$b$"
