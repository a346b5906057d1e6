"""Operations on each byte by itself. They equal Pillow's ImageOps."""

import tensorflow as tf


def invert(image, _):
    return 255 - image


def posterize(image, bits):
    """Keeps the highest `bits`, in [0, 8], of each byte."""
    dropped = tf.bitwise.left_shift(1, 8 - tf.cast(bits, tf.int32))
    return tf.bitwise.bitwise_and(image, tf.cast(256 - dropped, tf.uint8))


def solarize(image, threshold):
    """Inverts bytes that are not below the threshold."""
    below = tf.cast(image, tf.float64) < threshold
    return tf.where(below, image, 255 - image)
