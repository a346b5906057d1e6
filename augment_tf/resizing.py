"""Antialiased bilinear resizing of a different crop of every image.

The triangle filter of Pillow's `Image.resize`, widened where the image
shrinks, applied to the crop alone: pixels around it have no influence, as
when an image is cropped first and resized after.

Gathers and sums rather than matrix products: the filter touches few pixels,
and GPUs and TPUs round the factors of float32 products to 11 or 8 bits.
"""

import math

import tensorflow as tf

# Weights of uint8 images are whole multiples of 2**-16: 8 bits of pixel and
# 16 of weight fit a float32, so that every sum is exact, whatever its order.
WEIGHT_UNITS = 65536.0


def resize_crops(images, crops, size):
    """Resizes `crops` of `images` to `size`.

    Args:
        images: uint8 or float32 (B, H, W, C).
        crops: int32 (B, 4), (top, left, bottom, right), the last two
            exclusive.
        size: (height, width) of the result, ints.

    Returns:
        (B, *size, C) of the dtype of `images`; uint8 is rounded after each
        of the two passes, horizontal first, as in Pillow up to version 12.
        (Later versions start with the pass that shrinks more, which moves a
        rounded value by 1 here and there.)
    """
    top, left, bottom, right = tf.unstack(crops, axis=1)
    dtype = images.dtype
    images = tf.cast(tf.transpose(images, (0, 2, 1, 3)), tf.float32)
    exact = dtype == tf.uint8
    images = _resize_rows(images, left, right, size[1], exact)
    images = tf.transpose(images, (0, 2, 1, 3))
    images = _resize_rows(images, top, bottom, size[0], exact)
    return tf.cast(images, dtype)


def _resize_rows(images, starts, ends, size, exact):
    """Resizes rows `starts` to `ends` of float32 images to `size` rows."""
    shape = tf.shape(images)
    first, weights = _filter(images.shape[1], shape[1], starts, ends, size)
    if exact:
        weights = tf.round(weights * WEIGHT_UNITS) / WEIGHT_UNITS
    weights = tf.cast(weights, tf.float32)
    lines = tf.reshape(images, (-1, shape[1], shape[2] * images.shape[-1]))

    def tap(offset):
        rows = tf.minimum(first + offset, shape[1] - 1)
        return weights[:, :, offset, tf.newaxis] * tf.gather(
            lines, rows, batch_dims=1
        )

    taps = weights.shape[2]
    if taps is None:
        _, total = tf.while_loop(
            lambda offset, _: offset < tf.shape(weights)[2],
            lambda offset, total: (offset + 1, total + tap(offset)),
            (1, tap(0)),
        )
    else:
        total = sum((tap(offset) for offset in range(1, taps)), tap(0))
    if exact:
        total = tf.floor(tf.clip_by_value(total, 0.0, 255.0) + 0.5)
    return tf.reshape(total, (-1, size, shape[2], images.shape[-1]))


def _filter(static_side, side, starts, ends, size):
    """First source row (B, size) and float64 weights (B, size, taps)."""
    starts, ends = starts[:, tf.newaxis], ends[:, tf.newaxis]
    scale = tf.cast(ends - starts, tf.float64) / size
    support = tf.maximum(scale, 1.0)
    centers = tf.cast(starts, tf.float64) + scale * (
        tf.range(size, dtype=tf.float64) + 0.5
    )
    first = tf.cast(tf.floor(centers - support + 0.5), tf.int32)
    first = tf.maximum(first, starts)
    # Enough for the largest crop, so that the shape is static under XLA.
    if static_side is None:
        taps = 2 * tf.maximum((side + size - 1) // size, 1) + 1
    else:
        taps = 2 * max(math.ceil(static_side / size), 1) + 1
    rows = first[..., tf.newaxis] + tf.range(taps)
    distances = tf.cast(rows, tf.float64) + 0.5 - centers[..., tf.newaxis]
    weights = tf.maximum(
        1.0 - tf.abs(distances) / support[..., tf.newaxis], 0.0
    )
    weights = tf.where(rows < ends[..., tf.newaxis], weights, 0.0)
    return first, weights / tf.reduce_sum(weights, axis=-1, keepdims=True)
