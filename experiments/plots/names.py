"""Names as figures can show them: short, in a font that has their letters."""

import functools
import unicodedata

import matplotlib
from matplotlib import font_manager
from matplotlib.ft2font import FT2Font

# Fonts that have something for every character, and nothing to read.
_NO_LETTERS = ("lastresort", "adobeblank")


def drawable(names):
    """What to draw in place of names: themselves, or else their numbers.

    Where the font of figures lacks a character, one of the system is sought
    that has it. Where none has, a number stands for the name, and a line on
    the screen says so once. Whoever shows the figure tells whose number it
    is: they follow the order of the names.

    Comes before the figure is made: its axes keep the fonts that there were.

    Args:
        names: Strings, numbered from 1.

    Returns:
        A list of strings, on one line each.

    Example:

    >>> from experiments.plots.names import drawable
    >>> drawable(["cats", "A$AP", "Žluťoučký kůň"])
    ['cats', 'A$AP', 'Žluťoučký kůň']
    """
    shown = []
    for number, name in enumerate(names, 1):
        name = " ".join(name.split())
        if _lacking(frozenset(name)):
            _say_once()
            name = f"#{number}"
        shown.append(name)
    return shown


def drawable_text(text):
    """A text with a question mark for each character that no font has."""
    lacking = _lacking(frozenset(text) - {"\n"})
    return "".join("?" if each in lacking else each for each in text)


def short_names(names):
    """Without the synonyms that stand behind a comma, where that tells all.

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
def _lacking(characters):
    """Those that no font has; the fonts of the others are used from now on."""
    families = list(matplotlib.rcParams["font.family"])
    lacking = {c for c in characters if not _is_control(c)}
    for entry in sorted(font_manager.fontManager.ttflist, key=_rank):
        if not lacking:
            break
        if entry.name.replace(" ", "").lower().startswith(_NO_LETTERS):
            continue
        font = FT2Font(entry.fname, face_index=entry.index)
        found = {c for c in lacking if font.get_char_index(ord(c))}
        if found and entry.name not in ("DejaVu Sans", *families):
            families.append(entry.name)
        lacking -= found
    matplotlib.rcParams["font.family"] = families
    return frozenset(lacking | set(filter(_is_control, characters)))


def _is_control(character):
    """Whether it is a control character, half a one, or none at all."""
    return unicodedata.category(character) in ("Cc", "Cs", "Cn")


def _rank(entry):
    """The font of figures first, then those that look most like it."""
    weight = entry.weight if isinstance(entry.weight, int) else 400
    return (
        entry.name != "DejaVu Sans",
        "sans" not in entry.name.lower(),
        entry.style != "normal",
        abs(weight - 400),
        entry.name,
    )


@functools.cache
def _say_once():
    print(
        "note: no font here has all letters of the names: figures show numbers "
        "in place of some. Fonts such as Noto Sans CJK mend that.",
        flush=True,
    )
