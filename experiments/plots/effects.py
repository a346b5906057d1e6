"""Effects of arms over the values of a field."""

from typing import NamedTuple

from matplotlib.figure import Figure

from experiments.plots.names import drawable, drawable_text
from experiments.plots.style import NEUTRAL, add_legend

# Of the axis's length: arms stand beside each other, intervals not one over
# the other.
_APART = 0.012


class Line(NamedTuple):
    """One arm over the values.

    Attributes:
        label: Its name.
        color: Its color in every plot.
        places: Places of the values that it has, among all.
        effects, lows, highs: Points of accuracy, one for each place.
    """

    label: str
    color: str
    places: list
    effects: list
    lows: list
    highs: list


def plot_effects(panels, values, names, scale, field, reference, title):
    """Draws differences in top-1 accuracy over values, a line an arm.

    Args:
        panels: {title: list of `Line`s}, one beside the other.
        values: All values of the field.
        names: Their names.
        scale: "log", "linear", or "pairs" for values that are no numbers.
        field: Name of the field.
        reference: Name of the arm at 0.
        title: Of the figure.

    Returns:
        A `Figure`.
    """
    figure = Figure(
        figsize=(2 + 4.5 * len(panels), 4.2), dpi=120, layout="constrained"
    )
    row = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axes, (name, lines) in zip(row, panels.items(), strict=True):
        axes.axhline(0, color=NEUTRAL, linewidth=1)
        positions = list(range(len(values))) if scale == "pairs" else values
        drawn = _draw_lines(axes, lines, positions, scale)
        axes.set_xticks(positions, drawable(names))
        axes.minorticks_off()
        axes.set_title(drawable_text(name), fontsize=10)
        axes.set_xlabel(drawable_text(field))
        axes.grid(axis="y", alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    row[0].set_ylabel(
        "points of top-1 accuracy against\n"
        f"{drawable_text(reference)}; above 0 is better"
    )
    figure.suptitle(drawable_text(title), fontsize=10, x=0.01, ha="left")
    add_legend(figure, drawn, drawable(line.label for line in lines))
    return figure


def _draw_lines(axes, lines, positions, scale):
    """Draws the lines of one panel; returns those for the legend."""
    if scale == "log":
        axes.set_xscale("log")
    first, last = min(positions), max(positions)
    drawn = []
    for number, line in enumerate(lines):
        shift = _APART * (number - (len(lines) - 1) / 2)
        places = [
            positions[place] * (last / first) ** shift
            if scale == "log"
            else positions[place] + shift * (last - first)
            for place in line.places
        ]
        axes.vlines(
            places, line.lows, line.highs, color=line.color, linewidth=2
        )
        drawn += axes.plot(
            places, line.effects, "D-", color=line.color, markersize=6
        )
    return drawn
