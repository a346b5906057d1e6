"""The chart of counts shows every count, few classes or many."""

import matplotlib.pyplot as plt
import pytest
from PIL import Image

from experiments.plots import counts

MANY = {f"class {index}": 50 for index in range(200)}


@pytest.fixture
def drawn(monkeypatch, tmp_path):
    """Draws, and keeps the figure open to be looked at."""
    monkeypatch.setattr(plt, "close", lambda figure: None)

    def draw(splits):
        counts.plot_counts(splits, tmp_path / "counts.png", "Images")
        with Image.open(tmp_path / "counts.png") as image:
            assert min(image.size) > 300
        return plt.gcf()

    yield draw
    monkeypatch.undo()
    plt.close("all")


def test_each_bar_bears_its_number(drawn):
    figure = drawn(
        {
            "train": {"cats": 56, "dogs": 57},
            "train_aug": {"cats": 1224, "dogs": 228},
            "test": {"dogs": 14},
        }
    )
    (axes,) = figure.axes
    heights = [[bar.get_height() for bar in bars] for bars in axes.containers]
    assert heights == [[56, 57], [1224, 228], [0, 14]]
    numbers = {text.get_text() for text in axes.texts}
    assert numbers == {"56", "57", "1,224", "228", "0", "14"}
    assert [t.get_text() for t in axes.get_xticklabels()] == ["cats", "dogs"]
    legend = figure.legends[0].get_texts()
    assert [t.get_text() for t in legend] == ["train", "train_aug", "test"]
    assert axes.get_ylim()[0] == 0
    assert axes.get_ylim()[1] > 1224


def test_bars_do_not_overlap(drawn):
    figure = drawn({s: dict.fromkeys("abc", 5) for s in "wxyz"})
    bars = sorted(
        (bar.get_x(), bar.get_x() + bar.get_width())
        for bars in figure.axes[0].containers
        for bar in bars
    )
    for (_, end), (start, _) in zip(bars, bars[1:], strict=False):
        assert start >= end - 1e-9


def test_many_classes_have_a_panel_for_each_split(drawn):
    figure = drawn({"train": dict.fromkeys(MANY, 500), "val": MANY})
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == [
        "train: 100,000 images, 200 classes with 500 each",
        "val: 10,000 images, 200 classes with 50 each",
    ]
    for axes in figure.axes:
        assert len(axes.patches) == 200
        # Both on one scale, from 0: heights can be compared.
        assert axes.get_ylim() == (0, pytest.approx(550))


def test_unequal_classes_are_told(drawn):
    figure = drawn({"train": MANY | {"class 3": 7}})
    assert "200 classes with 7 to 50 each" in figure.axes[0].get_title()
