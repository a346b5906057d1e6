"""Operations as layers, against Pillow."""

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf
from PIL import Image, ImageEnhance, ImageOps

import augment_tf

COUNT = 2000


@pytest.mark.parametrize(
    ("layer", "operation"),
    [
        (augment_tf.AutoContrast(), ImageOps.autocontrast),
        (augment_tf.Equalize(), ImageOps.equalize),
        (augment_tf.Solarize(99), lambda image: ImageOps.solarize(image, 99)),
        (augment_tf.Posterize(3), lambda image: ImageOps.posterize(image, 3)),
        (
            augment_tf.Sharpness((1.7, 1.7)),
            lambda image: ImageEnhance.Sharpness(image).enhance(1.7),
        ),
        (
            augment_tf.RandomGrayscale(1.0),
            lambda image: image.convert("L").convert("RGB"),
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_equals_pillow(layer, operation, images):
    expected = [operation(Image.fromarray(image)) for image in images]
    changed = layer.apply(tf.constant(images), (1, 2)).numpy()
    np.testing.assert_array_equal(changed, np.stack(expected))
    # Floats are rounded first.
    shifted = tf.cast(images, tf.float32) + 0.4
    again = layer.apply(shifted, (1, 2))
    assert again.dtype == tf.float32
    np.testing.assert_array_equal(again, changed)


@pytest.mark.parametrize(
    "name", ["AutoContrast", "Equalize", "Solarize", "Posterize", "Sharpness"]
)
def test_probability_is_the_share_of_changed_images(name):
    layer = getattr(augment_tf, name)(probability=0.3)
    image = (np.arange(768) % 161 + 40).reshape(16, 16, 3).astype(np.uint8)
    images = np.repeat(image[np.newaxis], COUNT, axis=0)
    # A graph that knows sizes: eager loops over many images are slow.
    changed = tf.function(layer.apply)(tf.constant(images), (3, 4)).numpy()
    share = (changed != images).any(axis=(1, 2, 3)).sum()
    assert scipy.stats.binomtest(int(share), COUNT, 0.3).pvalue > 1e-3


def test_sharpness_draws_its_factor_uniformly():
    layer = augment_tf.Sharpness(factor=(0.5, 1.5))
    images = tf.zeros((COUNT, 1, 1, 3))
    drawn = layer.get_random_transformation(images, tf.constant((1, 2)))
    uniform = scipy.stats.uniform(0.5, 1.0)
    factors = drawn["parameter"].numpy()
    assert scipy.stats.kstest(factors, uniform.cdf).pvalue > 1e-3


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("Solarize", {"threshold": 257}),
        ("Posterize", {"bits": 9}),
        ("Posterize", {"bits": 0}),
        ("Sharpness", {"factor": (1.5, 0.5)}),
        ("Equalize", {"probability": 1.1}),
    ],
)
def test_wrong_arguments_are_named(name, arguments):
    with pytest.raises(ValueError, match=next(iter(arguments))):
        getattr(augment_tf, name)(**arguments)
