"""Colors that everybody can tell apart, the same for an arm in every plot."""

# Okabe and Ito, Color Universal Design (2008), without its yellow, which is
# pale on white; then darker ones of the same hues, for more arms than that.
COLORS = (
    "#000000",
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#56b4e9",
    "#e69f00",
    "#7f7f7f",
    "#4b3c8c",
    "#8c2d04",
    "#004d40",
    "#88498f",
)
NEUTRAL = "#808080"


def colors_of(names):
    """{name: color}; the reference comes first and is black.

    Args:
        names: Of the arms, the reference first.
    """
    return {
        name: COLORS[index % len(COLORS)] for index, name in enumerate(names)
    }
