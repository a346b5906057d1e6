"""The drawn images repeat, differ and show what their label says."""

import functools

import numpy as np
import pytest

from pipelines.config import Data
from pipelines.loading import load
from pipelines.location import Location
from pipelines.shapes import CLASS_NAMES, COVERED, cover, draw


def test_same_seed_draws_the_same_pixels():
    np.testing.assert_array_equal(draw(3, 32, [0, 1]), draw(3, 32, [0, 1]))
    assert not np.array_equal(draw(3, 32, [0, 1]), draw(3, 32, [0, 2]))
    assert not np.array_equal(draw(3, 32, [0, 1]), draw(4, 32, [0, 1]))


def load_splits(val):
    return load(
        Data(
            name="shapes",
            val=val,
            image_size=16,
            limit_train=300,
            limit_val=300,
        ),
        Location("unused"),
    )


@pytest.mark.parametrize("val", ["validation", "occluded"])
def test_splits_are_balanced_and_share_no_image(val):
    data = load_splits(val)
    for split in (data.train, data.val):
        np.testing.assert_array_equal(np.bincount(split.labels), [50] * 6)
        assert split.images.dtype == np.uint8
    seen = {image.tobytes() for image in data.train.images}
    assert len(seen) == 300
    assert not any(image.tobytes() in seen for image in data.val.images)


@pytest.mark.parametrize("other", ["train", "validation"])
def test_no_other_image_lies_below_the_cover(other):
    covered = load_splits("occluded").val.images
    data = load_splits("validation")
    images = (data.train if other == "train" else data.val).images
    equal = (covered[:, np.newaxis] == images).all(-1).mean((-2, -1))
    # At least 1 - COVERED[1] where it is the same image.
    assert equal.max() < 0.5


@pytest.mark.parametrize("size", [16, 32, 64])
def test_cover_is_one_rectangle_and_leaves_the_rest(size):
    shares = []
    for index in range(100):
        image = draw(index % len(CLASS_NAMES), size, [9, index])
        before = image.copy()
        changed = (cover(image, [9, index]) != image).any(-1)
        np.testing.assert_array_equal(image, before)
        rows, columns = np.flatnonzero(changed.any(1)), changed.any(0)
        box = changed[rows[0] : rows[-1] + 1][:, columns]
        assert box.all()
        assert np.ptp(np.flatnonzero(columns)) + 1 == box.shape[1]
        shares.append(changed.mean())
    # Sides are whole pixels.
    assert min(shares) > COVERED[0] - 0.5 / size
    assert max(shares) < COVERED[1] + 0.5 / size
    assert max(shares) - min(shares) > 0.8 * (COVERED[1] - COVERED[0])


def test_same_seed_covers_the_same_pixels():
    image = draw(0, 32, [9, 0])
    first, again, other = (cover(image, [9, seed]) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@functools.cache
def mean_mask(name):
    """Mean mask of the shapes of this name."""
    label = CLASS_NAMES.index(name)
    images = [draw(label, 32, [9, seed]).astype(float) for seed in range(100)]
    return np.mean(
        [np.abs(each - each[0].mean(0)).max(-1) > 60 for each in images], 0
    )


@pytest.mark.parametrize("shape", ["arrow", "hook"])
def test_left_and_right_are_mirror_images(shape):
    left, right = mean_mask(f"left {shape}"), mean_mask(f"right {shape}")

    def distance(other):
        return np.abs(left - other).mean()

    assert distance(right[:, ::-1]) < distance(right) / 2


@pytest.mark.parametrize("label", range(len(CLASS_NAMES)))
def test_shape_is_visible(label):
    """Its middle differs from the background."""
    image = draw(label, 64, [9, label]).astype(float)
    border = np.concatenate(
        [image[:4].reshape(-1, 3), image[-4:].reshape(-1, 3)]
    )
    background = border.mean(0)
    far = np.abs(image - background).max(-1) > 60
    assert 0.01 < far.mean() < 0.7


def test_each_name_is_that_of_its_shape():
    masks = {name: mean_mask(name) for name in CLASS_NAMES}
    middle = 16
    for side, mask in (("left", 1), ("right", -1)):
        # The head is the highest part of an arrow; above its foot, which
        # points to the side of its name, a hook is a post on the other one.
        arrow = masks[f"{side} arrow"][:, ::mask]
        assert arrow.sum(0).argmax() < middle
        hook = masks[f"{side} hook"][:, ::mask]
        post, foot = hook[6:14, :middle], hook[18:26, :middle]
        assert foot.sum() > 4 * post.sum()
        assert hook[6:14, middle:].sum() > 4 * post.sum()
    # Both reach as far, but only a disk is full between the axes.
    disk, cross = masks["disk"], masks["cross"]
    assert min(disk[middle, 9], cross[middle, 9]) > 0.7
    assert disk[10, 10] > 0.7 > 0.3 > cross[10, 10]
