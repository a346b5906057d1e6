"""RandomResizedCrop against Pillow, and against the published rule."""

import math

import numpy as np
import PIL.Image
import pytest
import scipy.stats
import tensorflow as tf

import augment_tf
from augment_tf.ops.resizing import resize_crops

COUNT = 20_000
CROPS = np.array(
    [
        (0, 0, 40, 24),
        (0, 0, 1, 1),
        (39, 23, 40, 24),
        (5, 3, 25, 9),
        (10, 0, 17, 24),
        (0, 7, 40, 8),
        (13, 2, 38, 22),
        (1, 1, 39, 23),
    ],
    np.int32,
)
SIZES = [(16, 16), (40, 24), (64, 50), (7, 96), (1, 1)]


def pillow(image, crop, sizes):
    top, left, bottom, right = crop
    image = PIL.Image.fromarray(image).crop((left, top, right, bottom))
    for height, width in sizes:
        image = image.resize((width, height), PIL.Image.Resampling.BILINEAR)
    return np.asarray(image).astype(np.float64)


@pytest.mark.parametrize("size", SIZES)
def test_uint8_is_resized_as_by_pillow(images, size):
    resized = resize_crops(tf.constant(images), CROPS, size)
    assert resized.dtype == tf.uint8
    resized = resized.numpy().astype(np.float64)
    for image, crop, result in zip(images, CROPS, resized, strict=True):
        # From version 13 Pillow sometimes resizes vertically first.
        expected = pillow(image, crop, [size])
        assert np.abs(result - expected).max() <= 1
        rows = crop[2] - crop[0]
        expected = pillow(image, crop, [(rows, size[1]), size])
        # Its weights have 22 bits, not 16: it rounds ties otherwise, which
        # some of these sizes are full of.
        assert (result != expected).mean() < 0.1


@pytest.mark.parametrize("size", SIZES)
def test_floats_are_resized_as_by_pillow(images, size):
    batch = images.astype(np.float32) * 1.3 - 20.0
    resized = resize_crops(tf.constant(batch), CROPS, size).numpy()
    compiled = tf.function(resize_crops, jit_compile=True)
    np.testing.assert_allclose(
        compiled(tf.constant(batch), CROPS, size), resized, atol=1e-3
    )
    for image, crop, result in zip(batch, CROPS, resized, strict=True):
        for channel in range(3):
            expected = pillow(image[..., channel].copy(), crop, [size])
            np.testing.assert_allclose(
                result[..., channel], expected, atol=1e-3
            )


def test_pixels_around_the_crop_have_no_influence(images):
    crops = np.tile(np.array([[5, 3, 25, 9]], np.int32), (8, 1))
    other = np.full_like(images, 255)
    other[:, 5:25, 3:9] = images[:, 5:25, 3:9]
    assert np.array_equal(
        resize_crops(tf.constant(images), crops, (33, 20)),
        resize_crops(tf.constant(other), crops, (33, 20)),
    )


@pytest.mark.parametrize("value", [1, 100, 255])
def test_flat_images_stay_flat(value):
    images = tf.fill((8, 40, 24, 3), tf.constant(value, tf.uint8))
    for size in SIZES:
        assert (resize_crops(images, CROPS, size).numpy() == value).all()


def reference_crop(height, width, scale, ratio, generator):
    """get_params of torchvision, written from its documentation."""
    for _ in range(10):
        area = height * width * generator.uniform(*scale)
        aspect = math.exp(generator.uniform(*map(math.log, ratio)))
        columns = round(math.sqrt(area * aspect))
        rows = round(math.sqrt(area / aspect))
        if 0 < columns <= width and 0 < rows <= height:
            top = generator.integers(0, height - rows + 1)
            left = generator.integers(0, width - columns + 1)
            return top, left, top + rows, left + columns
    if width / height < ratio[0]:
        rows, columns = round(width / ratio[0]), width
    elif width / height > ratio[1]:
        rows, columns = height, round(height * ratio[1])
    else:
        rows, columns = height, width
    top, left = (height - rows) // 2, (width - columns) // 2
    return top, left, top + rows, left + columns


@pytest.mark.parametrize(
    ("height", "width", "scale", "ratio"),
    [
        (64, 64, (0.08, 1.0), (3 / 4, 4 / 3)),
        (48, 80, (0.08, 1.0), (3 / 4, 4 / 3)),
        (64, 64, (0.2, 0.6), (1.0, 3.0)),
        # Few tries fit: the central crop is taken for many images.
        (32, 80, (0.4, 1.0), (3 / 4, 4 / 3)),
        (80, 32, (0.4, 1.0), (3 / 4, 4 / 3)),
        # None fits.
        (20, 80, (0.9, 1.0), (3 / 4, 4 / 3)),
    ],
)
def test_crops_follow_the_published_rule(
    draw_many, height, width, scale, ratio
):
    layer = augment_tf.RandomResizedCrop(8, scale, ratio)
    drawn = draw_many(layer, height, width)["crops"]
    generator = np.random.default_rng(0)
    expected = np.array(
        [
            reference_crop(height, width, scale, ratio, generator)
            for _ in range(COUNT)
        ]
    )
    for corner, wanted in zip(drawn.T, expected.T, strict=True):
        assert scipy.stats.ks_2samp(corner, wanted).pvalue > 1e-3
    rows, columns = (drawn[:, 2:] - drawn[:, :2]).T
    wanted_rows, wanted_columns = (expected[:, 2:] - expected[:, :2]).T
    for values, wanted in (
        (rows * columns, wanted_rows * wanted_columns),
        (rows / columns, wanted_rows / wanted_columns),
    ):
        assert scipy.stats.ks_2samp(values, wanted).pvalue > 1e-3


@pytest.mark.parametrize(
    ("shape", "crop"),
    [
        ((8, 40, 40, 3), (0, 0, 40, 40)),
        ((8, 40, 24, 3), (4, 0, 36, 24)),
        ((8, 30, 50, 3), (0, 5, 30, 45)),
    ],
)
def test_inference_resizes_the_largest_central_crop(shape, crop):
    images = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    layer = augment_tf.RandomResizedCrop((16, 20))
    result = layer(images, training=False)
    crops = tf.tile([crop], (8, 1))
    expected = resize_crops(tf.constant(images), crops, (16, 20))
    assert np.array_equal(result, expected)


def test_size_may_be_one_number_or_two():
    assert augment_tf.RandomResizedCrop(8).size == (8, 8)
    assert augment_tf.RandomResizedCrop([8, 9]).size == (8, 9)
    layer = augment_tf.RandomResizedCrop((8, 9))
    assert layer.compute_output_shape((40, 24, 3)) == (8, 9, 3)


@pytest.mark.parametrize(
    "arguments",
    [
        {"size": 0},
        {"size": (1, 2, 3)},
        {"size": 1.5},
        {"scale": (0.5, 1.2)},
        {"ratio": (0, 1)},
    ],
)
def test_wrong_arguments_are_refused(arguments):
    (name,) = arguments
    with pytest.raises(ValueError, match=f"expected `{name}`.*Received: "):
        augment_tf.RandomResizedCrop(**{"size": 8, **arguments})
