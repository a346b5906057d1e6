"""Rectangles against plain NumPy slices."""

import numpy as np
import pytest
import tensorflow as tf

from augment_tf.ops import boxes

BOXES = np.array(
    [
        (0, 0, 0, 0),
        (0, 0, 40, 24),
        (3, 5, 4, 6),
        (39, 0, 40, 24),
        (0, 23, 40, 24),
        (5, 5, 5, 20),
        (5, 20, 30, 20),
        (10, 2, 31, 19),
    ],
    np.int32,
)


# Lines of 72 bytes are chosen from by words of 4, others byte by byte.
@pytest.mark.parametrize("width", [24, 23])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("size", [(8, 40, None), (8, 1, 1), (1, 1, 1)])
def test_paste(images, width, dtype, size):
    count, lines, columns = size
    shape = (count, lines, columns or width, 3)
    sources = np.random.default_rng(2).integers(0, 256, shape).astype(dtype)
    images = images[:, :, :width].astype(dtype)
    expected = images.copy()
    everywhere = np.broadcast_to(sources, images.shape)
    limits = np.array((40, width, 40, width), np.int32)
    clipped = np.minimum(BOXES, limits)
    for index, (top, left, bottom, right) in enumerate(clipped):
        region = index, slice(top, bottom), slice(left, right)
        expected[region] = everywhere[region]
    pasted = boxes.paste(tf.constant(images), tf.constant(sources), clipped)
    assert pasted.dtype == dtype
    assert np.array_equal(pasted, expected)


def test_area():
    assert boxes.count_pixels(BOXES).numpy().tolist() == [
        0,
        960,
        1,
        24,
        40,
        0,
        0,
        357,
    ]


def test_keep():
    decisions = np.arange(8) % 2 == 0
    kept = boxes.keep(BOXES, decisions).numpy()
    assert np.array_equal(kept[::2], BOXES[::2])
    assert not boxes.count_pixels(kept).numpy()[1::2].any()


def test_centered():
    # sqrt(1 - lambda) of 1, 0.5 and 0; sides int(40 / 2), int(25 / 2).
    drawn = boxes.place_centered(
        rows=tf.constant([20, 20, 39, 7]),
        columns=tf.constant([3, 12, 0, 7]),
        lambdas=tf.constant([0.0, 0.75, 0.75, 1.0], tf.float64),
        height=40,
        width=25,
    )
    assert drawn.numpy().tolist() == [
        [0, 0, 40, 15],
        [10, 6, 30, 18],
        [29, 0, 40, 6],
        [7, 7, 7, 7],
    ]
