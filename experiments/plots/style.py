"""Colors, dashes and legends, the same for an arm in every plot."""

import math
import textwrap

# Okabe and Ito, Color Universal Design (2008), without its yellow, which is
# pale on white.
COLORS = (
    "#000000",
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#56b4e9",
    "#e69f00",
    "#7f7f7f",
)
# Solid for the first eight arms, then other dashes in the same colors.
DASHES = (
    "-",
    (0, (7, 2)),
    (0, (1, 1.5)),
    (0, (5, 1.5, 1, 1.5)),
    (0, (3, 1, 1, 1, 1, 1)),
)
NEUTRAL = "#808080"
# Inches: a row of a legend, a letter, and a column besides its letters.
_ROW, _LETTER, _COLUMN = 0.19, 0.085, 0.75
_NAME_WIDTH = 36


def assign_colors(names):
    """Assigns {name: color}; the reference comes first and is black.

    Args:
        names: Names of arms, the reference first.
    """
    return {
        name: COLORS[index % len(COLORS)] for index, name in enumerate(names)
    }


def assign_styles(colors):
    """Assigns {name: options of a line}, different for each of 40 arms.

    Args:
        colors: {name: color} as `assign_colors` returns it.

    Example:

    >>> from experiments.plots.style import assign_colors, assign_styles
    >>> assign_styles(assign_colors(["baseline", "cutmix"]))["cutmix"]
    {'color': '#0072b2', 'linestyle': '-'}
    """
    return {
        name: {
            "color": color,
            "linestyle": DASHES[index // len(COLORS) % len(DASHES)],
        }
        for index, (name, color) in enumerate(colors.items())
    }


def add_legend(figure, lines, names):
    """Adds a legend beside the axes and widens the figure by its width.

    Args:
        figure: A `Figure` with layout "constrained".
        lines: Lines or points, one a name.
        names: Strings; long ones are wrapped.
    """
    names = [textwrap.fill(name, _NAME_WIDTH) for name in names]
    parts = [name.split("\n") for name in names]
    fitting = max(1, int(figure.get_figheight() / _ROW) - 1)
    columns = math.ceil(sum(map(len, parts)) / fitting)
    longest = max(len(part) for name in parts for part in name)
    width = columns * (_COLUMN + _LETTER * longest)
    figure.set_figwidth(figure.get_figwidth() + width)
    figure.legend(
        lines,
        names,
        loc="outside right upper",
        ncols=columns,
        fontsize=9,
        handlelength=3,
    )
