"""Names of all kinds are drawn without warnings of missing letters."""

import warnings

import matplotlib
import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib import font_manager
from matplotlib.text import Text

from experiments.plots import names
from experiments.plots.calibration import plot_calibration
from experiments.plots.confusion import plot_confusions
from experiments.plots.counts import plot_counts
from experiments.plots.curves import plot_arms
from experiments.plots.forest import Row, plot_forest
from experiments.plots.images import plot_batch, plot_rows
from experiments.plots.names import drawable, drawable_text, short_names
from experiments.plots.sizes import plot_sizes

# A character that no font has: the last one of a plane for private use.
NOWHERE = "\U0010fffd"
STRANGE = [
    "A$AP",
    "$x$",
    "a_b^c",
    "<b>",
    "a|b",
    "*x*",
    '"a",b',
    "=1+1",
    "_y_",
    "שלום",
    "\\frac{1}",
]


@pytest.fixture
def forget(monkeypatch):
    """Fonts that a test finds are not those of the next one."""
    monkeypatch.setattr(
        font_manager.fontManager,
        "ttflist",
        list(font_manager.fontManager.ttflist),
    )
    families = matplotlib.rcParams["font.family"]
    names._letters.cache_clear()
    names._note_fonts.cache_clear()
    yield
    matplotlib.rcParams["font.family"] = families
    names._letters.cache_clear()
    names._note_fonts.cache_clear()


@pytest.fixture
def font_with(tmp_path, forget):
    """Installs a font that has one letter, a square."""

    def install(character):
        pen = TTGlyphPen(None)
        for move, point in (
            (pen.moveTo, (0, 0)),
            (pen.lineTo, (0, 900)),
            (pen.lineTo, (900, 900)),
            (pen.lineTo, (900, 0)),
        ):
            move(point)
        pen.closePath()
        font = FontBuilder(1000)
        font.setupGlyphOrder([".notdef", "square"])
        font.setupCharacterMap({ord(character): "square"})
        empty = TTGlyphPen(None).glyph()
        font.setupGlyf({".notdef": empty, "square": pen.glyph()})
        font.setupHorizontalMetrics(
            dict.fromkeys(font.font.getGlyphOrder(), (1000, 0))
        )
        font.setupHorizontalHeader(ascent=900, descent=-100)
        names_of_font = {"familyName": "Leelawadee UI", "styleName": "Regular"}
        font.setupNameTable(names_of_font)
        font.setupOS2()
        font.setupPost()
        font.save(tmp_path / "font.ttf")
        font_manager.fontManager.addfont(tmp_path / "font.ttf")

    return install


def confusion(strange):
    panel = ([0, 1], [0, 0], strange)
    return plot_confusions(dict.fromkeys(strange, panel), strange[0])


def bars(strange):
    return plot_counts({n: dict.fromkeys(strange, 1) for n in strange[:2]}, "")


def many_bars(strange):
    first, second = strange[:2]
    many = dict.fromkeys([*strange, *range(50)], 1)
    return plot_counts({first: many, second: {}}, first)


def curves(strange):
    row = {"epoch": 0, "val_accuracy": 0.5, "accuracy": 0.5}
    published = [{"epoch": 0, "val_top1_error": 50.0}]
    first = strange[0]
    return plot_arms(
        {name: [[row]] for name in strange},
        {first: (f"{first}, as published", published)},
        "error",
        first,
    )


def rows(strange):
    made = (np.zeros((2, 8, 8, 3)), np.full((2, 2), 0.5))
    return plot_rows(dict.fromkeys(strange, made), strange, strange[0])


def batch(strange):
    return plot_batch(np.zeros((2, 8, 8, 3)), np.eye(2), strange)


def sizes(strange):
    return plot_sizes({name: np.ones((3, 2)) for name in strange}, strange[0])


def forest(strange):
    intervals = [Row(name, "red", 1, 0, 2, [1]) for name in strange]
    return plot_forest(intervals, strange[0], strange[0])


def calibration(strange):
    arms = {name: ([0.5], [1]) for name in strange}
    return plot_calibration(arms, dict.fromkeys(strange, "red"), strange[0])


SHOW_ALL = (confusion, curves, rows, sizes, forest, calibration)
FIGURES = (*SHOW_ALL, bars, many_bars, batch)


@pytest.fixture(params=FIGURES, ids=lambda each: each.__name__)
def figure_of(request, tmp_path):
    """Draws one kind of figure, with any warning an error."""

    def draw(strange):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            figure = request.param(strange)
            figure.savefig(tmp_path / "drawn.png")
        return figure

    draw.kind = request.param
    return draw


def texts(figure):
    figure.draw_without_rendering()
    return [text.get_text() for text in figure.findobj(Text)]


def test_strange_names_are_drawn_as_they_are(figure_of):
    assert drawable(STRANGE) == STRANGE
    drawn = texts(figure_of(STRANGE))
    # Names of arms, splits and panels, also those matplotlib would hide.
    for name in STRANGE if figure_of.kind in SHOW_ALL else ():
        assert any(text.startswith(name) for text in drawn), name


def test_letters_that_no_font_has_are_marked(forget, figure_of, capsys):
    strange = [f"a{NOWHERE}", "cat", "dog", "bell\a", "\udcff"]
    mark = "\ufffd"
    expected = [f"a{mark} (1)", "cat", "dog", f"bell{mark} (4)", f"{mark} (5)"]
    assert drawable(strange) == expected
    assert drawable_text(f"a{NOWHERE}\nb") == f"a{mark}\nb"
    assert NOWHERE not in "".join(texts(figure_of(strange)))
    assert capsys.readouterr().out.count("Install Noto Sans CJK") == 1


def test_a_common_font_is_used_for_letters_that_others_lack(
    font_with, figure_of, capsys
):
    font_with(NOWHERE)
    # The figure is the first that needs it.
    figure = figure_of([f"cat {NOWHERE}", "cat"])
    assert any(f"cat {NOWHERE}" in text for text in texts(figure))
    assert not capsys.readouterr().out


def test_names_stand_on_one_line():
    assert drawable(["a\tb", " two\nlines "]) == ["a b", "two lines"]


def test_short_names_tell_all_classes_apart():
    assert short_names(['"a",b', "x, y"]) == ['"a",b', "x"]
    assert short_names(["x, y", "x, z"]) == ["x, y", "x, z"]
