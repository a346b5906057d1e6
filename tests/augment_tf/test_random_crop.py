"""RandomCrop against np.pad and slices."""

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

import augment_tf


@pytest.mark.parametrize(
    ("dtype", "fill", "expected"),
    [
        (np.uint8, 0, (0, 0, 0)),
        (np.uint8, 12.6, (13, 13, 13)),
        (np.uint8, (1, 2.2, 255), (1, 2, 255)),
        (np.float32, (1, 2.2, 255), (1, 2.2, 255)),
        (np.float32, 0.5, (0.5, 0.5, 0.5)),
    ],
)
@pytest.mark.parametrize("padding", [1, 5, 30])
def test_every_crop_is_a_slice_of_the_padded_image(
    images, dtype, fill, expected, padding
):
    images = images.astype(dtype)
    height, width = images.shape[1:3]
    shape = (8, height + 2 * padding, width + 2 * padding, 3)
    padded = np.broadcast_to(np.array(expected, dtype), shape).copy()
    inside = slice(padding, padding + height), slice(padding, padding + width)
    padded[:, *inside] = images
    layer = augment_tf.RandomCrop(padding=padding, fill=fill)
    offsets = np.random.default_rng(0).integers(0, 2 * padding + 1, (8, 2))
    offsets[:2] = (0, 2 * padding), (2 * padding, 0)
    crops = layer.transform_images(
        tf.constant(images), {"offsets": tf.constant(offsets, tf.int32)}
    )
    assert crops.dtype == dtype
    for crop, image, (top, left) in zip(crops, padded, offsets, strict=True):
        wanted = image[top : top + height, left : left + width]
        assert np.array_equal(crop, wanted)


def test_no_padding_is_identity(images):
    crops = augment_tf.RandomCrop(padding=0).apply(images, (3, 4))
    assert np.array_equal(crops, images)


def test_all_offsets_are_equally_likely(draw_many):
    layer = augment_tf.RandomCrop(padding=2)
    offsets = draw_many(layer, 8, 8)["offsets"]
    assert offsets.min() == 0
    assert offsets.max() == 4
    counts = np.bincount(5 * offsets[:, 0] + offsets[:, 1], minlength=25)
    assert scipy.stats.chisquare(counts).pvalue > 1e-3


@pytest.mark.parametrize(
    "arguments", [{"padding": -1}, {"padding": 1.5}, {"fill": (0, 0, 300)}]
)
def test_wrong_arguments_are_refused(arguments):
    (name,) = arguments
    with pytest.raises(ValueError, match=f"expected `{name}`.*Received: "):
        augment_tf.RandomCrop(**arguments)
