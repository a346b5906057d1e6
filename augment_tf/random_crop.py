"""Random crops of a padded image."""

import keras
import tensorflow as tf

from augment_tf.base import Augmentation
from augment_tf.ops import arguments, sampling
from augment_tf.ops.compiling import compile_in_graphs
from augment_tf.ops.luma import fill_color


@keras.saving.register_keras_serializable(package="augment_tf")
class RandomCrop(Augmentation):
    """Shifts each image by up to `padding` pixels in both directions.

    Pads the image on all four sides and cuts a window of the original size
    out of it at a uniformly drawn offset, the usual augmentation of small
    images. The size stays the same in training and at inference.

    `keras.layers.RandomCrop` is another augmentation: it cuts a window of
    `height` x `width` out of the image and does not pad. `padding` here is the
    width of the added border, not "same" or "valid" as in `Conv2D`; `fill` is
    `fill_value` in Keras's other layers.

    References:
        - He et al., Deep Residual Learning for Image Recognition (2015),
          section 4.2, https://arxiv.org/abs/1512.03385

    Args:
        padding: Integer, at least 0. Pixels added on each side; offsets are
            uniform on 0..2 * padding. 4 is usual at 32 pixels, 8 at 64.
        fill: One float, or three (red, green, blue), in [0, 255]: the color
            of the added pixels, rounded if images are uint8. The default
            of 0, black, is what the papers use; the mean color of the data
            set is the other common choice.
        seed: Integer or None; see `augment_tf.Augmentation`.

    Input shape:
        (batch, height, width, 3) or (height, width, 3), in [0, 255].

    Output shape:
        The input's. `apply` keeps uint8 images.

    Raises:
        ValueError: if an argument is outside its range.

    Example:

    >>> import augment_tf
    >>> import tensorflow as tf
    >>> images = tf.ones((4, 8, 8, 3), tf.uint8)
    >>> crops = augment_tf.RandomCrop(padding=2).apply(images, seed=(0, 1))
    >>> crops.shape, crops.dtype
    (TensorShape([4, 8, 8, 3]), tf.uint8)
    """

    channels = (1, 3)

    def __init__(self, padding=4, fill=0, seed=None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        self.padding = arguments.integer("padding", padding, minimum=0)
        self.fill = arguments.color("fill", fill)

    def get_random_transformation(self, images, seed):
        shape = (tf.shape(images)[0], 2)
        offsets = sampling.integers(seed, shape, 2 * self.padding + 1)
        return {"offsets": offsets}

    def transform_images(self, images, transformation):
        moves = transformation["offsets"] - self.padding
        return _shift(images, moves, self.fill)

    def get_config(self):
        return {
            **super().get_config(),
            "padding": self.padding,
            "fill": self.fill,
        }


@compile_in_graphs
def _shift(images, moves, fill):
    """Images shifted by `moves` pixels, int32 (B, 2), up and to the left."""
    shape = tf.shape(images)
    count, height, width = shape[0], shape[1], shape[2]
    rows = tf.range(height) + moves[:, :1]
    columns = tf.range(width) + moves[:, 1:]
    rows, columns = rows[:, :, tf.newaxis], columns[:, tf.newaxis]
    inside = (rows >= 0) & (rows < height)
    inside &= (columns >= 0) & (columns < width)
    rows = tf.clip_by_value(rows, 0, height - 1)
    columns = tf.clip_by_value(columns, 0, width - 1)
    # Numbers of pixels, counted through the whole batch: a single gather is
    # faster than one of rows and one of columns.
    firsts = tf.range(count)[:, tf.newaxis, tf.newaxis] * height
    pixels = tf.reshape(images, (-1, images.shape[3]))
    moved = tf.gather(pixels, (firsts + rows) * width + columns)
    return tf.where(inside[..., tf.newaxis], moved, fill_color(fill, images))
