"""Color transformations of whole batches: a 3x3 matrix and a shift an image."""

import tensorflow as tf

from augment_tf.base import Augmentation
from augment_tf.ops.compiling import compile_in_graphs, round_first

# Parts of an image that are added to each other in one pass.
PARTS = 16


class ColorTransform(Augmentation):
    """Base class of layers that map each pixel to matrix @ pixel + shift.

    A `Sequence` multiplies the matrices of neighbouring layers first and
    applies the product in one pass. A subclass implements
    `get_random_transformation` and `color_transform`.
    """

    keeps_uint8 = False

    def color_transform(self, means, transformation):
        """The matrices (B, 3, 3) and the shifts (B, 3), float64.

        means: float64 (B, 3), the mean color of each image.
        """
        raise NotImplementedError

    def transform_images(self, images, transformation):
        return transform_colors(images, [(self, transformation)])


def transform_colors(images, steps):
    """Applies pairs (color layer, transformation) to images; float32."""
    if images.shape[-1] == 1:
        # Gray images have equal red, green and blue.
        colors = tf.repeat(images, 3, axis=-1)
        return transform_colors(colors, steps)[..., :1]
    means = _mean_colors(images)
    matrices = tf.eye(3, batch_shape=tf.shape(images)[:1], dtype=tf.float64)
    shifts = tf.zeros_like(means)
    for layer, transformation in steps:
        matrix, shift = layer.color_transform(means, transformation)
        matrices = _product(matrix, matrices)
        shifts = _product(matrix, shifts[..., tf.newaxis])[..., 0] + shift
        means = _product(matrix, means[..., tf.newaxis])[..., 0] + shift
    return _apply(images, matrices, shifts)


def _product(left, right):
    # Not tf.matmul: accelerators round its factors.
    return tf.reduce_sum(left[..., tf.newaxis] * right[:, tf.newaxis], axis=2)


def _apply(images, matrices, shifts):
    """Multiplies pixels by matrices as weighted sums of neighbours in memory.

    The other channels of a pixel are at most two places before or after a
    value. The product with the matrix is therefore a weighted sum of five
    shifted copies of a row. A CPU vectorizes such sums, but not operations
    with an innermost dimension of 3.
    """
    shape = tf.shape(images)
    weights = []
    for offset in range(-2, 3):
        diagonal = tf.linalg.diag_part(matrices, k=offset)
        before, after = max(-offset, 0), max(offset, 0)
        weights.append(tf.pad(diagonal, [[0, 0], [before, after]]))
    weights = tf.tile(tf.stack(weights, axis=1), (1, 1, shape[2]))
    shifts = tf.tile(shifts[:, tf.newaxis], (1, 1, shape[2]))
    flat = tf.reshape(images, (-1, shape[1] * shape[2] * 3))
    values = _weigh(
        tf.pad(flat, [[0, 0], [2, 2]]),
        tf.cast(weights, tf.float32),
        tf.cast(shifts, tf.float32),
    )
    return tf.reshape(values, shape)


@compile_in_graphs
def _weigh(padded, weights, shifts):
    """Sums of shifted rows, float32 (B, H, W * 3)."""
    length = tf.shape(weights)[2]
    count = tf.shape(padded)[1] - 4
    total = shifts
    for offset in range(5):
        values = tf.cast(padded[:, offset : offset + count], tf.float32)
        rows = tf.reshape(values, (tf.shape(padded)[0], -1, length))
        total += round_first(rows * weights[:, offset, tf.newaxis])
    return total


def _mean_colors(images):
    shape = tf.shape(images)
    rows = tf.reshape(images, (-1, shape[1], shape[2] * 3))
    sums = tf.reshape(_column_sums(rows), (-1, shape[2], 3))
    pixels = tf.cast(shape[1] * shape[2], tf.float64)
    return tf.reduce_sum(tf.cast(sums, tf.float64), axis=1) / pixels


@compile_in_graphs
def _column_sums(rows):
    # XLA on a CPU writes the input of a reduction to memory first, but not
    # the terms of an addition.
    size = tf.shape(rows)[1] // PARTS
    total = tf.zeros((), tf.float32)
    for part in range(PARTS):
        values = rows[:, part * size : (part + 1) * size]
        total += tf.cast(values, tf.float32)
    rest = tf.cast(rows[:, PARTS * size :], tf.float32)
    return tf.reduce_sum(total, axis=1) + tf.reduce_sum(rest, axis=1)
