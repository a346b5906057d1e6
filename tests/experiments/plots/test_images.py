"""Images as drawn: the pixels, in their order, below their titles."""

import numpy as np
import pytest

from experiments.plots.images import plot_batch, plot_images, plot_rows

NAMES = ["ring, an annulus", "disk", "star"]


def shown(figure):
    """[(pixels, title)] of the cells that hold an image."""
    return [
        (axes.images[0].get_array(), axes.get_title())
        for axes in figure.axes
        if axes.images
    ]


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (11, 6, 5, 3), np.uint8)


def test_images_stand_in_rows_below_their_titles(images):
    titles = [f"number {index}" for index in range(11)]
    figure = plot_images(images, titles, "Title", columns=4)
    cells = shown(figure)
    assert [title for _, title in cells] == titles
    for (pixels, _), image in zip(cells, images, strict=True):
        np.testing.assert_array_equal(pixels, image)
    grid = figure.axes[0].get_gridspec()
    assert (grid.nrows, grid.ncols) == (3, 4)
    assert not any(axes.axison for axes in figure.axes)
    assert figure.get_suptitle() == "Title"


def test_images_beyond_the_range_are_cut_off():
    image = np.full((2, 2, 3), 12.6, np.float32)
    image[0, 0], image[1, 1] = -30.0, 300.0
    ((pixels, _),) = shown(plot_images([image], ["one"], "Title"))
    assert pixels.dtype == np.uint8
    assert pixels[..., 0].tolist() == [[0, 13], [13, 255]]


def test_a_batch_is_shown_with_its_labels(images):
    labels = np.zeros((11, 3), np.float32)
    labels[:, 2] = 1
    labels[0], labels[1] = (0.375, 0.625, 0), (1, 0, 0)
    cells = shown(plot_batch(images, labels, NAMES))
    assert [title for _, title in cells] == [
        "0.62 disk\n0.38 ring",
        "ring",
        *["star"] * 6,
    ]
    for (pixels, _), image in zip(cells, images[:8], strict=True):
        np.testing.assert_array_equal(pixels, image)


def test_a_small_batch_leaves_no_image_out(images):
    cells = shown(plot_batch(images[:3], np.eye(3), NAMES))
    assert [title for _, title in cells] == ["ring", "disk", "star"]


def test_arms_stand_in_rows_with_the_shares_of_mixed_labels(images):
    one_hot = np.eye(3, dtype=np.float32)
    mixed = np.array([[1, 0, 0], [0, 0.25, 0.75], [0, 0, 1]], np.float32)
    rows = {
        "plain": (images[:3], one_hot),
        "mixing": (images[3:6].astype(np.float32), mixed),
    }
    figure = plot_rows(rows, NAMES, "Title")
    np.testing.assert_array_equal(
        [axes.images[0].get_array() for axes in figure.axes], images[:6]
    )
    grid = figure.axes[0].get_gridspec()
    assert (grid.nrows, grid.ncols) == (2, 3)
    below = [axes.get_xlabel() for axes in figure.axes]
    assert below == ["", "", "", "", "0.75 star\n0.25 disk", ""]
    beside = [axes.get_ylabel() for axes in figure.axes]
    assert beside == ["plain", "", "", "mixing", "", ""]


def test_long_names_do_not_reach_into_the_next_image(images):
    mixed = np.array([[0.25, 0.75]], np.float32)
    figure = plot_rows({"arm": (images[:1], mixed)}, ["a" * 300, "cat"], "")
    (axes,) = figure.axes
    assert axes.get_xlabel() == f"0.75 cat\n0.25 {'a' * 18}…"
