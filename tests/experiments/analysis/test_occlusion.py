"""Squares that hide a part of an image."""

import numpy as np
import pytest

from augment_tf import fine_grained_saliency
from experiments.analysis.occlusion import (
    SHARES,
    occlude,
    random_centers,
    salient_centers,
)
from pipelines.shapes import draw


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
    centers = salient_centers(images)
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
    centers = random_centers(64, generators)
    counts = np.histogram2d(*centers.T, bins=4, range=[(0, 64)] * 2)[0]
    # 250 in each of 16, five deviations.
    assert abs(counts - 250).max() < 5 * 250**0.5
