"""Attribution maps over their images."""

import textwrap
from typing import NamedTuple

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from experiments.plots.names import drawable_text

# Of the map's color in an overlay.
_OPACITY = 0.55


class Column(NamedTuple):
    """One heading with images, maps and captions below it.

    Attributes:
        heading: One line or more.
        images: uint8 (N, H, W, 3).
        maps: float (N, H, W), or None for the images as they are.
        captions: N texts, of one or two lines.
    """

    heading: str
    images: np.ndarray
    maps: np.ndarray | None
    captions: list


def plot_overlays(columns, title):
    """Draws images in rows, and maps of them side by side.

    Each map is drawn from 0, or what lies below it, to its own maximum, over
    the gray image.

    Args:
        columns: `Column`s of equally many images, at least one.
        title: Of the figure.

    Returns:
        A `Figure`.
    """
    count = len(columns[0].images)
    figure = Figure(
        figsize=(1.55 * len(columns) + 0.2, 1.8 * count + 0.6),
        dpi=120,
        layout="constrained",
    )
    grid = figure.subplots(count, len(columns), squeeze=False)
    for cells, column in zip(grid.T, columns, strict=True):
        heading = drawable_text(column.heading).split("\n")
        heading = [textwrap.fill(line, 18) for line in heading]
        cells[0].set_title("\n".join(heading), fontsize=9)
        maps = [None] * count if column.maps is None else column.maps
        for cell, image, found, caption in zip(
            cells, column.images, maps, column.captions, strict=True
        ):
            shown = image if found is None else overlay(image, found)
            cell.imshow(shown)
            cell.set_xlabel(drawable_text(caption), fontsize=8)
            cell.set_xticks([])
            cell.set_yticks([])
            cell.spines[:].set_visible(False)
    figure.suptitle(drawable_text(title), fontsize=10)
    return figure


def overlay(image, found):
    """Lays a map's colors over the gray image: uint8 (H, W, 3).

    Args:
        image: uint8 (H, W, 3).
        found: float (H, W); values below 0 count as 0.
    """
    found = np.maximum(np.nan_to_num(np.asarray(found, np.float32)), 0)
    highest = found.max()
    colors = matplotlib.colormaps["inferno"](
        found / highest if highest > 0 else found
    )[..., :3]
    gray = image.mean(-1, keepdims=True) / 255
    mixed = (1 - _OPACITY) * gray + _OPACITY * colors
    return np.round(255 * mixed).astype(np.uint8)
