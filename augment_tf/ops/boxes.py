"""Rectangles in batches of images: paste them, measure them.

A box is an int32 tensor (B, 4) of rows (top, left, bottom, right), the last
two exclusive, already clipped to the image. An empty box means that
the image stays unchanged.
"""

import tensorflow as tf

from augment_tf.ops.compiling import compile_in_graphs


def count_pixels(boxes):
    """Pixels in each box, int32 (B,)."""
    top, left, bottom, right = tf.unstack(boxes, axis=-1)
    return (bottom - top) * (right - left)


def paste(images, sources, boxes):
    """`images` with the pixels inside `boxes` taken from `sources`.

    images: (B, H, W, C). sources: anything of the same dtype that broadcasts
    to it, such as (B, 1, 1, C) for one value per box. boxes: int32 (B, 4).
    """
    shape = tf.shape(images)
    top, left, bottom, right = tf.unstack(boxes[:, tf.newaxis], axis=-1)
    rows, columns = tf.range(shape[1]), tf.range(shape[2])
    return paste_crossings(
        images,
        sources,
        (rows >= top) & (rows < bottom),
        (columns >= left) & (columns < right),
    )


def paste_crossings(images, sources, rows, columns):
    """`paste` at the crossings of selected rows and columns.

    rows: bool (B, H). columns: bool (B, W).
    """
    shape = tf.shape(images)
    width, channels = shape[2], images.shape[-1]
    # Whole lines: an innermost dimension of 3 keeps a CPU from vectorizing.
    columns = tf.repeat(columns, channels, axis=1)

    def as_lines(tensor):
        if tensor.shape[2] == 1:
            tensor = tf.tile(tensor, (1, 1, width, 1))
        lines = tf.shape(tensor)[1]
        return tf.reshape(tensor, (-1, lines, width * channels))

    lines, sources = as_lines(images), as_lines(sources)
    pasted = _select(
        rows[:, :, tf.newaxis], columns[:, tf.newaxis], sources, lines
    )
    return tf.reshape(pasted, shape)


@compile_in_graphs
def _select(rows, columns, sources, lines):
    # Two selects take less time than one on the conjunction.
    return tf.where(rows, tf.where(columns, sources, lines), lines)


@compile_in_graphs
def paste_pixels(images, sources, pixels):
    """`paste` at selected pixels, bool (B, H, W)."""
    # Whole lines: an innermost dimension of 3 keeps a CPU from vectorizing.
    pixels = tf.repeat(pixels, images.shape[-1], axis=2)
    sources = tf.broadcast_to(sources, tf.shape(images))
    lines, sources = (
        tf.reshape(item, tf.shape(pixels)) for item in (images, sources)
    )
    pasted = tf.reshape(tf.where(pixels, sources, lines), tf.shape(images))
    return tf.ensure_shape(pasted, images.shape)


def place_centered(rows, columns, lambdas, height, width):
    """Boxes whose share of the image is 1 - lambda, clipped to the image.

    The rule of CutMix and SaliencyMix: sides int(side * sqrt(1 - lambda)),
    from center - side // 2 to center + side // 2.

    Args:
        rows, columns: int32 (B,), the centers.
        lambdas: float64 (B,), the share of the image that stays.
        height, width: of the images, ints or int32 scalars.

    Returns:
        int32 (B, 4). An odd side loses a pixel, and clipping loses more:
        weigh labels with `count_pixels` of the box, not with lambda.
    """
    share = tf.sqrt(1.0 - lambdas)

    def ends(centers, side):
        side = tf.cast(side, tf.int32)
        cut = tf.cast(share * tf.cast(side, tf.float64), tf.int32)
        start = tf.clip_by_value(centers - cut // 2, 0, side)
        return start, tf.clip_by_value(centers + cut // 2, 0, side)

    top, bottom = ends(rows, height)
    left, right = ends(columns, width)
    return tf.stack((top, left, bottom, right), axis=-1)


def keep(boxes, decisions):
    """`boxes` if `decisions` (B,) is true, empty boxes otherwise."""
    return boxes * tf.cast(decisions, boxes.dtype)[:, tf.newaxis]
