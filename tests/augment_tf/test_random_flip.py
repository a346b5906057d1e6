"""RandomFlip."""

import numpy as np
import pytest
import tensorflow as tf

import augment_tf


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_flips_mirror_the_columns_of_chosen_images(images, dtype):
    images = images.astype(dtype)
    flips = np.arange(8) % 3 == 0
    flipped = augment_tf.RandomFlip().transform_images(
        tf.constant(images), {"flips": tf.constant(flips)}
    )
    expected = images.copy()
    expected[flips] = images[flips, :, ::-1]
    assert np.array_equal(flipped, expected)


@pytest.mark.parametrize("probability", [0.0, 0.3, 0.5, 1.0])
def test_share_of_flipped_images(probability):
    images = np.arange(8, dtype=np.uint8).reshape(1, 1, 8, 1)
    images = np.broadcast_to(images, (4096, 2, 8, 3))
    layer = augment_tf.RandomFlip(probability=probability)
    flipped = layer.apply(images, (3, 4)).numpy()
    share = (flipped[:, 0, 0, 0] == 7).mean()
    sigma = np.sqrt(probability * (1 - probability) / 4096)
    assert abs(share - probability) <= 4 * sigma


def test_wrong_probability_is_refused():
    with pytest.raises(ValueError, match="`probability`.*Received: "):
        augment_tf.RandomFlip(probability=-0.5)
