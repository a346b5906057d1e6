"""Confusion matrices as drawn: shares as colors, counts as texts."""

import numpy as np
import pytest

from experiments.plots.confusion import plot_confusion, plot_confusions

NAMES = ("cats", "dogs")


def from_counts(matrix):
    """Labels and predictions that have this confusion matrix."""
    pairs = [
        pair for pair, count in np.ndenumerate(matrix) for _ in range(count)
    ]
    return np.array(pairs).T


def names(ticks):
    return [text.get_text() for text in ticks]


def test_counts_and_row_percentages():
    matrix = np.array([[6, 8], [3, 17]])
    figure = plot_confusion(*from_counts(matrix), NAMES, "Title")
    axes, scale = figure.axes
    np.testing.assert_allclose(
        axes.images[0].get_array(), [[600 / 14, 800 / 14], [15, 85]]
    )
    cells = {text.get_position(): text.get_text() for text in axes.texts}
    # Position (x, y): predicted along x, true along y.
    assert cells == {
        (0, 0): "6\n43 %",
        (1, 0): "8\n57 %",
        (0, 1): "3\n15 %",
        (1, 1): "17\n85 %",
    }
    assert names(axes.get_xticklabels()) == list(NAMES)
    assert names(axes.get_yticklabels()) == list(NAMES)
    assert axes.get_xlabel() == "predicted class"
    assert axes.get_ylabel() == "true class"
    assert scale.get_ylabel() == "% of the true class"
    assert scale.get_ylim() == (0, 100)
    assert figure.get_suptitle() == "Title"


def test_many_classes_are_a_heat_map_without_numbers():
    labels = np.arange(200).repeat(2)
    predicted = np.where(np.arange(400) < 5, 900, labels)
    classes = [f"class {index}" for index in range(200)]
    axes = plot_confusion(labels, predicted, classes, "Title").axes[0]
    assert not axes.texts
    # Two images of 0 and 1 each, and one of 2, are taken for 900.
    expected = np.diag([0, 0, 50, *[100] * 197])
    np.testing.assert_array_equal(axes.images[0].get_array(), expected)
    assert "(5 are none of these)" in axes.get_xlabel()


def test_several_matrices_of_many_classes_are_heat_maps_of_a_pages_width():
    labels = np.arange(20)
    classes = [f"class {index}" for index in range(20)]
    panels = {f"arm {i}": (labels, labels, classes) for i in range(7)}
    figure = plot_confusions(panels, "Title")
    assert not any(axes.texts for axes in figure.axes)
    width, height = figure.get_size_inches()
    assert width < 13
    assert height < 13
    assert plot_confusion(labels, labels, classes, "One").axes[0].texts


def test_a_class_without_images_divides_nothing():
    with np.errstate(all="raise"):
        axes = plot_confusion([0, 0], [0, 1], NAMES, "Title").axes[0]
    np.testing.assert_array_equal(
        axes.images[0].get_array(), [[50, 50], [0, 0]]
    )


@pytest.mark.parametrize(("panels", "columns"), [(1, 1), (3, 3), (11, 3)])
def test_arms_stand_side_by_side(panels, columns):
    matrices = {f"arm {i}": [[6, 8], [i, 11]] for i in range(panels)}
    figure = plot_confusions(
        {name: (*from_counts(m), NAMES) for name, m in matrices.items()},
        "Title",
    )
    *grid, _ = figure.axes
    drawn = [axes for axes in grid if axes.images]
    assert [axes.get_title() for axes in drawn] == list(matrices)
    for number, axes in enumerate(drawn):
        assert axes.texts[2].get_text().split("\n")[0] == str(number)
    assert grid[0].get_gridspec().ncols == columns
    # What is left of the last row is empty.
    assert not any(axes.axison for axes in grid if not axes.images)
    assert figure.get_figwidth() < 13
