"""Antialiased bilinear resizing of a different crop of every image.

The triangle filter of Pillow's `Image.resize`, widened if the image shrinks.
Pixels around the crop have no influence, as if the image was cropped before.

Gathers and sums rather than matrix products: the filter touches few pixels,
and GPUs and TPUs round the factors of float32 products to 11 or 8 bits.
"""

import math

import tensorflow as tf

from augment_tf.ops.compiling import compile_in_graphs, round_first

# Weights of uint8 images are whole multiples of 2**-16: 8 bits of pixel and
# 16 of weight fit a float32, so that every sum is exact, whatever its order.
WEIGHT_UNITS = 65536.0


def resize_crops(images, crops, size, compiles=True):
    """Resizes `crops` of `images` to `size`.

    Args:
        images: uint8 or float32 (B, H, W, C).
        crops: int32 (B, 4), (top, left, bottom, right), the last two
            exclusive.
        size: (height, width) of the result, ints.
        compiles: False if nothing is to be compiled in graphs.

    Returns:
        (B, *size, C) of the dtype of `images`; uint8 is rounded after each
        of the two passes, horizontal first, as in Pillow up to version 12.
        (Later versions start with the pass that shrinks more, which moves a
        rounded value by 1 here and there.)
    """
    top, left, bottom, right = tf.unstack(crops, axis=1)
    functions = _transpose, _filter, _add_few
    if not compiles:
        functions = [function.__wrapped__ for function in functions]
    transpose, *steps = functions
    images = _resize_rows(transpose(images), left, right, size[1], *steps)
    return _resize_rows(transpose(images), top, bottom, size[0], *steps)


# Separate functions: a compiler that sees both passes at once computes the
# first one again for each weight of the second.
@compile_in_graphs
def _transpose(images):
    return tf.transpose(images, (0, 2, 1, 3))


def _resize_rows(images, starts, ends, size, build_filter, add_few):
    """Resizes rows `starts` to `ends` of images to `size` rows."""
    shape = tf.shape(images)
    # Whole rows: an innermost dimension of 3 keeps a CPU from vectorizing.
    lines = tf.reshape(images, (-1, shape[1], shape[2] * images.shape[-1]))
    if images.shape[1] is None:
        build_filter, add_few = _filter.__wrapped__, _add_any_number
    side = images.shape[1] or shape[1]
    rows, weights = build_filter(starts, ends, side, size, images.dtype)
    lines = add_few(lines, rows, weights)
    return tf.reshape(lines, (-1, size, shape[2], images.shape[-1]))


@compile_in_graphs
def _add_few(lines, rows, weights):
    """Weighted sums of rows, rounded if the images are uint8."""
    total = _tap(lines, rows, weights, 0)
    for tap in range(1, rows.shape[2]):
        total += _tap(lines, rows, weights, tap)
    return _to_dtype(lines.dtype, total)


def _add_any_number(lines, rows, weights):
    """`_add_few` for images whose size is unknown in the graph."""
    _, total = tf.while_loop(
        lambda tap, _: tap < tf.shape(rows)[2],
        lambda tap, total: (tap + 1, total + _tap(lines, rows, weights, tap)),
        (1, _tap(lines, rows, weights, 0)),
    )
    return _to_dtype(lines.dtype, total)


def _tap(lines, rows, weights, tap):
    source = tf.gather(lines, rows[:, :, tap], batch_dims=1)
    product = weights[:, :, tap, tf.newaxis] * tf.cast(source, tf.float32)
    # Those of bytes are exact.
    return product if lines.dtype == tf.uint8 else round_first(product)


def _to_dtype(dtype, total):
    if dtype != tf.uint8:
        return total
    # Rounded weights may add up to a little more than 1, never to 1 / 510.
    return tf.cast(total + 0.5, tf.uint8)


@compile_in_graphs
def _filter(starts, ends, side, size, dtype):
    """Source rows and their float32 weights, both (B, size, taps).

    Not to be compiled if `side`, of images of `dtype`, is a tensor.
    """
    starts, ends = starts[:, tf.newaxis], ends[:, tf.newaxis]
    scale = tf.cast(ends - starts, tf.float64) / size
    support = tf.maximum(scale, 1.0)
    centers = tf.cast(starts, tf.float64) + round_first(
        scale * (tf.range(size, dtype=tf.float64) + 0.5)
    )
    first = tf.cast(tf.floor(centers - support + 0.5), tf.int32)
    first = tf.maximum(first, starts)
    # Enough for the largest crop, so that the shape is static under XLA.
    if tf.is_tensor(side):
        taps = 2 * tf.maximum((side + size - 1) // size, 1) + 1
    elif side <= size:
        # No crop shrinks: each row lies between two.
        taps = 2
    else:
        taps = 2 * math.ceil(side / size) + 1
    rows = first[..., tf.newaxis] + tf.range(taps)
    distances = tf.cast(rows, tf.float64) + 0.5 - centers[..., tf.newaxis]
    weights = tf.maximum(
        1.0 - tf.abs(distances) / support[..., tf.newaxis], 0.0
    )
    weights = tf.where(rows < ends[..., tf.newaxis], weights, 0.0)
    if tf.is_tensor(side):
        weights /= tf.reduce_sum(weights, axis=-1, keepdims=True)
    else:
        # In the order of the rows, compiled or not.
        weights /= sum(tf.unstack(weights, axis=-1))[..., tf.newaxis]
    if dtype == tf.uint8:
        weights = tf.round(weights * WEIGHT_UNITS) / WEIGHT_UNITS
    return tf.minimum(rows, side - 1), tf.cast(weights, tf.float32)
