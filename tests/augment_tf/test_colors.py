"""Layers of colors against NumPy, in units of [0, 255]."""

import colorsys
import itertools

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

import augment_tf

SEED = tf.constant((3, 4))
NAMES = ("brightness", "contrast", "saturation")


def gray(image):
    return image @ np.array([0.299, 0.587, 0.114])


def lerp(image, other, amount):
    return image + amount * (other - image)


def reference_jitter(image, amounts, order):
    """The published recipe: one after the other, in the given order."""
    image = image.astype(np.float64)
    for name in order:
        if name == "brightness":
            other = np.zeros_like(image)
        elif name == "contrast":
            other = np.full_like(image, gray(image).mean())
        else:
            other = gray(image)[..., np.newaxis]
        image = lerp(image, other, amounts[name])
    return image


@pytest.mark.parametrize("order", [*itertools.permutations(NAMES)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_jitter_is_the_reference_in_any_order(images, order, dtype):
    layer = augment_tf.ColorJitter(0.4, 0.6, 1.0)
    images = images.astype(dtype)
    drawn = layer.get_random_transformation(tf.constant(images), SEED)
    drawn = {name: amounts.numpy() for name, amounts in drawn.items()}
    result = layer.apply(images, SEED)
    assert result.dtype == tf.float32
    for index, image in enumerate(images):
        amounts = {name: drawn[name][index] for name in NAMES}
        expected = reference_jitter(image, amounts, order)
        np.testing.assert_allclose(result[index], expected, rtol=0, atol=1e-3)


def test_jitter_does_not_clip():
    images = np.zeros((64, 2, 2, 3), np.uint8)
    images[:, 0] = 255
    result = augment_tf.ColorJitter(0.4, 0.4, 0.4).apply(images, SEED).numpy()
    assert result.min() < 0
    assert result.max() > 255


def test_jitter_amounts_are_uniform_and_independent(draw_many):
    layer = augment_tf.ColorJitter(0.4, 0.2, 0.1)
    drawn = draw_many(layer, 1, 1)
    for name, width in zip(NAMES, (0.4, 0.2, 0.1), strict=True):
        uniform = scipy.stats.uniform(-width, 2 * width)
        result = scipy.stats.kstest(drawn[name], uniform.cdf)
        assert result.pvalue > 1e-3
    correlations = np.corrcoef([drawn[name] for name in NAMES])
    assert np.abs(correlations - np.eye(3)).max() < 4 / np.sqrt(20_000)


def test_no_jitter_is_identity(images):
    result = augment_tf.ColorJitter(0, 0, 0).apply(images, SEED)
    np.testing.assert_allclose(result, images, rtol=0, atol=1e-3)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_lighting_is_the_reference(images, dtype):
    layer = augment_tf.PCALighting(std=0.5)
    images = images.astype(dtype)
    drawn = layer.get_random_transformation(tf.constant(images), SEED)
    values = np.array([0.2175, 0.0188, 0.0045])
    vectors = np.array(
        [
            [-0.5675, 0.7192, 0.4009],
            [-0.5808, -0.0045, -0.8140],
            [-0.5836, -0.6948, 0.4203],
        ]
    )
    result = layer.apply(images, SEED)
    assert result.dtype == tf.float32
    for index, factors in enumerate(drawn["factors"].numpy()):
        shift = vectors @ (factors * values)
        expected = 255.0 * (images[index] / 255.0 + shift)
        np.testing.assert_allclose(result[index], expected, rtol=0, atol=1e-3)


def test_lighting_factors_are_normal_and_independent(draw_many):
    factors = draw_many(augment_tf.PCALighting(std=0.1), 1, 1)["factors"]
    assert factors.shape == (20_000, 3)
    for column in factors.T:
        normal = scipy.stats.norm(0.0, 0.1)
        assert scipy.stats.kstest(column, normal.cdf).pvalue > 1e-3
    correlations = np.corrcoef(factors.T)
    assert np.abs(correlations - np.eye(3)).max() < 4 / np.sqrt(20_000)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", [-0.1, 1.1, None])
def test_wrong_jitter_is_refused(name, value):
    with pytest.raises(ValueError, match=f"expected `{name}`.*Received: "):
        augment_tf.ColorJitter(**{name: value})


def test_wrong_lighting_is_refused():
    with pytest.raises(ValueError, match="expected `std`.*Received: "):
        augment_tf.PCALighting(std=-0.1)


@pytest.mark.parametrize("hue", [0.1, 0.5])
def test_hues_are_turned_as_by_colorsys(images, hue):
    images = images[:, :9].copy()
    images[:, 0] = (200, 200, 10)
    images[:, 1] = images[:, 1, :, :1]
    layer = augment_tf.RandomHue(hue)
    angles = layer.get_random_transformation(images, SEED)["angles"].numpy()
    assert (angles < 0).any()
    assert (angles > 0).any()
    result = layer.apply(images, SEED).numpy()
    for image, angle, turned in zip(images, angles, result, strict=True):
        for pixel, found in zip(
            image.reshape(-1, 3), turned.reshape(-1, 3), strict=True
        ):
            start, *rest = colorsys.rgb_to_hsv(*pixel.astype(float))
            expected = colorsys.hsv_to_rgb((start + angle) % 1.0, *rest)
            np.testing.assert_allclose(found, expected, rtol=0, atol=1e-3)


@pytest.mark.parametrize(
    ("layer", "key", "bound"),
    [
        (augment_tf.RandomHue(0.3), "angles", 0.3),
        (augment_tf.RandomChannelShift(30), "shifts", 30.0),
    ],
)
def test_draws_are_uniform(draw_many, layer, key, bound):
    drawn = draw_many(layer, 1, 1)[key].ravel()
    uniform = scipy.stats.uniform(-bound, 2.0 * bound)
    assert scipy.stats.kstest(drawn, uniform.cdf).pvalue > 1e-3


def test_channels_are_shifted_each_by_its_own(images):
    layer = augment_tf.RandomChannelShift(30)
    drawn = layer.get_random_transformation(images, SEED)["shifts"].numpy()
    assert len(np.unique(drawn)) == drawn.size
    expected = images + drawn[:, np.newaxis, np.newaxis]
    result = layer.apply(images, SEED).numpy()
    np.testing.assert_allclose(result, expected, rtol=0, atol=1e-3)


def test_channels_are_shuffled_into_all_orders_equally_often():
    image = np.array((10, 20, 30), np.uint8)
    images = np.tile(image, (6000, 1, 2, 1))
    shuffled = augment_tf.ChannelShuffle().apply(images, SEED).numpy()
    assert (shuffled[:, :, 0] == shuffled[:, :, 1]).all()
    orders, counts = np.unique(shuffled[:, 0, 0], axis=0, return_counts=True)
    assert {tuple(order) for order in orders} == {
        *itertools.permutations(image)
    }
    assert scipy.stats.chisquare(counts).pvalue > 1e-3
    seldom = augment_tf.ChannelShuffle(probability=0.3).apply(images, SEED)
    changed = (seldom.numpy() != images).any(axis=(1, 2, 3)).sum()
    # One order in six changes nothing.
    assert scipy.stats.binomtest(int(changed), 6000, 0.25).pvalue > 1e-3
