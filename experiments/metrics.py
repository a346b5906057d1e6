"""Accuracy, precision, recall and F1, and the confusion matrix as a plot."""

import difflib

import matplotlib

# Before pyplot is imported: there may be no display.
matplotlib.use("Agg")

import math
import textwrap

import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    precision_recall_fscore_support,
)

from experiments.errors import ConfigError

# With more classes than this, neither names nor numbers fit into the cells.
_MOST_NAMED = 20


def classification_metrics(
    labels, predicted, class_names, positive_class=None, weights=None
):
    """Accuracy, precision, recall and F1, by scikit-learn.

    What is undefined is None with a positive class: the precision of a model
    that never predicts it (its F1 is 0 if it should have), the recall where
    no image has it. In a macro average such a class counts as 0, as in
    scikit-learn; leaving it out would reward a model for never naming it.

    Args:
        labels: Int (N,), indices into `class_names`; at least one.
        predicted: Int (N,); may go beyond `class_names` where a network has
            more outputs than the data has classes.
        class_names: Sequence of strings.
        positive_class: One of `class_names`: precision, recall and F1 are
            of that class against all others. None: they are macro averages,
            over the classes that have images.
        weights: Float (N,), of each prediction; None: all weigh the same.

    Returns:
        A dictionary: average ("positive class" or "macro"), positive_class,
        predictions (N), accuracy, precision, recall, f1 (in [0, 1]).

    Raises:
        ConfigError: if `positive_class` is not one of `class_names`.

    Example:
        classification_metrics([0, 1, 1], [0, 1, 0], ["cats", "dogs"], "dogs")
        # {..., "precision": 1.0, "recall": 0.5, "f1": 0.667, ...}
    """
    if positive_class is None:
        average, classes, undefined = "macro", np.unique(labels), 0.0
    else:
        index = positive_index(class_names, positive_class)
        average, classes, undefined = "positive class", [index], np.nan
    values = precision_recall_fscore_support(
        labels,
        predicted,
        labels=classes,
        average="macro",
        sample_weight=weights,
        zero_division=undefined,
    )
    precision, recall, f1 = (
        None if math.isnan(value) else float(value) for value in values[:3]
    )
    return {
        "average": average,
        "positive_class": positive_class,
        "predictions": len(labels),
        "accuracy": float(
            accuracy_score(labels, predicted, sample_weight=weights)
        ),
        "precision": precision,
        "recall": recall,
        "f1": f1,
    }


def positive_index(class_names, positive_class):
    """The index of the positive class.

    Raises:
        ConfigError: if there is no such class.
    """
    names = list(class_names)
    if positive_class in names:
        return names.index(positive_class)
    known = difflib.get_close_matches(positive_class, names, 5) or names[:10]
    raise ConfigError(
        f"positive_class={positive_class!r} is not a class of the data; set "
        f"it to one of its {len(names)} classes, such as {', '.join(known)}."
    )


def plot_confusion(labels, predicted, class_names, path, title):
    """Draws one confusion matrix: counts, and percentages of each row.

    Args:
        labels, predicted, class_names: As for `classification_metrics`.
        path: The PNG file.
        title: Of the figure.
    """
    plot_confusions({"": (labels, predicted, class_names)}, path, title)


def plot_confusions(panels, path, title):
    """Draws confusion matrices side by side.

    With more than 20 classes a matrix is a heat map without numbers.

    Args:
        panels: {name: (labels, predicted, class_names)}, at least one.
        path: The PNG file.
        title: Of the figure.
    """
    most = max(len(class_names) for _, _, class_names in panels.values())
    # Inches. Three panels of two classes fill a page's width.
    side = 4.5 if most > _MOST_NAMED else 2.8 + 0.45 * most
    columns = min(len(panels), max(1, int(18 // side)))
    rows = math.ceil(len(panels) / columns)
    figure, grid = plt.subplots(
        rows,
        columns,
        squeeze=False,
        figsize=(columns * side + 1, rows * side + 0.5),
        layout="constrained",
    )
    for axes in grid.flat[len(panels) :]:
        axes.set_axis_off()
    for axes, (name, panel) in zip(grid.flat, panels.items(), strict=False):
        image = _draw(axes, *panel)
        axes.set_title(textwrap.fill(name, int(side * 9)), fontsize=10)
    figure.colorbar(
        image, ax=grid, label="% of the true class", aspect=20 * rows
    )
    figure.suptitle(textwrap.fill(title, int(columns * side * 9)))
    figure.savefig(path, dpi=120)
    plt.close(figure)


def _draw(axes, labels, predicted, class_names):
    classes = len(class_names)
    counts = confusion_matrix(labels, predicted, labels=range(classes))
    totals = np.bincount(labels, minlength=classes)[:, None]
    percent = 100 * counts / np.maximum(totals, 1)
    image = axes.imshow(percent, cmap="Blues", vmin=0, vmax=100)
    axes.set_ylabel("true class")
    outside = totals.sum() - counts.sum()
    axes.set_xlabel(
        "predicted class"
        + (f" ({outside:,} are none of these)" if outside else "")
    )
    if classes > _MOST_NAMED:
        return image
    axes.set_xticks(
        range(classes),
        class_names,
        rotation=0 if max(map(len, class_names)) * classes < 20 else 45,
        rotation_mode="anchor",
    )
    if axes.get_xticklabels()[0].get_rotation():
        plt.setp(axes.get_xticklabels(), ha="right")
    axes.set_yticks(range(classes), class_names)
    for (row, column), count in np.ndenumerate(counts):
        share = percent[row, column]
        axes.text(
            column,
            row,
            f"{count:,}\n{share:.0f} %",
            ha="center",
            va="center",
            color="white" if share > 55 else "black",
            fontsize=max(7, 11 - classes // 3),
        )
    return image
