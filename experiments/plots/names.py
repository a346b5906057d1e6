"""Names as figures can show them: short, in a font that has their letters."""

import functools
import unicodedata

import matplotlib
from matplotlib import font_manager
from matplotlib.ft2font import FT2Font

# Common fonts for other scripts, on Linux, macOS and Windows. Matplotlib takes
# each letter from the first of them that has it.
_FONTS = (
    "DejaVu Sans",
    "Noto Sans",
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "Noto Sans JP",
    "Noto Sans SC",
    "Noto Sans KR",
    "WenQuanYi Zen Hei",
    "Noto Sans Devanagari",
    "Noto Sans Thai",
    "Noto Sans Bengali",
    "Noto Sans Tamil",
    "Noto Emoji",
    "Arial Unicode MS",
    "Hiragino Sans",
    "PingFang SC",
    "Apple SD Gothic Neo",
    "Microsoft YaHei",
    "Yu Gothic",
    "Malgun Gothic",
    "Nirmala UI",
    "Leelawadee UI",
    "Segoe UI Symbol",
)
# The sign for a letter that cannot be shown, which DejaVu Sans has.
UNKNOWN = "\N{REPLACEMENT CHARACTER}"


def drawable(names):
    """Makes names drawable: one line each, a sign for letters no font has.

    If a letter is lacking, the name's number follows, so that names which
    differ still do, and a line on the screen says once what to install.

    Args:
        names: Strings, numbered from 1.

    Returns:
        A list of strings.

    Example:

    >>> from experiments.plots.names import drawable
    >>> drawable(["cats", "A$AP", "Žluťoučký  kůň"])
    ['cats', 'A$AP', 'Žluťoučký kůň']
    """
    shown = [drawable_text(" ".join(name.split())) for name in names]
    return [
        f"{name} ({number})" if UNKNOWN in name else name
        for number, name in enumerate(shown, 1)
    ]


def drawable_text(text):
    """Makes a text drawable as `drawable` does, but keeps its line breaks."""
    shown = "".join(
        each if each == "\n" or ord(each) in _letters() else UNKNOWN
        for each in text
    )
    # Control characters and halves of one are in no font.
    if any(
        was != now and unicodedata.category(was) not in ("Cc", "Cs", "Cn")
        for was, now in zip(text, shown, strict=True)
    ):
        _note_fonts()
    return shown


def short_names(names):
    """Drops the synonyms behind a comma, if all names stay different.

    Example:

    >>> from experiments.plots.names import short_names
    >>> short_names(["goldfish, Carassius auratus", "bee"])
    ['goldfish', 'bee']
    >>> short_names(["crane, bird", "crane, machine"])
    ['crane, bird', 'crane, machine']
    """
    names = list(names)
    short = [name.split(", ")[0] for name in names]
    return short if len(set(short)) == len(set(names)) else names


@functools.cache
def _letters():
    """Collects the code points that the installed of `_FONTS` can show."""
    installed = {font.name: font for font in font_manager.fontManager.ttflist}
    families = [name for name in _FONTS if name in installed]
    matplotlib.rcParams["font.family"] = families
    letters = set()
    for name in families:
        # Matplotlib's own choice: weight and style are those that it draws.
        font = FT2Font(font_manager.findfont(name))
        letters |= font.get_charmap().keys()
    return letters


@functools.cache
def _note_fonts():
    print(
        "note: no font here has all letters of the names, so figures show "
        f"{UNKNOWN} for some. Install Noto Sans CJK (package fonts-noto-cjk) "
        "or another of Noto's fonts.",
        flush=True,
    )
