"""Curves over epochs: one run, or the arms of a study overlaid."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from experiments.plots.names import drawable, drawable_text
from experiments.plots.style import add_legend, assign_colors, assign_styles

# Axis label; value of a row of history.csv in validation, in training.
_CURVES = {
    "accuracy": (
        "Top-1 accuracy (%)",
        lambda row: 100 * row["val_accuracy"],
        lambda row: 100 * row["accuracy"],
    ),
    "error": (
        "Top-1 error (%)",
        lambda row: 100 * (1 - row["val_accuracy"]),
        lambda row: 100 * (1 - row["accuracy"]),
    ),
    "loss": (
        "Cross-entropy",
        lambda row: row["val_loss"],
        lambda row: row["loss"],
    ),
}
# More names than this beside the ends of lines would crowd.
_MOST_NAMED = 6
# A loss that was so many times the usual end is drawn on a logarithmic axis,
# and one that was so many times that, beyond it.
_FAR, _TOO_FAR = 10, 100


def write_run_curves(folder):
    """Writes plots/curves.png of one `RunFolder`."""
    folder.write_plot("curves", plot_run(folder.history()))


def plot_run(rows):
    """Draws error and loss of one run, in training and validation.

    Args:
        rows: Of history.csv.

    Returns:
        A `Figure`.
    """
    figure = Figure(figsize=(10, 4.2), dpi=120, layout="constrained")
    shown = ("error", "loss")
    for axes, name in zip(figure.subplots(1, 2), shown, strict=True):
        label, val, train = _CURVES[name]
        _prepare(axes, label)
        for read, style, text in (
            (val, "-", "validation"),
            (train, "--", "training, on augmented images"),
        ):
            _line(axes, rows, map(read, rows), style, label=text)
    lines, texts = axes.get_legend_handles_labels()
    figure.legend(lines, texts, loc="outside upper center", ncols=2)
    return figure


def plot_arms(arms, published, name, title):
    """Overlays the curves of several experiments, training and validation.

    A line is the mean over seeds, its band reaches from the lowest to the
    highest. If few lines end together, their names stand beside the ends,
    otherwise in a legend beside the axes.

    Args:
        arms: {experiment: [rows of history.csv, one list a seed]}.
        published: {experiment: (label, rows)}, the rows with the keys epoch,
            val_top1_error (%) and val_loss; drawn dashed.
        name: "accuracy", "error" or "loss".
        title: Of the figure.

    Returns:
        A `Figure`, whose axes are those of training and of validation.

    Example:

    >>> from experiments.plots.curves import plot_arms
    >>> row = {"epoch": 0, "accuracy": 0.9}
    >>> runs = [[row | {"val_accuracy": each}] for each in (0.5, 0.7)]
    >>> figure = plot_arms({"baseline": runs}, {}, "error", "One epoch")
    >>> [line.get_label() for line in figure.axes[1].lines]
    ['baseline (2 seeds)']
    """
    label, val, train = _CURVES[name]
    labels = dict(zip(arms, drawable(arms), strict=True))
    styles = assign_styles(assign_colors(arms))
    figure = Figure(figsize=(10, 4.2), dpi=120, layout="constrained")
    figure.suptitle(drawable_text(title))
    panels = figure.subplots(1, 2, sharex=True, sharey=True)
    for axes, read, text in zip(
        panels,
        (train, val),
        ("training, on augmented images", "validation"),
        strict=True,
    ):
        _prepare(axes, label)
        axes.set_title(text, fontsize=10)
        for arm, runs in arms.items():
            _mean_and_band(axes, runs, read, styles[arm], labels[arm])
            if arm in published and read is val:
                its_label, rows = published[arm]
                _line(
                    axes,
                    rows,
                    [_published_value(name, row) for row in rows],
                    "--",
                    color=styles[arm]["color"],
                    linewidth=1,
                    label=drawable_text(its_label),
                )
    if name == "loss":
        _keep_ends_readable(panels)
    panels[1].set_ylabel("")
    _name_lines(figure, panels[1])
    return figure


def _mean_and_band(axes, runs, read, style, label):
    # Runs of other lengths are cut to what all have.
    rows = min(runs, key=len)
    values = np.array([list(map(read, run[: len(rows)])) for run in runs])
    seeds = f" ({len(runs)} seeds)" if len(runs) > 1 else ""
    (line,) = _line(
        axes, rows, values.mean(0), label=f"{label}{seeds}", **style
    )
    color = style["color"]
    low, high = values.min(0), values.max(0)
    if len(rows) == 1:
        axes.vlines(line.get_xdata(), low, high, color=color, alpha=0.4)
    elif len(runs) > 1:
        axes.fill_between(line.get_xdata(), low, high, color=color, alpha=0.2)


def _published_value(name, row):
    if name == "loss":
        return row["val_loss"]
    error = row["val_top1_error"]
    return error if name == "error" else 100 - error


def _prepare(axes, label):
    axes.set_xlabel("epoch")
    axes.set_ylabel(label)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.grid(alpha=0.3)


def _line(axes, rows, values, *style, **options):
    return axes.plot(
        [row["epoch"] + 1 for row in rows],
        list(values),
        *style,
        # A line of one point is no line.
        marker="o" if len(rows) == 1 else None,
        **options,
    )


def _keep_ends_readable(panels):
    """Keeps the ends of losses apart, even if one arm diverged."""
    ends = [line.get_ydata()[-1] for axes in panels for line in axes.lines]
    usual, highest = np.median(ends), max(axes.dataLim.y1 for axes in panels)
    if highest <= _FAR * usual:
        return
    for axes in panels:
        axes.set_yscale("log")
    if highest > _TOO_FAR * usual:
        axes.set_ylim(top=_TOO_FAR * usual)
    low, high = axes.get_ylim()
    steps = (1, 2, 5) if high < 1e4 * low else (1,)
    for axes in panels:
        axes.yaxis.set_major_locator(LogLocator(subs=steps))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter(NullFormatter())


def _name_lines(figure, axes):
    """Writes names beside the ends of the lines, or in a legend."""
    lines = axes.lines
    names = [line.get_label() for line in lines]
    ends = {line.get_xdata()[-1] for line in lines}
    if len(lines) > _MOST_NAMED or len(ends) > 1:
        add_legend(figure, lines, names)
        return
    # Asked for its limits, matplotlib settles them.
    axes.get_ylim()
    to_fraction = axes.transData + axes.transAxes.inverted()
    ends = [to_fraction.transform(line.get_xydata()[-1])[1] for line in lines]
    heights = np.clip(ends, 0, 1)
    for line, name, end, place in zip(
        lines, names, heights, _spread(heights), strict=True
    ):
        axes.annotate(
            name,
            (1.01, end),
            (1.06, place),
            xycoords="axes fraction",
            va="center",
            fontsize=9,
            arrowprops={
                "arrowstyle": "-",
                "color": line.get_color(),
                "linestyle": line.get_linestyle(),
                "linewidth": 1.5,
                "relpos": (0, 0.5),
                "shrinkA": 1,
                "shrinkB": 0,
            },
        )


def _spread(heights, gap=0.065):
    """Moves heights in [0, 1] apart to at least `gap`, in the same order."""
    order = np.argsort(heights, kind="stable")
    steps = gap * np.arange(len(order))
    # As far up as the one below asks for, then down from the upper edge.
    up = np.maximum.accumulate(np.array(heights)[order] - steps)
    places = np.empty(len(order))
    places[order] = np.minimum(up, 1 - steps[-1]) + steps
    return places
