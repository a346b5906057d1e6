"""Confusion matrices, one or several side by side."""

import math
import textwrap

import numpy as np
from matplotlib.figure import Figure
from sklearn.metrics import confusion_matrix

from experiments.plots.names import drawable, drawable_text, short_names

# With more classes than this, neither names nor numbers fit into the cells of
# one matrix, or of several that are to be seen side by side.
_MOST_NAMED, _MOST_NAMED_OF_SEVERAL = 20, 10


def plot_confusion(labels, predicted, class_names, title):
    """Draws one confusion matrix: counts, and percentages of each row.

    Args:
        labels, predicted, class_names: As for
            `experiments.metrics.classification_metrics`.
        title: Of the figure.

    Returns:
        A `Figure`.
    """
    return plot_confusions({"": (labels, predicted, class_names)}, title)


def plot_confusions(panels, title):
    """Draws confusion matrices side by side.

    With more than 20 classes, or 10 if there are several, a matrix is a
    heat map without numbers.

    Args:
        panels: {name: (labels, predicted, class_names)}, at least one.
        title: Of the figure.

    Returns:
        A `Figure`.

    Example:

    >>> from experiments.plots.confusion import plot_confusions
    >>> figure = plot_confusions(
    ...     {"one": ([0, 1, 1], [0, 1, 0], ["cats", "dogs"])}, "Pets"
    ... )
    >>> [cell.get_text() for cell in figure.axes[0].texts]
    ['1\\n100 %', '0\\n0 %', '1\\n50 %', '1\\n50 %']
    """
    panels = {
        label: (labels, predicted, drawable(short_names(class_names)))
        for label, (labels, predicted, class_names) in zip(
            drawable(panels), panels.values(), strict=True
        )
    }
    title = drawable_text(title)
    most = max(len(class_names) for _, _, class_names in panels.values())
    named = most <= (
        _MOST_NAMED if len(panels) == 1 else _MOST_NAMED_OF_SEVERAL
    )
    # Inches. Three panels of two classes fill a page's width, two of six.
    side = 2.8 + 0.45 * most if named else 4.5 if len(panels) == 1 else 3.6
    columns = min(len(panels), max(1, int(11.5 // side)))
    rows = math.ceil(len(panels) / columns)
    figure = Figure(
        figsize=(columns * side + 1, rows * side + 0.5),
        dpi=120,
        layout="constrained",
    )
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat[len(panels) :]:
        axes.set_axis_off()
    for axes, (name, panel) in zip(grid.flat, panels.items(), strict=False):
        image = _draw(axes, *panel, named)
        axes.set_title(textwrap.fill(name, int(side * 9)), fontsize=10)
    figure.colorbar(
        image, ax=grid, label="% of the true class", aspect=20 * rows
    )
    figure.suptitle(textwrap.fill(title, int(columns * side * 9)))
    return figure


def _draw(axes, labels, predicted, class_names, named):
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
    if not named:
        return image
    crowded = max(map(len, class_names)) * classes >= 20
    axes.set_xticks(
        range(classes),
        class_names,
        rotation=45 if crowded else 0,
        rotation_mode="anchor",
        ha="right" if crowded else "center",
    )
    axes.set_yticks(range(classes), class_names)
    for (row, column), count in np.ndenumerate(counts):
        share = percent[row, column]
        axes.text(
            column,
            row,
            f"{count:,}\n{share:.0f} %",
            ha="center",
            va="center",
            # From there on, white has the higher contrast.
            color="white" if share > 72 else "black",
            fontsize=max(7, 11 - classes // 3),
        )
    return image
