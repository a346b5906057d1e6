"""Hidden squares, and attacks by the gradient of the pixels."""

import keras
import numpy as np
import pytest

from augment_tf import fine_grained_saliency
from experiments.analysis.perturbations import (
    SHARES,
    draw_centers,
    locate_salient_centers,
    make_attack,
    move_along,
    occlude,
)
from pipelines.shapes import draw


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
    moved = np.ravel(move_along(images, signs, 4))
    np.testing.assert_array_equal(moved, [0, 0, 255, 255])


def test_an_attack_raises_the_loss():
    network, _ = linear(1 / 255)
    images = np.full((6, 4, 4, 3), 128, np.uint8)
    labels = np.arange(6) % 2
    signs = make_attack(network)(images, labels)
    losses = [
        keras.losses.sparse_categorical_crossentropy(
            labels, network(move_along(images, signs, step)), from_logits=True
        )
        for step in (0, 1, 2, 4)
    ]
    assert (np.diff(losses, axis=0) > 0).all()


@pytest.fixture(scope="module")
def images():
    return np.stack([draw(label, 64, [0, label]) for label in range(6)])


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("center", [(0, 0), (63, 63), (0, 40), (30, 30)])
def test_the_share_is_hidden_wherever_the_center_is(share, center):
    # No pixel has the image's mean color.
    images = np.zeros((3, 64, 64, 3), np.uint8)
    images[:, ::2] = 255
    hidden = occlude(images, share, [center] * 3)
    changed = (hidden != images).any(-1)
    assert changed.mean((1, 2)) == pytest.approx(share, abs=share**0.5 / 64)
    assert (hidden[changed] == 128).all()
    rows, columns = changed[0].any(1).nonzero()[0], changed[0].any(0).nonzero()
    assert changed[0].sum() == len(rows) * len(columns[0])
    assert rows.min() <= center[0] <= rows.max()


def test_the_square_has_the_mean_color_of_its_image(images):
    hidden = occlude(images, 0.3, [(32, 32)] * 6)
    means = images.mean((1, 2))
    np.testing.assert_allclose(hidden[:, 32, 32], means, atol=0.51)


def test_the_peak_is_hidden(images):
    centers = locate_salient_centers(images)
    maps = fine_grained_saliency(images).numpy()
    hidden = occlude(images, 0.1, centers)
    for image, found, center, changed in zip(
        images, maps, map(tuple, centers), hidden, strict=True
    ):
        assert found[center] == found.max()
        np.testing.assert_allclose(
            changed[center], image.mean((0, 1)), atol=0.51
        )


def test_random_centers_are_anywhere():
    generators = [np.random.default_rng([0, n]) for n in range(4000)]
    centers = draw_centers(64, generators)
    counts = np.histogram2d(*centers.T, bins=4, range=[(0, 64)] * 2)[0]
    # 250 in each of 16, five deviations.
    assert abs(counts - 250).max() < 5 * 250**0.5
