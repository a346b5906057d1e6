"""Bar charts of the images of each class in each split."""

import textwrap

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from experiments.plots.names import drawable, drawable_text, short_names

# With more bars than this, names and numbers no longer fit.
_MOST_BARS = 40


def plot_counts(splits, title):
    """Draws the number of images of each class in each split.

    Few classes: one group of bars a class, one bar a split, with its number.
    Many classes: one panel a split, a bar a class, and in the panel's title
    how many images the classes have at least and at most.

    Args:
        splits: {split: {class name: images}}, at least one split with at
            least one class; a class that a split does not name has 0 there.
        title: Of the figure.

    Returns:
        A `Figure`.

    Example:

    >>> from experiments.plots.counts import plot_counts
    >>> figure = plot_counts(
    ...     {"train": {"cats": 56, "dogs": 56}, "test": {"cats": 14}},
    ...     "Cats and dogs",
    ... )
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['56', '56', '14', '0']
    """
    classes = list(dict.fromkeys(c for each in splits.values() for c in each))
    counts = {
        split: np.array([each.get(name, 0) for name in classes])
        for split, each in splits.items()
    }
    counts = dict(zip(drawable(counts), counts.values(), strict=True))
    if len(classes) * len(counts) <= _MOST_BARS:
        figure = _grouped_bars(drawable(short_names(classes)), counts)
    else:
        figure = _panels(counts)
    figure.suptitle(textwrap.fill(drawable_text(title), 70))
    return figure


def _grouped_bars(classes, counts):
    numbers = [f"{value:,}" for values in counts.values() for value in values]
    # Inches: no bar narrower than the number above it.
    needed = len(numbers) * max(0.3, 0.08 * max(map(len, numbers)))
    figure = Figure(
        figsize=(max(7, needed + 2), 4.5), dpi=120, layout="constrained"
    )
    axes = figure.subplots()
    width = 0.8 / len(counts)
    places = np.arange(len(classes))
    for index, (split, values) in enumerate(counts.items()):
        offset = (index - (len(counts) - 1) / 2) * width
        drawn = axes.bar(places + offset, values, width, label=split)
        axes.bar_label(
            drawn, [f"{value:,}" for value in values], padding=2, fontsize=8
        )
    crowded = max(map(len, classes)) * len(classes) > 60
    axes.set_xticks(
        places,
        classes,
        rotation=30 if crowded else 0,
        rotation_mode="anchor",
        ha="right" if crowded else "center",
    )
    _count_axis(axes, max(values.max() for values in counts.values()))
    figure.legend(
        handles=axes.containers, title="split", loc="outside right center"
    )
    return figure


def _panels(counts):
    figure = Figure(
        figsize=(8, 1 + 1.7 * len(counts)), dpi=120, layout="constrained"
    )
    panels = figure.subplots(len(counts), sharex=True, squeeze=False)
    highest = max(values.max() for values in counts.values())
    for (split, values), axes in zip(counts.items(), panels.flat, strict=True):
        low, high = values.min(), values.max()
        each = f"{low:,}" if low == high else f"{low:,} to {high:,}"
        axes.set_title(
            f"{split}: {values.sum():,} images, {len(values):,} classes "
            f"with {each} each",
            fontsize=10,
        )
        axes.bar(np.arange(1, len(values) + 1), values, width=1)
        _count_axis(axes, highest)
    panels[-1, 0].set_xlabel("class, in the data's order")
    panels[-1, 0].set_xlim(0.5, len(values) + 0.5)
    return figure


def _count_axis(axes, highest):
    axes.set_ylabel("images")
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.set_ylim(0, max(1, 1.1 * highest))
    axes.grid(axis="y", alpha=0.3)
    axes.set_axisbelow(True)
