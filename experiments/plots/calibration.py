"""Reliability diagrams: accuracy against confidence."""

import numpy as np
from matplotlib.figure import Figure

from experiments.metrics import calibration_bins
from experiments.plots.names import drawable, drawable_text
from experiments.plots.style import NEUTRAL, add_legend, assign_styles


def plot_calibration(arms, colors, title):
    """Draws accuracy against confidence in bins of equally many images.

    Args:
        arms: {arm: (confidence (N,), right (N,))}, all seeds together.
        colors: {arm: color}.
        title: Of the figure.

    Returns:
        A `Figure`.
    """
    bins = {arm: calibration_bins(*answers) for arm, answers in arms.items()}
    return plot_reliability({title: bins}, colors)


def plot_reliability(panels, colors):
    """Draws accuracy against confidence, panels side by side.

    Args:
        panels: {title: {arm: bins}}, at least one, of the same arms; bins
            begin with confidence and accuracy, in [0, 1].
        colors: {arm: color}.

    Returns:
        A `Figure`.
    """
    labels = drawable(next(iter(panels.values())))
    styles = assign_styles(colors)
    titles = [drawable_text(title) for title in panels]
    figure = Figure(
        figsize=(4.8 * len(panels) + 0.8, 4.8), dpi=120, layout="constrained"
    )
    grid = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axes, title, arms in zip(grid, titles, panels.values(), strict=True):
        axes.plot(
            (0, 100), (0, 100), color=NEUTRAL, linewidth=1, linestyle="--"
        )
        for label, (arm, bins) in zip(labels, arms.items(), strict=True):
            points = 100 * np.array(bins)[:, :2]
            axes.plot(
                *points.T,
                marker="o",
                markersize=3.5,
                label=label,
                **styles[arm],
            )
        axes.set(
            xlabel="confidence (%)",
            xlim=(0, 100),
            ylim=(0, 100),
            title=title,
        )
        axes.grid(alpha=0.3)
    grid[0].set_ylabel("accuracy (%)")
    add_legend(figure, grid[0].lines[1:], labels)
    return figure
