"""Curves over epochs: one run, or the arms of a study overlaid."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from experiments.plots.style import colors_of

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


def save_run_plots(folder):
    """Writes the curves of one `RunFolder` to its plots/."""
    rows = folder.history()
    for name in _CURVES:
        folder.replace(f"plots/{name}.png", plot_run(rows, name).savefig)


def plot_run(rows, name):
    """Draws train and validation curves of one run.

    Args:
        rows: Of history.csv.
        name: "accuracy", "error" or "loss".

    Returns:
        A `Figure`.
    """
    label, val, train = _CURVES[name]
    figure, axes = _figure(label)
    _line(axes, rows, map(val, rows), "-", label="validation")
    _line(
        axes,
        rows,
        map(train, rows),
        "--",
        label="training, on augmented images",
    )
    _legend(figure, axes)
    return figure


def plot_arms(arms, published, name, title):
    """Overlays the validation curves of several experiments.

    Args:
        arms: {experiment: [rows of history.csv, one list a seed]}. The line
            is the mean over seeds, the band reaches from the lowest to the
            highest.
        published: {experiment: (label, rows)}, the rows with the keys epoch,
            val_top1_error (%) and val_loss; drawn dotted.
        name: "accuracy", "error" or "loss".
        title: Of the figure.

    Returns:
        A `Figure`.

    Example:

    >>> from experiments.plots.curves import plot_arms
    >>> runs = [[{"epoch": 0, "val_accuracy": each}] for each in (0.5, 0.7)]
    >>> figure = plot_arms({"baseline": runs}, {}, "error", "One epoch")
    >>> [line.get_label() for line in figure.axes[0].lines]
    ['baseline (2 seeds)']
    """
    label, val, _ = _CURVES[name]
    figure, axes = _figure(f"{label}, validation")
    axes.set_title(title)
    colors = colors_of(arms)
    for experiment, runs in arms.items():
        color = colors[experiment]
        # Runs that are still going on are shorter: compare what all have.
        rows = min(runs, key=len)
        values = np.array([list(map(val, run[: len(rows)])) for run in runs])
        seeds = f" ({len(runs)} seeds)" if len(runs) > 1 else ""
        (line,) = _line(
            axes,
            rows,
            values.mean(0),
            color=color,
            label=f"{experiment}{seeds}",
        )
        if len(runs) > 1:
            axes.fill_between(
                line.get_xdata(),
                values.min(0),
                values.max(0),
                color=color,
                alpha=0.2,
            )
        if experiment in published:
            label, rows = published[experiment]
            _line(
                axes,
                rows,
                [_published_value(name, row) for row in rows],
                ":",
                color=color,
                label=label,
            )
    _legend(figure, axes)
    return figure


def _published_value(name, row):
    if name == "loss":
        return row["val_loss"]
    error = row["val_top1_error"]
    return error if name == "error" else 100 - error


def _figure(label):
    figure = Figure(figsize=(7, 4.5), dpi=120, layout="constrained")
    axes = figure.subplots()
    axes.set_xlabel("epoch")
    axes.set_ylabel(label)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    return figure, axes


def _legend(figure, axes):
    if len(axes.lines) <= 5:
        axes.legend()
    else:
        # It would lie on the curves.
        figure.set_figwidth(10)
        figure.legend(loc="outside right upper", fontsize=8)


def _line(axes, rows, values, *style, **options):
    return axes.plot(
        [row["epoch"] + 1 for row in rows],
        list(values),
        *style,
        # A line of one point is no line.
        marker="o" if len(rows) == 1 else None,
        **options,
    )
