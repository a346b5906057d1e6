"""Colors as images show them."""

import tensorflow as tf

# Of ITU-R BT.601, as in the published recipes; sums to 1.
LUMA = (0.299, 0.587, 0.114)


def luma_of(color):
    """The luma, a float, of one number or three (red, green, blue)."""
    if not isinstance(color, tuple):
        return color
    return sum(w * value for w, value in zip(LUMA, color, strict=True))


def fill_color(color, images):
    """A color that fits images, (1, 1, 1, C) of their dtype.

    Args:
        color: One number, or three (red, green, blue), in [0, 255]. Rounded
            where images are uint8; its luma where they are gray.
        images: (B, H, W, C).
    """
    channels = images.shape[-1]
    if channels == 1:
        color = luma_of(color)
    value = tf.broadcast_to(tf.constant(color, tf.float32), (channels,))
    if images.dtype == tf.uint8:
        value = tf.round(value)
    return tf.cast(value, images.dtype)[tf.newaxis, tf.newaxis, tf.newaxis]
