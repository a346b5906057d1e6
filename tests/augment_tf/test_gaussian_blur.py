"""GaussianBlur, against SciPy."""

import numpy as np
import pytest
import scipy.ndimage
import scipy.stats
import tensorflow as tf

import augment_tf

SEED = tf.constant((1, 2))


def blurred(image, sigma, radius):
    distances = np.arange(-radius, radius + 1)
    weights = np.exp(-0.5 * (distances / sigma) ** 2)
    weights /= weights.sum()
    image = image.astype(np.float64)
    for axis in (0, 1):
        image = scipy.ndimage.correlate1d(image, weights, axis, mode="mirror")
    return image


@pytest.mark.parametrize("dtype", [tf.uint8, tf.float32])
@pytest.mark.parametrize(("kernel_size", "radius"), [(None, 6), (5, 2), (1, 0)])
def test_equals_scipy(images, dtype, kernel_size, radius):
    layer = augment_tf.GaussianBlur(
        (0.3, 2.0), kernel_size=kernel_size, probability=0.7
    )
    batch = tf.cast(images, dtype)
    drawn = layer.get_random_transformation(batch, SEED)
    result = layer.transform_images(batch, drawn).numpy()
    assert result.dtype == dtype.as_numpy_dtype
    chosen = drawn["blurred"].numpy()
    assert 0 < chosen.sum() < len(images)
    for image, actual, sigma, change in zip(
        images, result, drawn["sigma"].numpy(), chosen, strict=True
    ):
        expected = blurred(image, sigma, radius) if change else image
        # Weights are rounded to 12 bits, uint8 results to whole numbers.
        assert np.abs(actual - expected).max() < 0.7


def test_an_image_narrower_than_the_kernel():
    image = tf.constant([[[10, 20, 30], [200, 100, 0]]], tf.uint8)
    layer = augment_tf.GaussianBlur((1.0, 1.0), probability=1.0)
    result = layer.apply(image, SEED).numpy()
    expected = blurred(image.numpy(), 1.0, 3)
    assert np.abs(result - expected).max() < 0.7


def test_sigma_is_uniform():
    layer = augment_tf.GaussianBlur(sigma=(0.5, 3.0))
    images = tf.zeros((5000, 1, 1, 3))
    drawn = layer.get_random_transformation(images, SEED)
    uniform = scipy.stats.uniform(0.5, 2.5)
    p_value = scipy.stats.kstest(drawn["sigma"].numpy(), uniform.cdf).pvalue
    assert p_value > 1e-3


@pytest.mark.parametrize(
    "arguments",
    [{"sigma": (0.0, 1.0)}, {"kernel_size": 4}, {"probability": 2}],
)
def test_wrong_arguments_are_named(arguments):
    with pytest.raises(ValueError, match=next(iter(arguments))):
        augment_tf.GaussianBlur(**arguments)
