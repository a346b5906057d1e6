"""Operations that send each byte to another: 256 entries for each channel.

Functions of one image, uint8 (H, W, 3), and of one float64 parameter give a
table, uint8 (256, 3). All equal Pillow's ImageOps and ImageEnhance.
"""

import tensorflow as tf

from augment_tf.operations.blending import blend, luma

CHANNELS = 3


def look_up(image, table):
    """The image (H, W, 3) with each byte replaced by its table's entry."""
    positions = tf.cast(image, tf.int32) * CHANNELS + tf.range(CHANNELS)
    return tf.gather(tf.reshape(table, (-1,)), positions)


def unchanged(image, _):
    return _on_all(tf.cast(_levels(), tf.uint8))


def brightness(image, factor):
    return _on_all(blend(0, _levels(), factor))


def contrast(image, factor):
    total = tf.reduce_sum(tf.cast(luma(image), tf.int64))
    pixels = tf.cast(tf.size(image) // CHANNELS, tf.int64)
    mean = tf.cast((2 * total + pixels) // (2 * pixels), tf.int32)
    return _on_all(blend(mean, _levels(), factor))


def invert(image, _):
    return _on_all(tf.cast(255 - _levels(), tf.uint8))


def posterize(image, bits):
    """Keeps the highest `bits`, in [0, 8], of each byte."""
    dropped = tf.bitwise.left_shift(1, 8 - tf.cast(bits, tf.int32))
    return _on_all(tf.cast(_levels() // dropped * dropped, tf.uint8))


def solarize(image, threshold):
    """Inverts bytes that are not below the threshold."""
    levels = _levels()
    below = tf.cast(levels, tf.float64) < threshold
    return _on_all(tf.cast(tf.where(below, levels, 255 - levels), tf.uint8))


def autocontrast(image, _):
    """Stretches each channel's range of values to [0, 255]."""
    low = _over_pixels(tf.reduce_min, image)
    high = _over_pixels(tf.reduce_max, image)
    levels = tf.tile(_levels()[:, tf.newaxis], (1, CHANNELS))
    span = tf.cast(tf.maximum(high - low, 1), tf.float64)
    scale = 255.0 / span
    # The bound is never reached; it keeps compilers from rounding once where
    # Pillow rounds twice, as `blend` does.
    scaled = tf.minimum(tf.cast(levels, tf.float64) * scale, 1e9)
    offset = tf.minimum(tf.cast(low, tf.float64) * scale, 1e9)
    stretched = tf.clip_by_value(scaled - offset, 0.0, 255.0)
    table = tf.where(high > low, tf.cast(stretched, tf.int32), levels)
    return tf.cast(table, tf.uint8)


def equalize(image, _):
    """Spreads each channel's values so that all become equally frequent."""
    counts = _histogram(image)
    below = tf.cumsum(counts, exclusive=True)
    last = _over_pixels(tf.reduce_max, image)
    last = tf.gather(tf.transpose(counts), last, batch_dims=1)
    total = tf.size(image) // CHANNELS
    step = (total - last) // 255
    levels = tf.tile(_levels()[:, tf.newaxis], (1, CHANNELS))
    spread = (step // 2 + below) // tf.maximum(step, 1)
    table = tf.where(step > 0, tf.minimum(spread, 255), levels)
    return tf.cast(table, tf.uint8)


def _over_pixels(reduce, image):
    """A minimum or maximum of each channel, int32 (3,)."""
    # Over rows first, in whole lines: an innermost dimension of 3 keeps a
    # CPU from vectorizing.
    lines = tf.reshape(image, (tf.shape(image)[0], -1))
    line = tf.reshape(reduce(lines, axis=0), (-1, CHANNELS))
    return tf.cast(reduce(line, axis=0), tf.int32)


def _histogram(image):
    """How often each channel has each byte, int32 (256, 3)."""
    positions = tf.cast(image, tf.int32) * CHANNELS + tf.range(CHANNELS)
    positions = tf.reshape(positions, (-1, 1))
    counts = tf.zeros(256 * CHANNELS, tf.int32)
    ones = tf.ones(tf.size(positions), tf.int32)
    counts = tf.tensor_scatter_nd_add(counts, positions, ones)
    return tf.reshape(counts, (256, CHANNELS))


def _levels():
    return tf.range(256)


def _on_all(table):
    return tf.tile(table[:, tf.newaxis], (1, CHANNELS))
