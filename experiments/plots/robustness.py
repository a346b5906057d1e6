"""Error curves over the strength of changes, a line an arm."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from experiments.plots.names import drawable
from experiments.plots.style import add_legend, assign_styles

_COLUMNS = 3


class Panel(NamedTuple):
    """One way to change images.

    Attributes:
        title: Names the change.
        unit: Of `levels`, for the axis.
        levels: (L,), how much of it, increasing.
        errors: {arm: (seeds, L)}, in %.
    """

    title: str
    unit: str
    levels: tuple
    errors: dict


def plot_changes(panels, colors):
    """Draws a panel for each way to change images.

    A line is the mean over seeds, its band reaches from the lowest to the
    highest.

    Args:
        panels: `Panel`s, at least one, of the same arms.
        colors: {arm: color}.

    Returns:
        A `Figure`.
    """
    arms = list(panels[0].errors)
    labels = drawable(arms)
    rows = -(-len(panels) // _COLUMNS)
    styles = assign_styles(colors)
    figure = Figure(figsize=(10, 2.6 * rows), dpi=120, layout="constrained")
    grid = figure.subplots(rows, _COLUMNS, sharey=True, squeeze=False)
    for axes in grid.flat[len(panels) :]:
        axes.set_axis_off()
    for axes, panel in zip(grid.flat, panels, strict=False):
        for arm in arms:
            errors = np.asarray(panel.errors[arm])
            _draw(axes, panel.levels, errors, styles[arm])
        axes.set_title(panel.title, fontsize=10)
        axes.set_xlabel(panel.unit, fontsize=9)
        axes.set_xticks(panel.levels)
        axes.grid(alpha=0.3)
    for axes in grid[:, 0]:
        axes.set_ylabel("Top-1 error (%)")
    add_legend(figure, grid.flat[0].lines, labels)
    return figure


def _draw(axes, levels, errors, style):
    axes.plot(levels, errors.mean(0), marker=".", **style)
    if len(errors) > 1:
        low, high = errors.min(0), errors.max(0)
        axes.fill_between(
            levels, low, high, color=style["color"], alpha=0.15, linewidth=0
        )
