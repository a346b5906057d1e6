"""Curves over epochs: one run, or the arms of a study overlaid."""

import matplotlib

# Before pyplot is imported: there may be no display.
matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import MaxNLocator

# title, axis label, function from a row of history.csv, of the train curve
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


def plot_run(folder):
    """Draws train and validation curves of one run into its plots/."""
    rows = folder.history()
    (folder / "plots").mkdir(exist_ok=True)
    epochs = [row["epoch"] + 1 for row in rows]
    for name, (label, val, train) in _CURVES.items():
        figure, axes = _axes(label)
        axes.plot(epochs, [val(row) for row in rows], label="validation")
        axes.plot(
            epochs,
            [train(row) for row in rows],
            "--",
            label="training, on augmented images",
        )
        _save(figure, axes, folder / "plots" / f"{name}.png")


def plot_arms(arms, published, path, name, title):
    """Overlays the validation curves of several experiments.

    Args:
        arms: {experiment: [rows of history.csv, one list a seed]}. The line
            is the mean over seeds, the band reaches from the lowest to the
            highest.
        published: {experiment: rows}, with the keys val_top1_error (%) and
            val_loss; drawn dashed.
        path: The PNG file.
        name: "accuracy", "error" or "loss".
        title: Of the figure.
    """
    label, val, _ = _CURVES[name]
    figure, axes = _axes(f"{label}, validation")
    axes.set_title(title)
    for index, (experiment, runs) in enumerate(arms.items()):
        color = f"C{index}"
        # Runs that are still going on are shorter: compare what all have.
        length = min(map(len, runs))
        values = np.array([[val(row) for row in run[:length]] for run in runs])
        epochs = np.arange(1, length + 1)
        seeds = f" ({len(runs)} seeds)" if len(runs) > 1 else ""
        axes.plot(
            epochs,
            values.mean(0),
            # A line of one point is no line.
            marker="o" if length == 1 else None,
            color=color,
            label=f"{experiment}{seeds}",
        )
        if len(runs) > 1:
            axes.fill_between(
                epochs, values.min(0), values.max(0), color=color, alpha=0.2
            )
        if experiment in published:
            rows = published[experiment]
            axes.plot(
                [row["epoch"] + 1 for row in rows],
                [_published_value(name, row) for row in rows],
                ":",
                color=color,
                label=f"{experiment}, as published",
            )
    _save(figure, axes, path)


def _published_value(name, row):
    if name == "loss":
        return row["val_loss"]
    error = row["val_top1_error"]
    return error if name == "error" else 100 - error


def _axes(label):
    figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    axes.set_xlabel("epoch")
    axes.set_ylabel(label)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    return figure, axes


def _save(figure, axes, path):
    axes.legend()
    figure.savefig(path, dpi=120)
    plt.close(figure)
