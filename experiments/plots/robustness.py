"""Error on images that are changed more and more, a line an arm."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from experiments.plots.names import drawable

_COLUMNS = 3
# Letters of all columns of the legend.
_LEGEND_WIDTH = 100


class Panel(NamedTuple):
    """One way to change images.

    Attributes:
        title: What is done.
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
    columns = max(1, _LEGEND_WIDTH // (6 + max(map(len, labels))))
    height = 2.6 * rows + 0.25 * -(-len(arms) // columns)
    figure = Figure(figsize=(10, height), dpi=120, layout="constrained")
    grid = figure.subplots(rows, _COLUMNS, sharey=True, squeeze=False)
    for axes in grid.flat[len(panels) :]:
        axes.set_axis_off()
    for axes, panel in zip(grid.flat, panels, strict=False):
        for arm in arms:
            _draw(
                axes, panel.levels, np.asarray(panel.errors[arm]), colors[arm]
            )
        axes.set_title(panel.title, fontsize=10)
        axes.set_xlabel(panel.unit, fontsize=9)
        axes.set_xticks(panel.levels)
        axes.grid(alpha=0.3)
    for axes in grid[:, 0]:
        axes.set_ylabel("Top-1 error (%)")
    figure.legend(
        grid.flat[0].lines,
        labels,
        loc="outside lower center",
        ncols=min(columns, len(arms)),
        fontsize=9,
    )
    return figure


def _draw(axes, levels, errors, color):
    axes.plot(levels, errors.mean(0), ".-", color=color)
    if len(errors) > 1:
        low, high = errors.min(0), errors.max(0)
        axes.fill_between(
            levels, low, high, color=color, alpha=0.15, linewidth=0
        )
