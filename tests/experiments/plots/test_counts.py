"""The chart of counts shows every count, few classes or many."""

import pytest

from experiments.plots.counts import plot_counts

MANY = {f"class {index}": 50 for index in range(200)}


def texts(artists):
    return [artist.get_text() for artist in artists]


def heights(bars):
    return [bar.get_height() for bar in bars]


def test_each_bar_bears_its_number():
    figure = plot_counts(
        {
            "train": {"cats": 56, "dogs": 57},
            "train_aug": {"cats": 1224, "dogs": 228},
            "test": {"dogs": 14},
        },
        "Cats and dogs",
    )
    (axes,) = figure.axes
    bars = list(axes.containers)
    assert [each.get_label() for each in bars] == ["train", "train_aug", "test"]
    assert list(map(heights, bars)) == [[56, 57], [1224, 228], [0, 14]]
    numbers = ["56", "57", "1,224", "228", "0", "14"]
    assert texts(axes.texts) == numbers
    # Each number is the annotation of its bar's upper end.
    assert [text.xy[1] for text in axes.texts] == [56, 57, 1224, 228, 0, 14]
    assert texts(axes.get_xticklabels()) == ["cats", "dogs"]
    assert texts(figure.legends[0].get_texts()) == [
        "train",
        "train_aug",
        "test",
    ]
    assert figure.get_suptitle() == "Cats and dogs"
    assert axes.get_ylabel() == "images"
    assert axes.get_ylim()[0] == 0
    assert axes.get_ylim()[1] > 1224


def test_bars_stand_over_their_class_and_do_not_overlap():
    figure = plot_counts({s: dict.fromkeys("abc", 5) for s in "wxyz"}, "")
    bars = sorted(
        (bar.get_x(), bar.get_x() + bar.get_width())
        for bars in figure.axes[0].containers
        for bar in bars
    )
    assert len(bars) == 12
    for (_, end), (start, _) in zip(bars, bars[1:], strict=False):
        assert start >= end - 1e-9
    for place, (start, end) in enumerate(bars):
        assert round((start + end) / 2) == place // 4


def test_many_classes_have_a_panel_for_each_split():
    train = MANY | {"class 7": 499}
    figure = plot_counts({"train": train, "val": MANY}, "Title")
    assert [axes.get_title() for axes in figure.axes] == [
        "train: 10,449 images, 200 classes with 50 to 499 each",
        "val: 10,000 images, 200 classes with 50 each",
    ]
    for axes, counts in zip(figure.axes, (train, MANY), strict=True):
        assert heights(axes.patches) == list(counts.values())
        # Both on one scale, from 0: heights can be compared.
        assert axes.get_ylim() == (0, pytest.approx(1.1 * 499))
        assert axes.get_ylabel() == "images"


def test_long_titles_are_broken_into_lines():
    title = plot_counts({"train": MANY}, "word " * 30).get_suptitle()
    assert max(map(len, title.split("\n"))) <= 70
    assert title.split() == ["word"] * 30
