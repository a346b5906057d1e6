"""The drawn images repeat, differ and show what their label says."""

import numpy as np
import pytest

from pipelines.config import Data
from pipelines.loading import load
from pipelines.location import Location
from pipelines.shapes import CLASS_NAMES, draw


def test_same_seed_draws_the_same_pixels():
    np.testing.assert_array_equal(draw(3, 32, [0, 1]), draw(3, 32, [0, 1]))
    assert not np.array_equal(draw(3, 32, [0, 1]), draw(3, 32, [0, 2]))
    assert not np.array_equal(draw(3, 32, [0, 1]), draw(4, 32, [0, 1]))


def test_splits_are_balanced_and_share_no_image():
    data = load(
        Data(name="shapes", image_size=16, limit_train=300, limit_val=300),
        Location("unused"),
    )
    for split in (data.train, data.val):
        np.testing.assert_array_equal(np.bincount(split.labels), [50] * 6)
        assert split.images.dtype == np.uint8
    seen = {image.tobytes() for image in data.train.images}
    assert len(seen) == 300
    assert not any(image.tobytes() in seen for image in data.val.images)


@pytest.mark.parametrize("label", range(len(CLASS_NAMES)))
def test_shape_is_visible(label):
    """Its middle, hole of the ring aside, differs from the background."""
    image = draw(label, 64, [9, label]).astype(float)
    border = np.concatenate(
        [image[:4].reshape(-1, 3), image[-4:].reshape(-1, 3)]
    )
    background = border.mean(0)
    far = np.abs(image - background).max(-1) > 60
    assert 0.01 < far.mean() < 0.7
