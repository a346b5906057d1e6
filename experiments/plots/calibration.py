"""Whether a confidence of 80 % is right in 80 % of cases."""

import numpy as np
from matplotlib.figure import Figure

from experiments.metrics import calibration_bins
from experiments.plots.names import drawable, drawable_text
from experiments.plots.style import NEUTRAL


def plot_calibration(arms, colors, title):
    """Draws accuracy against confidence in bins of equally many images.

    Args:
        arms: {arm: (confidence (N,), right (N,))}, all seeds together.
        colors: {arm: color}.
        title: Of the figure.

    Returns:
        A `Figure`.
    """
    labels, title = drawable(arms), drawable_text(title)
    figure = Figure(figsize=(5.6, 4.8), dpi=120, layout="constrained")
    axes = figure.subplots()
    axes.plot((0, 100), (0, 100), color=NEUTRAL, linewidth=1, linestyle="--")
    for label, (arm, (confidence, right)) in zip(
        labels, arms.items(), strict=True
    ):
        bins = 100 * np.array(calibration_bins(confidence, right))[:, :2]
        axes.plot(*bins.T, "o-", color=colors[arm], markersize=3.5, label=label)
    axes.set(
        xlabel="confidence (%)",
        ylabel="accuracy (%)",
        xlim=(0, 100),
        ylim=(0, 100),
        title=title,
    )
    axes.grid(alpha=0.3)
    axes.legend(handles=axes.lines[1:], fontsize=8)
    return figure
