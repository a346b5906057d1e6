"""Sizes as drawn: a point for each image, of the color of its split."""

import numpy as np

from experiments.plots.sizes import plot_sizes


def test_each_image_is_a_point():
    sizes = {
        "train": np.array([[30, 20], [10, 40], [30, 20]]),
        "test": np.array([[7, 9]]),
    }
    figure = plot_sizes(sizes, "Title")
    (axes,) = figure.axes
    points = {each.get_label(): each for each in axes.collections}
    assert list(points) == ["train", "test"]
    for split, each in points.items():
        np.testing.assert_array_equal(each.get_offsets(), sizes[split])
    colors = [tuple(each.get_facecolor()[0]) for each in points.values()]
    assert colors[0] != colors[1]
    assert axes.get_xlabel() == "width in pixels"
    assert axes.get_ylabel() == "height in pixels"
    assert axes.get_title() == "Title"
    (found,) = figure.legends
    legend = [text.get_text() for text in found.get_texts()]
    assert legend == ["train", "test"]
    assert axes.get_xlim()[0] == axes.get_ylim()[0] == 0
