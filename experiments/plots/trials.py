"""Trials of a tuning: errors over settings, and the best of so many."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from experiments.plots.names import drawable, drawable_text
from experiments.plots.style import COLORS, add_legend, assign_colors

# Points of an arm: the first eight arms have colors of their own, the next
# eight the same ones with other points.
_MARKERS = "os^Dv"


def plot_sensitivity(trials, dimensions, title):
    """Draws errors of trials over each field, a panel a field.

    Args:
        trials: {arm: list of (point, error)}; points are {field: value}, and
            the error of a trial that diverged is None.
        dimensions: `experiments.configs.variants.Dimension`s.
        title: Of the figure.

    Returns:
        A `Figure`.
    """
    labels, styles = _assign(trials)
    figure = Figure(
        figsize=(4.2 * len(dimensions) + 0.6, 3.8),
        dpi=120,
        layout="constrained",
    )
    figure.suptitle(drawable_text(title), fontsize=10)
    panels = figure.subplots(1, len(dimensions), sharey=True, squeeze=False)[0]
    lines = []
    for axes, each in zip(panels, dimensions, strict=True):
        axes.set_xlabel(drawable_text(each.field))
        axes.grid(alpha=0.3)
        if each.kind == "log":
            axes.set_xscale("log")
            axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.xaxis.set_major_formatter("{x:g}")
            axes.xaxis.set_minor_formatter(NullFormatter())
        places = [each.place(point[each.field]) for point in _points(trials)]
        if each.kind == "choice":
            axes.set_xticks(range(len(each.values)), drawable(each.values))
        lines = []
        for arm, made in trials.items():
            errors = np.array([error for _, error in made], float)
            color = styles[arm]["color"]
            lines += axes.plot(places, errors, linestyle="", **styles[arm])
            diverged = np.isnan(errors)
            (crosses,) = axes.plot(
                np.array(places)[diverged],
                np.ones(diverged.sum()),
                "x",
                color=color,
                transform=axes.get_xaxis_transform(),
                clip_on=False,
            )
            # Without points it would spoil the layout.
            crosses.set_in_layout(False)
            if diverged.all():
                continue
            best = np.nanargmin(errors)
            axes.plot(
                *(places[best], errors[best], "o"),
                markersize=12,
                markerfacecolor="none",
                color=color,
            )
    panels[0].set_ylabel("Top-1 error on held-out images (%)")
    add_legend(figure, lines, list(labels.values()))
    return figure


def plot_expected_best(curves, title):
    """Draws the expected lowest error over the number of trials.

    Args:
        curves: {arm: numbers for 1 to N trials}.
        title: Of the figure.

    Returns:
        A `Figure`.
    """
    labels, styles = _assign(curves)
    figure = Figure(figsize=(6, 3.8), dpi=120, layout="constrained")
    figure.suptitle(drawable_text(title), fontsize=10)
    axes = figure.subplots()
    lines = []
    for arm, errors in curves.items():
        trials = range(1, len(errors) + 1)
        lines += axes.plot(trials, errors, markersize=4, **styles[arm])
    axes.set_xlabel("trials of each arm")
    axes.set_ylabel("Expected lowest error (%)")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.grid(alpha=0.3)
    add_legend(figure, lines, list(labels.values()))
    return figure


def _points(trials):
    return [point for point, _ in next(iter(trials.values()))]


def _assign(arms):
    """{arm: name that can be drawn} and {arm: options of its points}."""
    labels = dict(zip(arms, drawable(arms), strict=True))
    colors = assign_colors(arms)
    styles = {
        arm: {
            "color": colors[arm],
            "marker": _MARKERS[number // len(COLORS) % len(_MARKERS)],
        }
        for number, arm in enumerate(arms)
    }
    return labels, styles
