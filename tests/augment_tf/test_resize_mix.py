"""ResizeMix against copies and boxes made by its rules in NumPy."""

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

import augment_tf

ALPHA = 1e-3


def resized(image, rows, columns):
    """The pixel that holds the centre of each pixel of the copy."""

    def centers(side, size):
        return [(2 * line + 1) * side // (2 * size) for line in range(size)]

    height, width = image.shape[:2]
    return image[centers(height, rows)][:, centers(width, columns)]


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("scale", [(0.0, 0.2), (0.1, 0.8), (1.0, 1.0)])
def test_the_copy_shows_the_whole_partner(images, dtype, scale):
    layer = augment_tf.ResizeMix(scale=scale)
    batch = {
        "images": tf.constant(images.astype(dtype)),
        "labels": np.eye(8, dtype=np.float32),
    }
    for number in range(4):
        seed = (number, 0)
        drawn = layer.get_random_transformation(batch["images"], seed)
        result = layer.apply(batch, seed)
        assert result["images"].dtype == dtype
        for index, (box, partner) in enumerate(
            zip(drawn["boxes"].numpy(), drawn["partners"].numpy(), strict=True)
        ):
            top, left, bottom, right = box
            copy = resized(images[partner], bottom - top, right - left)
            expected = images[index].copy()
            expected[top:bottom, left:right] = copy
            np.testing.assert_array_equal(result["images"][index], expected)
            share = (bottom - top) * (right - left) / (40 * 24)
            label = np.eye(8)[index] * (1 - share) + np.eye(8)[partner] * share
            np.testing.assert_allclose(
                result["labels"][index], label, atol=1e-7
            )


@pytest.mark.parametrize("scale", [(0.1, 0.8), (0.3, 0.3)])
def test_boxes_are_distributed_as_in_the_paper(draw_many, scale):
    layer = augment_tf.ResizeMix(scale=scale)
    drawn = draw_many(layer, 64, 48)["boxes"]
    generator = np.random.default_rng(0)
    tau = generator.uniform(*scale, len(drawn))
    rows, columns = (64 * tau).astype(int), (48 * tau).astype(int)
    top = generator.integers(0, 64 - rows + 1)
    left = generator.integers(0, 48 - columns + 1)
    expected = np.stack((top, left, top + rows, left + columns), axis=1)
    assert drawn.min() == 0
    assert (drawn.max(axis=0) <= (64, 48, 64, 48)).all()
    for corner, wanted in zip(drawn.T, expected.T, strict=True):
        assert scipy.stats.ks_2samp(corner, wanted).pvalue > ALPHA
    wanted = rows * columns
    area = np.prod(drawn[:, 2:] - drawn[:, :2], axis=1)
    assert scipy.stats.ks_2samp(area, wanted).pvalue > ALPHA


@pytest.mark.parametrize("probability", [0.0, 0.3, 1.0])
def test_share_of_mixed_images(draw_many, probability):
    layer = augment_tf.ResizeMix(probability=probability)
    weights = draw_many(layer, 16, 16, batches=4)["weights"]
    sigma = np.sqrt(probability * (1 - probability) / len(weights))
    assert abs((weights > 0).mean() - probability) <= 4 * sigma


@pytest.mark.parametrize(
    "arguments",
    [{"scale": (0.8, 0.1)}, {"scale": (0.1, 1.1)}, {"probability": -1}],
)
def test_wrong_arguments_are_refused(arguments):
    with pytest.raises(ValueError, match="expected .*Received: "):
        augment_tf.ResizeMix(**arguments)
