"""Attribution maps agree with maps computed by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from experiments.analysis.attribution import (
    GRAD_CAM,
    GRAD_CAM_PLUS,
    METHODS,
    deletion_and_insertion,
    grad_cams,
    rise,
)
from experiments.analysis.feature_maps import locate_map
from experiments.errors import ConfigError


def head(x):
    return layers.Dense(5, name="scores")(layers.GlobalAveragePooling2D()(x))


@pytest.fixture(scope="module")
def network():
    """Convolutions, global average pooling, one dense layer."""
    keras.utils.set_random_seed(0)
    images = keras.Input((32, 32, 3))
    x = layers.Rescaling(1 / 255)(images)
    x = layers.Conv2D(8, 3, 2, activation="relu", name="early")(x)
    x = layers.Conv2D(6, 3, 1, activation="relu", name="late")(x)
    return keras.Model(images, head(x))


@pytest.fixture(scope="module")
def images():
    random = np.random.default_rng(0)
    return random.integers(0, 256, (4, 32, 32, 3)).astype(np.float32)


def by_hand(network, images, classes):
    """Zhou et al.'s CAM: the dense layer's weights on the last map."""
    late = keras.Model(network.inputs, network.get_layer("late").output)
    weights = network.get_layer("scores").kernel.numpy()[:, classes]
    found = np.einsum("nhwc,cn->nhw", late(images).numpy(), weights)
    found = np.maximum(found, 0)[..., None]
    return tf.image.resize(found, (32, 32)).numpy()[..., 0]


def nested(network):
    """The same, in a model in a model that is no functional one."""
    inputs = keras.Input((32, 32, 3))
    inner = keras.Model(inputs, network(inputs), name="inner")
    return keras.Sequential([keras.Input((32, 32, 3)), inner])


def subclassed(network):
    class Wrapped(keras.Model):
        def __init__(self):
            super().__init__()
            self.inner = network

        def call(self, x):
            return self.inner(x)

    return Wrapped()


@pytest.mark.parametrize("wrap", [lambda same: same, nested, subclassed])
def test_behind_global_average_pooling_grad_cam_is_cam(network, images, wrap):
    classes = np.array([0, 3, 1, 4])
    found = grad_cams(wrap(network), images, classes)[GRAD_CAM]
    expected = by_hand(network, images, classes)
    assert (expected.max((1, 2)) > 0).all()
    pixels = network.get_layer("late").output.shape[1] ** 2
    np.testing.assert_allclose(found * pixels, expected, rtol=1e-4, atol=1e-5)


def test_grad_cam_plus_is_what_the_paper_writes(network, images):
    classes = np.array([2, 2, 0, 1])
    maps = keras.Model(network.inputs, network.get_layer("late").output)
    maps = maps(images).numpy()
    pixels = maps.shape[1] * maps.shape[2]
    for number, label in enumerate(classes):
        total = 0
        for channel in range(maps.shape[-1]):
            one = maps[number, ..., channel]
            # The same for each pixel, behind global average pooling.
            slope = network.get_layer("scores").kernel[channel, label] / pixels
            share = slope**2 / (2 * slope**2 + one.sum() * slope**3)
            total += pixels * share * max(slope, 0) * one
        expected = np.maximum(total, 0)[None, ..., None]
        expected = tf.image.resize(expected, (32, 32))[0, ..., 0]
        found = grad_cams(network, images, classes)[GRAD_CAM_PLUS][number]
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-6)


def test_maps_of_one_image_do_not_depend_on_the_others(network, images):
    together = grad_cams(network, images, np.array([0, 1, 2, 3]))
    alone = grad_cams(network, images[2:3], np.array([2]))
    for method, found in together.items():
        np.testing.assert_allclose(alone[method][0], found[2], rtol=1e-4)


def test_another_network_sees_something_else(network, images):
    """Adebayo et al.'s check: maps of random weights are no maps of these."""
    copy = keras.models.clone_model(network)
    keras.utils.set_random_seed(1)
    copy.set_weights(
        [np.random.default_rng(1).normal(size=w.shape) for w in copy.weights]
    )
    classes = np.array([0, 1, 2, 3])
    before, after = (maps_of(each, images, classes) for each in (network, copy))
    for method in METHODS:
        for one, two in zip(before[method], after[method], strict=True):
            both = np.corrcoef(one.ravel(), two.ravel())[0, 1]
            assert not both > 0.9, method


def maps_of(network, images, classes):
    def probabilities(x):
        return tf.nn.softmax(network(x))

    return grad_cams(network, images, classes) | {
        "RISE": rise(probabilities, images, classes, (127, 127, 127), 100)
    }


def test_layers_have_names(network, images):
    assert locate_map(network, images).layer is network.get_layer("late")
    assert locate_map(network, images, "early").layer is network.get_layer(
        "early"
    )
    outer = nested(network)
    for name in ("early", f"inner/{network.name}/early"):
        assert locate_map(outer, images, name).layer is network.get_layer(
            "early"
        )
    early = grad_cams(network, images, np.zeros(4, int), "early")[GRAD_CAM]
    late = grad_cams(network, images, np.zeros(4, int))[GRAD_CAM]
    assert early.shape == late.shape == (4, 32, 32)
    assert abs(early - late).max() > 0


def test_unknown_layers_are_named_with_others(network, images):
    with pytest.raises(ConfigError, match="no layer 'lat' .* late"):
        locate_map(network, images, "lat")
    with pytest.raises(ConfigError, match="'scores' with a feature map"):
        locate_map(network, images, "scores")
    flat = keras.Sequential([keras.Input((48,)), layers.Dense(2)])
    with pytest.raises(ConfigError, match="no layer with a feature map"):
        locate_map(flat, np.zeros((1, 48)))


def test_a_network_is_left_as_it_was(network, images):
    before = network(images).numpy()
    grad_cams(network, images, np.zeros(4, int))
    assert "call" not in vars(network.get_layer("late"))
    np.testing.assert_array_equal(network(images), before)


def bright_corner(images):
    """Sees class 1 where the upper left quarter is bright."""
    images = np.asarray(images)
    right = images[:, :16, :16].mean((1, 2, 3)) / 255
    return np.stack([1 - right, right], 1)


def test_rise_finds_what_matters():
    image = np.full((1, 32, 32, 3), 255, np.float32)
    found = rise(bright_corner, image, [1], (0, 0, 0), 64)
    inside = found[0, :14, :14].mean()
    outside = (found[0, 18:].mean(), found[0, :, 18:].mean())
    assert inside > 3 * max(0, *outside)
    again = rise(bright_corner, image, [1], (0, 0, 0), 64)
    np.testing.assert_array_equal(found, again)


def test_a_true_map_has_better_scores_than_a_false_one():
    image = np.zeros((1, 32, 32, 3), np.float32)
    image[:, :16, :16] = 255
    truth = np.zeros((1, 32, 32))
    truth[:, :16, :16] = 1
    found = {
        name: deletion_and_insertion(
            bright_corner, image, [1], each, (0, 0, 0), 10
        )
        for name, each in (
            ("true", truth),
            ("false", 1 - truth),
            ("flat", 0 * truth),
        )
    }
    # Gone after a quarter of the way, evenly; and after the last quarter.
    (deleted, inserted), (late, _) = found["true"], found["false"]
    assert deleted[0] == pytest.approx(1 / 8, abs=0.02)
    assert late[0] == pytest.approx(7 / 8, abs=0.02)
    assert inserted[0] > found["flat"][1][0] > found["false"][1][0]
    # Without an order, pixels go at random.
    assert found["flat"][0][0] == pytest.approx(0.5, abs=0.05)
