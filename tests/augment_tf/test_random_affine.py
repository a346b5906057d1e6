"""RandomAffine, against the rule that torchvision documents."""

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

import augment_tf
from augment_tf.ops import affine

SEED = tf.constant((1, 2))
COUNT = 20_000
ALPHA = 1e-3


def draw(layer, height=60, width=90):
    images = tf.zeros((COUNT, height, width, 0))
    return layer.get_random_transformation(images, SEED)


def test_angles_are_uniform_and_turn_around_the_middle():
    matrices = draw(augment_tf.RandomAffine(degrees=(-20, 40)))["matrices"]
    a, b, c, d, _, f = matrices.numpy().T
    uniform = scipy.stats.uniform(-20, 60)
    # The way back: where clockwise turns come from.
    degrees = np.degrees(np.arctan2(b, a))
    assert scipy.stats.kstest(degrees, uniform.cdf).pvalue > ALPHA
    np.testing.assert_allclose(a * 45 + b * 30 + c, 45)
    np.testing.assert_allclose(d * 45 + a * 30 + f, 30)


def test_shifts_are_shares_of_width_and_height():
    layer = augment_tf.RandomAffine(degrees=0, translate=(0.2, 0.5))
    matrices = draw(layer)["matrices"].numpy()
    for place, largest in ((2, 0.2 * 90), (5, 0.5 * 60)):
        uniform = scipy.stats.uniform(-largest, 2 * largest)
        result = scipy.stats.kstest(matrices[:, place], uniform.cdf)
        assert result.pvalue > ALPHA


def test_scales_are_log_uniform_and_shears_uniform():
    layer = augment_tf.RandomAffine(degrees=0, scale=(0.5, 2.0))
    scales = 1 / draw(layer)["matrices"].numpy()[:, 0]
    uniform = scipy.stats.uniform(-1, 2)
    assert scipy.stats.kstest(np.log2(scales), uniform.cdf).pvalue > ALPHA
    layer = augment_tf.RandomAffine(degrees=0, shear=(30, 0))
    shears = np.degrees(np.arctan(draw(layer)["matrices"].numpy()[:, 1]))
    uniform = scipy.stats.uniform(-30, 60)
    assert scipy.stats.kstest(shears, uniform.cdf).pvalue > ALPHA


def sampled(image, matrix, fill):
    """Nearest neighbours, pixel by pixel, in plain Python."""
    height, width, _ = image.shape
    result = np.empty_like(image)
    a, b, c, d, e, f = matrix
    for y in range(height):
        for x in range(width):
            column = int(np.floor(a * (x + 0.5) + b * (y + 0.5) + c))
            row = int(np.floor(d * (x + 0.5) + e * (y + 0.5) + f))
            inside = 0 <= row < height and 0 <= column < width
            result[y, x] = image[row, column] if inside else fill
    return result


def test_pixels_are_those_of_the_rule(images):
    layer = augment_tf.RandomAffine(
        degrees=180,
        translate=0.3,
        scale=(0.3, 3.0),
        shear=20,
        interpolation="nearest",
        fill=(1, 2, 3),
    )
    drawn = layer.get_random_transformation(tf.constant(images), SEED)
    moved = layer.transform_images(tf.constant(images), drawn).numpy()
    matrices = drawn["matrices"].numpy()
    expected = np.stack(
        [
            sampled(image, matrix, (1, 2, 3))
            for image, matrix in zip(images, matrices, strict=True)
        ]
    )
    assert (moved != expected).any(axis=-1).mean() < 1e-3


def test_bilinear_of_half_a_pixel_is_the_mean_of_two():
    image = tf.constant([[[0, 0, 0], [100, 50, 8], [20, 250, 0]]], tf.uint8)
    matrix = affine.translation(np.float64(-0.5), np.float64(0.0))
    moved = affine.bilinear(image, matrix, tf.constant((7, 7, 7), tf.uint8))
    # The last one lies on the rim: half of it is itself again.
    assert moved.numpy().tolist() == [[[50, 25, 4], [60, 150, 4], [7, 7, 7]]]


def test_probability_is_the_share_of_moved_images():
    changed = draw(augment_tf.RandomAffine(probability=0.3))["changed"]
    count = int(tf.reduce_sum(tf.cast(changed, tf.int32)))
    assert scipy.stats.binomtest(count, COUNT, 0.3).pvalue > ALPHA


def test_nothing_to_do_leaves_images(images):
    for interpolation in ("nearest", "bilinear"):
        layer = augment_tf.RandomAffine(degrees=0, interpolation=interpolation)
        np.testing.assert_array_equal(layer.apply(images, SEED), images)


@pytest.mark.parametrize(
    "arguments",
    [
        {"degrees": -1},
        {"translate": 1.5},
        {"translate": (0.1, 0.1, 0.1)},
        {"scale": (0.0, 1.0)},
        {"shear": 90},
        {"interpolation": "cubic"},
    ],
)
def test_wrong_arguments_are_named(arguments):
    with pytest.raises(ValueError, match=next(iter(arguments))):
        augment_tf.RandomAffine(**arguments)
