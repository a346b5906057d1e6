"""Cutout and GridMask against masks of their official codes' rules."""

import math

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

import augment_tf
from augment_tf.ops import sampling

SEED = tf.constant((3, 4))
ALPHA = 1e-3


@pytest.mark.parametrize(("height", "width"), [(32, 32), (20, 33)])
@pytest.mark.parametrize("length", [0.25, 0.5])
def test_squares_are_centred_anywhere(draw_many, height, width, length):
    drawn = draw_many(augment_tf.Cutout(length), height, width)["boxes"][0]
    generator = np.random.default_rng(0)
    half = round(length * min(height, width)) // 2
    y = generator.integers(height, size=len(drawn))
    x = generator.integers(width, size=len(drawn))
    expected = np.stack(
        (
            np.clip(y - half, 0, height),
            np.clip(x - half, 0, width),
            np.clip(y + half, 0, height),
            np.clip(x + half, 0, width),
        ),
        axis=1,
    )
    for corner, wanted in zip(drawn.T, expected.T, strict=True):
        assert scipy.stats.ks_2samp(corner, wanted).pvalue > ALPHA
    sides = drawn[:, 2:] - drawn[:, :2]
    assert sides.max() == 2 * half
    assert sides.min() == half


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("count", [1, 3])
def test_squares_are_covered(images, dtype, count):
    layer = augment_tf.Cutout(count=count, fill=(1.5, 2, 3.2))
    images = tf.constant(images.astype(dtype))
    boxes = layer.get_random_transformation(images, SEED)["boxes"]
    assert len(boxes) == count
    expected = images.numpy()
    fill = np.array((1.5, 2, 3.2), np.float32)
    fill = np.round(fill).astype(dtype) if dtype == np.uint8 else fill
    for image, *corners in zip(expected, *boxes, strict=True):
        for top, left, bottom, right in corners:
            image[top:bottom, left:right] = fill
    np.testing.assert_array_equal(layer.apply(images, SEED), expected)


def official_grid(height, width, unit, ratio, row_shift, column_shift):
    """True where the official code writes zeros, in its mode 1."""
    kept = np.zeros((height, width), bool)
    for start in range(row_shift - unit, height, unit):
        stripe = slice(max(start, 0), max(start + math.ceil(unit * ratio), 0))
        kept[stripe] = True
    for start in range(column_shift - unit, width, unit):
        stripe = slice(max(start, 0), max(start + math.ceil(unit * ratio), 0))
        kept[:, stripe] = True
    return ~kept


@pytest.mark.parametrize("ratio", [0.0, 0.3, 0.6, 1.0])
@pytest.mark.parametrize(("height", "width"), [(32, 32), (20, 33)])
def test_grids_are_official_ones(height, width, ratio):
    layer = augment_tf.GridMask(ratio, unit=(0.4, 0.6), fill=0)
    images = tf.fill((64, height, width, 3), tf.constant(255, tf.uint8))
    masks = layer.apply(images, SEED).numpy()[..., 0] == 0
    side = min(height, width)
    possible = {
        official_grid(height, width, unit, ratio, row, column).tobytes()
        for unit in range(round(0.4 * side), round(0.6 * side) + 1)
        for row in range(unit)
        for column in range(unit)
    }
    found = [mask.tobytes() for mask in masks]
    assert set(found) <= possible
    if 0.0 < ratio < 1.0:
        assert len(set(found)) > 50


def test_units_and_shifts_are_uniform(draw_many):
    drawn = draw_many(augment_tf.GridMask(0.5, unit=(0.25, 0.5)), 32, 64)
    rows = drawn["rows"]
    generator = np.random.default_rng(0)
    unit = generator.integers(8, 17, len(rows))
    shift = generator.integers(0, unit)
    for line in (0, 7, 31):
        expected = (line + shift) % unit >= np.ceil(0.5 * unit)
        share, wanted = rows[:, line].mean(), expected.mean()
        assert abs(share - wanted) < 4 * np.sqrt(0.5 / len(rows))
    both = rows[:, 0] == drawn["columns"][:, 0]
    # Both have the same unit and shifts of their own.
    assert abs(both.mean() - 0.5) < 0.05


def rotated_grid(height, width, degrees, unit, kept, row_shift, column_shift):
    """True where the center of a pixel lies in a square of the turned grid."""
    covered = np.zeros((height, width), bool)
    # Rows count downwards: this turns the grid counterclockwise.
    turn = np.exp(1j * np.radians(degrees))
    for row, column in np.ndindex(height, width):
        point = complex(column + 0.5 - width / 2, row + 0.5 - height / 2)
        point *= turn
        places = (
            math.floor(point.imag + height / 2) + row_shift,
            math.floor(point.real + width / 2) + column_shift,
        )
        covered[row, column] = all(place % unit >= kept for place in places)
    return covered


def test_grids_are_turned_around_the_middle(monkeypatch):
    images = tf.fill((4, 20, 33, 3), tf.constant(255, tf.uint8))
    layer = augment_tf.GridMask(0.5, unit=(0.4, 0.4), fill=0, rotation=180)
    degrees = np.array((30.0, -60.0, 101.0, 180.0))
    uniform = sampling.uniform
    drawn = []

    def draw(seed, shape, *bounds):
        if bounds != (-180.0, 180.0):
            return uniform(seed, shape, *bounds)
        drawn.append(seed)
        return tf.constant(degrees[:, np.newaxis])

    monkeypatch.setattr(sampling, "uniform", draw)
    masks = layer.apply(images, SEED).numpy()[..., 0] == 0
    assert len(drawn) == 1
    for mask, angle in zip(masks, degrees, strict=True):
        # The shifts are not known.
        possible = [
            rotated_grid(20, 33, angle, 8, 4, row, column)
            for row in range(8)
            for column in range(8)
        ]
        assert any((mask == grid).all() for grid in possible)


def test_turned_grids_cover_as_much_and_are_the_same_under_xla():
    layer = augment_tf.GridMask(0.5, unit=(0.2, 0.2), fill=0, rotation=45)
    images = tf.fill((32, 40, 40, 3), tf.constant(255, tf.uint8))
    covered = layer.apply(images, SEED)
    share = (covered.numpy() == 0).mean()
    assert abs(share - 0.25) < 0.01
    assert len({mask.tobytes() for mask in covered.numpy()}) == 32
    compiled = tf.function(layer.apply, jit_compile=True)(images, SEED)
    assert np.array_equal(compiled, covered)


@pytest.mark.parametrize("name", ["Cutout", "GridMask"])
@pytest.mark.parametrize("probability", [0.0, 0.3, 1.0])
def test_share_of_covered_images(name, probability):
    layer = getattr(augment_tf, name)(probability=probability, fill=0)
    images = tf.fill((4096, 16, 16, 3), tf.constant(255, tf.uint8))
    covered = (layer.apply(images, SEED).numpy() == 0).any(axis=(1, 2, 3))
    sigma = np.sqrt(probability * (1 - probability) / 4096)
    assert abs(covered.mean() - probability) <= 4 * sigma


def test_shares_that_the_grid_covers(images):
    layer = augment_tf.GridMask(0.6, unit=(1.0, 1.0), fill=0)
    white = tf.fill((16, 50, 50, 3), tf.constant(255, tf.uint8))
    covered = layer.apply(white, SEED).numpy()[..., 0] == 0
    assert (covered.sum(axis=(1, 2)) == 20**2).all()
    result = layer.apply(images, SEED).numpy()
    assert ((result == images) | (result == 0)).all()


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("Cutout", {"length": 1.5}),
        ("Cutout", {"count": 0}),
        ("Cutout", {"fill": (1, 2)}),
        ("GridMask", {"ratio": -0.1}),
        ("GridMask", {"unit": (0.9, 0.5)}),
        ("GridMask", {"probability": "1"}),
        ("GridMask", {"rotation": 181}),
    ],
)
def test_wrong_arguments_are_refused(name, arguments):
    with pytest.raises(ValueError, match="expected .*Received: "):
        getattr(augment_tf, name)(**arguments)
