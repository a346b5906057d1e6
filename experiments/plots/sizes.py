"""Sizes of the images of a data set."""

from matplotlib.figure import Figure

from experiments.plots.names import drawable, drawable_text
from experiments.plots.style import add_legend


def plot_sizes(sizes, title):
    """Draws a point for each image, at its width and height.

    Args:
        sizes: {split: int (N, 2)}: width and height in pixels.
        title: Of the figure.

    Returns:
        A `Figure`.
    """
    labels, title = drawable(sizes), drawable_text(title)
    figure = Figure(figsize=(6, 5), dpi=120, layout="constrained")
    axes = figure.subplots()
    for label, each in zip(labels, sizes.values(), strict=True):
        axes.scatter(*each.T, s=12, alpha=0.5, label=label)
    axes.set(
        xlabel="width in pixels",
        ylabel="height in pixels",
        xlim=(0, None),
        ylim=(0, None),
        title=title,
    )
    axes.set_aspect("equal")
    axes.grid(alpha=0.3)
    add_legend(figure, axes.collections, labels)
    return figure
