"""Corruptions, beside other ways to compute them."""

import colorsys
import io

import numpy as np
import PIL.Image
import pytest
from scipy.signal import convolve2d

from experiments.analysis.corruptions import (
    CORRUPTIONS,
    SEVERITIES,
    corrupt,
    select_constants,
)
from pipelines.shapes import draw


def generators(count, seed=0):
    return [np.random.default_rng([seed, index]) for index in range(count)]


@pytest.fixture(scope="module", params=[64, 128])
def images(request):
    drawn = [draw(label, request.param, [0, label]) for label in range(4)]
    drawn[3] = np.zeros_like(drawn[3])
    return np.stack(drawn)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_the_stronger_the_further_from_the_image(images, name):
    distances = []
    for severity in SEVERITIES:
        changed = corrupt(images, name, severity, generators(4))
        again = corrupt(images, name, severity, generators(4))
        assert (changed.shape, changed.dtype) == (images.shape, np.uint8)
        np.testing.assert_array_equal(changed, again)
        # Each image alone is what it is among others.
        alone = corrupt(images[1:2], name, severity, generators(4)[1:2])
        np.testing.assert_allclose(alone[0], changed[1], atol=1)
        difference = changed[:3].astype(float) - images[:3]
        distances.append(np.sqrt((difference**2).mean()))
    assert distances[0] > 0.5
    assert distances == sorted(distances)


def test_small_images_are_spared_what_leaves_nothing_of_them():
    assert select_constants(32) == select_constants(64) == "Tiny ImageNet-C"
    assert select_constants(224) == select_constants(128) == "ImageNet-C"


@pytest.mark.parametrize(
    ("side", "expected"),
    [
        (64, (0.04, 0.08, 0.12, 0.15, 0.18)),
        (224, (0.08, 0.12, 0.18, 0.26, 0.38)),
    ],
)
def test_noise_has_the_published_deviation(side, expected):
    gray = np.full((8, side, side, 3), 128, np.uint8)
    for severity, deviation in zip(SEVERITIES, expected, strict=True):
        changed = corrupt(gray, "noise", severity, generators(8))
        middle = changed[(changed > 0) & (changed < 255)]
        inside = abs(middle.astype(float) - 127.5) < 255 * deviation
        # Half a deviation is cut off nowhere; a third of values is beyond one.
        share = inside.sum() / changed.size
        assert share == pytest.approx(0.6827, abs=0.02)


def test_noise_differs_between_images_and_seeds():
    gray = np.full((2, 64, 64, 3), 128, np.uint8)
    first, second = corrupt(gray, "noise", 3, generators(2))
    assert (first != second).mean() > 0.9
    other = corrupt(gray, "noise", 3, generators(2, seed=1))
    assert (other[0] != first).mean() > 0.9


def test_blur_is_a_convolution_with_a_gaussian():
    image = draw(0, 64, [0, 0])
    changed = corrupt(image[None], "blur", 3, [None])[0]
    places = np.arange(-4, 5)
    kernel = np.exp(-(places**2) / 2)
    kernel /= kernel.sum()
    padded = np.pad(image.astype(float), ((4, 4), (4, 4), (0, 0)), "edge")
    for channel in range(3):
        expected = convolve2d(
            padded[..., channel], np.outer(kernel, kernel), "valid"
        )
        np.testing.assert_allclose(changed[..., channel], expected, atol=1.01)


def test_brightness_is_added_to_the_value_of_hsv(images):
    changed = corrupt(images, "brightness", 2, [None] * 4)
    rows = np.random.default_rng(0).integers(0, images.shape[1], (300, 2))
    for number, (row, column) in enumerate(rows):
        pixel = images[number % 4, row, column] / 255
        hue, saturation, value = colorsys.rgb_to_hsv(*pixel)
        value = min(value + 0.2, 1)
        expected = 255 * np.array(colorsys.hsv_to_rgb(hue, saturation, value))
        np.testing.assert_allclose(
            changed[number % 4, row, column], expected, atol=1.01
        )


def test_contrast_keeps_the_mean_color_and_a_share_of_the_rest(images):
    changed = corrupt(images, "contrast", 1, [None] * 4).astype(float)
    means = images.mean((1, 2), keepdims=True)
    expected = means + 0.4 * (images - means)
    np.testing.assert_allclose(changed, expected, atol=1.01)


def test_jpeg_has_the_published_quality(images):
    quality = 50 if images.shape[1] == 64 else 15
    changed = corrupt(images, "jpeg", 3, [None] * 4)
    file = io.BytesIO()
    PIL.Image.fromarray(images[2]).save(file, "JPEG", quality=quality)
    expected = np.asarray(PIL.Image.open(file))
    np.testing.assert_array_equal(changed[2], expected)


def test_pixels_become_blocks():
    image = draw(0, 64, [0, 0])
    changed = corrupt(image[None], "pixelate", 5, [None])[0]
    blocks = image.reshape(32, 2, 32, 2, 3).mean((1, 3))
    expected = blocks.repeat(2, 0).repeat(2, 1)
    np.testing.assert_allclose(changed, expected, atol=1)
