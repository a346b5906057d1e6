"""Random crops of a padded image."""

import keras
import tensorflow as tf

from augment_tf import arguments, sampling
from augment_tf.base import Augmentation


@keras.saving.register_keras_serializable(package="augment_tf")
class RandomCrop(Augmentation):
    """Shifts each image by up to `padding` pixels in both directions.

    Pads the image on all four sides and cuts a window of the original size
    out of it at a uniformly drawn offset, the usual augmentation of small
    images. The size never changes, so training and inference agree on it.

    References:
        - He et al., Deep Residual Learning for Image Recognition (2015),
          section 4.2, https://arxiv.org/abs/1512.03385

    Args:
        padding: Integer, at least 0. Pixels added on each side; offsets are
            uniform on 0..2 * padding. 4 is usual at 32 pixels, 8 at 64.
        fill: One float, or three (red, green, blue), in [0, 255]: the color
            of the added pixels, rounded where images are uint8. The default
            of 0, black, is what the papers use; the mean color of the data
            set is the other common choice.
        seed: Integer or None; see `augment_tf.Augmentation`.

    Input shape:
        (batch, height, width, 3) or (height, width, 3), uint8 or float.

    Output shape:
        The input's; uint8 images stay uint8.

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

    def __init__(self, padding=4, fill=0, seed=None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        self.padding = arguments.integer("padding", padding, minimum=0)
        self.fill = arguments.color("fill", fill)

    def get_random_transformation(self, images, seed):
        shape = (tf.shape(images)[0], 2)
        offsets = sampling.integers(seed, shape, 2 * self.padding + 1)
        return {"offsets": offsets}

    def transform_images(self, images, transformation):
        shape = tf.shape(images)
        tops, lefts = tf.unstack(transformation["offsets"], axis=1)
        padded = self._pad(images)
        rows = tops[:, tf.newaxis] + tf.range(shape[1])
        columns = lefts[:, tf.newaxis] + tf.range(shape[2])
        crops = tf.gather(padded, rows, batch_dims=1)
        crops = tf.gather(crops, columns, axis=2, batch_dims=1)
        return tf.reshape(crops, shape)

    def _pad(self, images):
        sides = (self.padding, self.padding)
        paddings = ((0, 0), sides, sides, (0, 0))
        fill = self.fill
        if images.dtype == tf.uint8:
            fill = tf.nest.map_structure(round, fill)
        if not isinstance(fill, tuple):
            return tf.pad(images, paddings, constant_values=fill)
        channels = [
            tf.pad(channel, paddings[:3], constant_values=value)
            for channel, value in zip(
                tf.unstack(images, axis=-1), fill, strict=True
            )
        ]
        return tf.stack(channels, axis=-1)

    def get_config(self):
        return {
            **super().get_config(),
            "padding": self.padding,
            "fill": self.fill,
        }
