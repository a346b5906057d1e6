"""The difference of each arm to the reference, with its interval."""

import textwrap
from typing import NamedTuple

from matplotlib.figure import Figure

from experiments.plots.names import drawable, drawable_text
from experiments.plots.style import NEUTRAL

# Inches. A page has this figure beside its answer.
_WIDTH = 6.2


class Row(NamedTuple):
    """One arm.

    Attributes:
        label: Its name.
        color: Its color in every plot.
        difference, low, high: Points; above 0 is better.
        seeds: Differences of single seeds to the reference's mean.
    """

    label: str
    color: str
    difference: float
    low: float
    high: float
    seeds: list


def plot_forest(rows, reference, title):
    """Draws differences in top-1 accuracy, a row an arm.

    Args:
        rows: `Row`s, from top to bottom.
        reference: Name of the arm at 0.
        title: Of the figure.

    Returns:
        A `Figure`.
    """
    labels = drawable(row.label for row in rows)
    reference = drawable_text(reference)
    title = "\n".join(
        textwrap.fill(line, 62) for line in drawable_text(title).split("\n")
    )
    height = 1.15 + 0.17 * len(title.split("\n")) + 0.42 * len(rows)
    figure = Figure(figsize=(_WIDTH, height), dpi=120, layout="constrained")
    axes = figure.subplots()
    axes.axvline(0, color=NEUTRAL, linewidth=1)
    for place, row in enumerate(rows):
        axes.plot(
            (row.low, row.high), (place, place), color=row.color, linewidth=2.5
        )
        axes.plot(
            row.difference,
            place,
            "D",
            color=row.color,
            markersize=7,
            markeredgecolor="white",
        )
        axes.plot(
            row.seeds,
            [place + 0.22] * len(row.seeds),
            "o",
            color=row.color,
            markersize=3.5,
            alpha=0.6,
        )
    axes.set_yticks(range(len(rows)), [textwrap.fill(n, 20) for n in labels])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlabel(
        f"points of top-1 accuracy against {reference}\nworse  ←   → better",
        fontsize=11,
    )
    axes.tick_params(axis="x", labelsize=11)
    axes.grid(axis="x", alpha=0.3)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0, labelsize=12)
    # Above the names, too, which may leave little room for the axes.
    figure.suptitle(title, fontsize=11, x=0.01, ha="left")
    return figure
