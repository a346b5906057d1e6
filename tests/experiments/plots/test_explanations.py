"""Overlays show where maps are high."""

import numpy as np

from experiments.plots.explanations import Column, overlay, plot_overlays


def brightness(image):
    return image.astype(float).sum(-1)


def test_what_is_high_is_bright_whatever_the_scale():
    image = np.full((8, 8, 3), 120, np.uint8)
    found = np.zeros((8, 8))
    found[2:4, 5:7] = 1
    shown = overlay(image, found)
    np.testing.assert_array_equal(overlay(image, 1e-6 * found), shown)
    high = brightness(shown)[2:4, 5:7].min()
    assert high > 1.5 * brightness(shown)[found == 0].max()


def test_nothing_and_what_speaks_against_are_dark():
    image = np.full((4, 4, 3), 120, np.uint8)
    nothing = overlay(image, np.zeros((4, 4)))
    assert (nothing == nothing[0, 0]).all()
    np.testing.assert_array_equal(overlay(image, -np.ones((4, 4))), nothing)
    broken = overlay(image, np.full((4, 4), np.nan))
    np.testing.assert_array_equal(broken, nothing)


def test_a_column_has_its_heading_its_images_and_their_captions():
    images = np.zeros((2, 8, 8, 3), np.uint8)
    captions = ["0.93 a$b$", "0.50 two"]
    figure = plot_overlays(
        [
            Column("image", images, None, ["one.png", "two.png"]),
            Column("an arm\nRISE", images, np.ones((2, 8, 8)), captions),
        ],
        "Title",
    )
    first, second, third, fourth = figure.axes
    assert first.get_title() == "image"
    assert second.get_title() == "an arm\nRISE"
    assert [second.get_xlabel(), fourth.get_xlabel()] == captions
    assert third.get_xlabel() == "two.png"
    np.testing.assert_array_equal(first.images[0].get_array(), images[0])
    assert second.images[0].get_array().max() > 0
