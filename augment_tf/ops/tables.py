"""Operations that look a byte up among 256 entries for each channel.

Functions of one image, uint8 (H, W, 3), give a table, uint8 (256, 3). Both
equal Pillow's ImageOps.
"""

import tensorflow as tf

CHANNELS = 3


def look_up(image, table):
    """The image (H, W, 3) with each byte replaced by its table's entry."""
    positions = tf.cast(image, tf.int32) * CHANNELS + tf.range(CHANNELS)
    return tf.gather(tf.reshape(table, (-1,)), positions)


def unchanged(image):
    return tf.cast(_levels(), tf.uint8)


def autocontrast(image):
    """Stretches each channel's range of values to [0, 255]."""
    low = _over_pixels(tf.reduce_min, image)
    high = _over_pixels(tf.reduce_max, image)
    span = tf.cast(tf.maximum(high - low, 1), tf.float64)
    scale = 255.0 / span
    # The bound is never reached; it keeps compilers from rounding once where
    # Pillow rounds twice, as `blend` does.
    scaled = tf.minimum(tf.cast(_levels(), tf.float64) * scale, 1e9)
    offset = tf.minimum(tf.cast(low, tf.float64) * scale, 1e9)
    stretched = tf.clip_by_value(scaled - offset, 0.0, 255.0)
    table = tf.where(high > low, tf.cast(stretched, tf.int32), _levels())
    return tf.cast(table, tf.uint8)


def equalize(image):
    """Spreads each channel's values so that all become equally frequent."""
    counts = _histogram(image)
    below = tf.cumsum(counts, exclusive=True)
    last = tf.reduce_max(tf.where(counts > 0, _levels(), 0), axis=0)
    last = tf.reduce_sum(tf.where(_levels() == last, counts, 0), axis=0)
    total = tf.size(image) // CHANNELS
    step = (total - last) // 255
    spread = (step // 2 + below) // tf.maximum(step, 1)
    table = tf.where(step > 0, tf.minimum(spread, 255), _levels())
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
    """Each byte for each channel, int32 (256, 3)."""
    return tf.tile(tf.range(256)[:, tf.newaxis], (1, CHANNELS))
