"""Rectangles in batches of images: paste them, measure them.

A box is an int32 tensor (B, 4) of rows (top, left, bottom, right), the last
two exclusive, already clipped to the image. An empty box stands for "leave
this image alone", so no layer needs a second path for that.
"""

import tensorflow as tf


def area(boxes):
    """Pixels in each box, int32 (B,)."""
    top, left, bottom, right = tf.unstack(boxes, axis=-1)
    return (bottom - top) * (right - left)


def paste(images, sources, boxes):
    """`images` with the pixels inside `boxes` taken from `sources`.

    images: (B, H, W, C). sources: anything of the same dtype that broadcasts
    to it, such as (B, 1, 1, C) for one value per box. boxes: int32 (B, 4).
    """
    shape = tf.shape(images)
    height, width, channels = shape[1], shape[2], images.shape[-1]
    top, left, bottom, right = tf.unstack(boxes[:, tf.newaxis], axis=-1)
    rows = tf.range(height)
    rows = (rows >= top) & (rows < bottom)
    columns = tf.range(width)
    columns = (columns >= left) & (columns < right)
    # An innermost dimension of 3 keeps the CPU from vectorizing: the same
    # select over rows of W * C values is several times faster.
    columns = tf.repeat(columns, channels, axis=1)
    inside = rows[:, :, tf.newaxis] & columns[:, tf.newaxis, :]

    def as_rows(tensor):
        if tensor.shape[2] == 1:
            tensor = tf.tile(tensor, (1, 1, width, 1))
        lines = tf.shape(tensor)[1]
        return tf.reshape(tensor, (-1, lines, width * channels))

    pasted = tf.where(inside, as_rows(sources), as_rows(images))
    return tf.reshape(pasted, shape)
