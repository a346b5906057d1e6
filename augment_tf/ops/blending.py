"""Operations that move an image towards, or away from, a lesser one.

They equal Pillow's ImageEnhance: a factor of 1 gives the image, 0 the lesser
one, and more than 1 leads away from it.
"""

import tensorflow as tf


def blend(lesser, image, factor):
    """Pillow's `Image.blend`: lesser + factor * (image - lesser), as uint8.

    lesser, image: integers in [0, 255], of shapes that broadcast.
    """
    lesser = tf.cast(lesser, tf.int32)
    difference = tf.cast(tf.cast(image, tf.int32) - lesser, tf.float32)
    product = tf.cast(factor, tf.float32) * difference
    # The bound is never reached. It stands between product and sum, which a
    # compiler would fuse otherwise, to be rounded once instead of twice.
    total = tf.cast(lesser, tf.float32) + tf.minimum(product, 1e9)
    return tf.cast(tf.clip_by_value(total, 0.0, 255.0), tf.uint8)


def luma(image):
    """ITU-R BT.601 luma of (H, W, 3), int32 (H, W), rounded as in Pillow."""
    red, green, blue = tf.unstack(tf.cast(image, tf.int32), axis=-1)
    total = 19595 * red + 38470 * green + 7471 * blue + 32768
    # By 65536, faster than a division that rounds down.
    return tf.bitwise.right_shift(total, 16)


def brightness(image, factor):
    return blend(0, image, factor)


def contrast(image, factor):
    """Away from, or towards, the mean of its luma."""
    lumas = luma(image)
    total = tf.reduce_sum(tf.cast(lumas, tf.int64))
    pixels = tf.cast(tf.size(lumas), tf.int64)
    mean = (2 * total + pixels) // (2 * pixels)
    return blend(tf.cast(mean, tf.int32), image, factor)


def color(image, factor):
    """Saturation: away from, or towards, gray."""
    return blend(luma(image)[..., tf.newaxis], image, factor)


def sharpness(image, factor):
    return blend(_smooth(image), image, factor)


def _smooth(image):
    """The mean of 3x3 pixels, the middle one five times; the rim stays."""
    shape = tf.shape(image)
    # Whole lines: an innermost dimension of 3 keeps a CPU from vectorizing.
    lines = tf.reshape(image, (shape[0], -1))
    height, width = shape[0], tf.shape(lines)[1]
    # Padded as bytes, a quarter of what is written and read again.
    padded = tf.cast(tf.pad(lines, [[1, 1], [3, 3]]), tf.int32)
    lines = tf.cast(lines, tf.int32)
    rows = padded[:height] + padded[1 : height + 1] + padded[2:]
    total = rows[:, :width] + rows[:, 3 : width + 3] + rows[:, 6:]
    total += 4 * lines
    # No sum comes nearer to a whole number than 1 / 26: the float is exact.
    mean = tf.cast((tf.cast(total, tf.float32) + 6.5) / 13.0, tf.int32)
    row, value = tf.range(height)[:, tf.newaxis], tf.range(width)
    inside = (row > 0) & (row < height - 1)
    inside &= (value >= 3) & (value < width - 3)
    return tf.reshape(tf.where(inside, mean, lines), shape)
