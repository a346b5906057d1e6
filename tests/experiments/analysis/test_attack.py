"""Gradients are those of the pixels, and do harm."""

import keras
import numpy as np

from experiments.analysis.attack import attacked, make_attack


def linear(scale):
    """Normalizes, flattens, and multiplies with known weights."""
    images = keras.Input((4, 4, 3))
    x = keras.layers.Rescaling(scale, -1.0)(images)
    x = keras.layers.Flatten()(x)
    network = keras.Model(images, keras.layers.Dense(2, use_bias=False)(x))
    weights = np.random.default_rng(0).normal(0, 0.02, (48, 2))
    network.layers[-1].set_weights([weights])
    return network, weights


def test_signs_are_those_of_the_gradient_by_hand():
    images = np.random.default_rng(1).integers(0, 256, (5, 4, 4, 3), np.uint8)
    labels = np.array([0, 1, 0, 1, 1])
    # Normalization has another scale, and with a negative one another sign.
    for scale in (1 / 255, -1 / 127.5):
        network, weights = linear(scale)
        signs = make_attack(network)(images, labels).numpy()
        toward = weights[:, 1] - weights[:, 0]
        expected = np.where(labels[:, None] == 0, toward, -toward)
        expected = np.sign(expected * scale)
        np.testing.assert_array_equal(signs.reshape(5, -1), expected)


def test_steps_are_units_of_255_and_stay_in_the_range():
    images = np.array([[0, 1, 254, 255]], np.uint8)[..., None, None]
    signs = np.array([[-1.0, -1.0, 1.0, 0.0]], np.float32)[..., None, None]
    moved = np.ravel(attacked(images, signs, 4))
    np.testing.assert_array_equal(moved, [0, 0, 255, 255])


def test_an_attack_raises_the_loss():
    network, _ = linear(1 / 255)
    images = np.full((6, 4, 4, 3), 128, np.uint8)
    labels = np.arange(6) % 2
    signs = make_attack(network)(images, labels)
    losses = [
        keras.losses.sparse_categorical_crossentropy(
            labels, network(attacked(images, signs, step)), from_logits=True
        )
        for step in (0, 1, 2, 4)
    ]
    assert (np.diff(losses, axis=0) > 0).all()
