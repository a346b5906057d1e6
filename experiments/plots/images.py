"""Pictures of a data set and of training images."""

import textwrap
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from experiments.plots.names import drawable, drawable_text, short_names


def plot_images(images, titles, title, columns=8, side=1.4):
    """Draws images in rows, each below its title.

    Args:
        images: Sequence of (H, W, 3); uint8, or float in [0, 255], where
            what lies beyond is cut off: augmentations may leave that range.
        titles: A text for each.
        title: Of the figure.
        columns: Images in a row.
        side: Of an image, in inches.

    Returns:
        A `Figure`.
    """
    titles = [drawable_text(each) for each in titles]
    rows = -(-len(images) // columns)
    figure = Figure(
        figsize=(columns * side, rows * 1.15 * side + 0.4),
        dpi=120,
        layout="constrained",
    )
    cells = figure.subplots(rows, columns, squeeze=False).ravel()
    for cell in cells:
        cell.axis("off")
    for cell, image, text in zip(cells, images, titles, strict=False):
        _show(cell, image)
        cell.set_title(text, fontsize=8)
    figure.suptitle(drawable_text(title), fontsize=10)
    return figure


def plot_rows(rows, class_names, title):
    """Draws the same images as several arms show them, a row an arm.

    Args:
        rows: {arm: (images, labels)}: images as for `plot_images`, equally
            many in each row; labels float (images, K), one-hot or mixed.
        class_names: Names of the K classes.
        title: Of the figure.

    Returns:
        A `Figure`. A mixed label stands below its image.
    """
    class_names, arms = drawable(short_names(class_names)), drawable(rows)
    columns = max(len(images) for images, _ in rows.values())
    figure = Figure(
        figsize=(1.5 * columns + 1.2, 1.55 * len(rows) + 0.3),
        dpi=120,
        layout="constrained",
    )
    grid = figure.subplots(len(rows), columns, squeeze=False)
    for cells, arm, (images, labels) in zip(
        grid, arms, rows.values(), strict=True
    ):
        for cell, image, label in zip(cells, images, labels, strict=True):
            _show(cell, image)
            if np.count_nonzero(label) > 1:
                _write_weights(cell, label, class_names)
        cells[0].set_ylabel(
            textwrap.fill(arm, 24), rotation=0, ha="right", va="center"
        )
    figure.suptitle(drawable_text(title), fontsize=10)
    return figure


class Saliency(NamedTuple):
    """Saliency maps of images.

    Attributes:
        maps: (N, H, W).
        peaks: int (N, 2), row and column of the most salient pixel.
        boxes: int (N, 4): top, left, bottom, right.
    """

    maps: np.ndarray
    peaks: np.ndarray
    boxes: np.ndarray


def plot_columns(columns, class_names, title, saliency=None):
    """Draws images in rows: each as it is, its saliency, and other versions.

    Args:
        columns: {heading: (images, labels)}, as for `plot_rows`.
        class_names: Names of the classes.
        title: Of the figure.
        saliency: A `Saliency`, which comes second; or None.

    Returns:
        A `Figure`. A label stands below the first image of its row, and below
        each in which it is mixed.
    """
    class_names = drawable(short_names(class_names))
    headings = list(columns)
    if saliency is not None:
        headings.insert(1, "saliency")
    count = len(next(iter(columns.values()))[0])
    figure = Figure(
        figsize=(1.6 * len(headings) + 0.2, 1.9 * count + 0.4),
        dpi=120,
        layout="constrained",
    )
    grid = figure.subplots(count, len(headings), squeeze=False)
    for heading, cells in zip(headings, grid.T, strict=True):
        cells[0].set_title(heading, fontsize=10)
        if heading not in columns:
            _show_saliency(cells, saliency)
            continue
        for cell, image, label in zip(cells, *columns[heading], strict=True):
            _show(cell, image)
            if heading == headings[0] or np.count_nonzero(label) > 1:
                _write_weights(cell, label, class_names)
    figure.suptitle(drawable_text(title), fontsize=10)
    return figure


def _show_saliency(cells, saliency):
    for cell, found, (row, column), box in zip(cells, *saliency, strict=True):
        _show(cell, found, cmap="gray")
        top, left, bottom, right = box - 0.5
        cell.add_patch(
            Rectangle(
                (left, top), right - left, bottom - top, fill=False, color="C1"
            )
        )
        cell.plot(column, row, "+", color="C3", markersize=10)


def _show(cell, image, **options):
    shown = np.clip(np.round(image), 0, 255).astype(np.uint8)
    cell.imshow(shown, **options)
    cell.set_xticks([])
    cell.set_yticks([])
    cell.spines[:].set_visible(False)


def _write_weights(cell, label, class_names):
    """Writes weights below an image, no wider than it."""
    lines = _format_weights(label, class_names).split("\n")
    short = [line if len(line) <= 24 else f"{line[:23]}…" for line in lines]
    cell.set_xlabel("\n".join(short), fontsize=8)


def plot_batch(images, labels, class_names, count=8):
    """Draws the first images of a training batch with their labels.

    Args:
        images: (B, H, W, 3), as for `plot_images`.
        labels: Float (B, K), one-hot or mixed.
        class_names: Names of the K classes.
        count: Images to draw, at most.

    Returns:
        A `Figure`.
    """
    class_names = drawable(short_names(class_names))
    return plot_images(
        images[:count],
        [_format_weights(label, class_names) for label in labels[:count]],
        "Training images as the network sees them",
        columns=4,
        side=2.25,
    )


def _format_weights(label, class_names):
    """Formats weights as "0.62 ring\\n0.38 disk", without a weight of 1."""
    heaviest = np.argsort(-label, kind="stable")[:2]
    parts = [
        (label[index], class_names[index])
        for index in heaviest
        if label[index] > 0
    ]
    if len(parts) == 1:
        return parts[0][1]
    return "\n".join(f"{weight:.2f} {name}" for weight, name in parts)
