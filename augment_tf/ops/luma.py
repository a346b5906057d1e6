"""Luma, and fill colors that fit images."""

import tensorflow as tf

# Weights of ITU-R BT.601, as in the published recipes. Their sum is 1.
LUMA = (0.299, 0.587, 0.114)


def compute_luma(color):
    """The luma, a float, of one number or three (red, green, blue)."""
    if not isinstance(color, tuple):
        return color
    return sum(w * value for w, value in zip(LUMA, color, strict=True))


def fill_color(color, images):
    """A color as a tensor (1, 1, 1, C) of the images' dtype.

    Args:
        color: One number, or three (red, green, blue), in [0, 255]. Rounded
            if images are uint8; its luma if they are gray.
        images: (B, H, W, C).
    """
    channels = images.shape[-1]
    if channels == 1:
        color = compute_luma(color)
    value = tf.broadcast_to(tf.constant(color, tf.float32), (channels,))
    if images.dtype == tf.uint8:
        value = tf.round(value)
    return tf.cast(value, images.dtype)[tf.newaxis, tf.newaxis, tf.newaxis]
