"""RandomChannelShift: a random number added to each channel."""

import keras
import tensorflow as tf

from augment_tf.ops import arguments, sampling
from augment_tf.ops.color_matrix import ColorTransform


@keras.saving.register_keras_serializable(package="augment_tf")
class RandomChannelShift(ColorTransform):
    """Adds a number of its own to each channel of each image.

    The numbers are uniform in [-shift, shift]. Nothing is clipped.

    KerasCV's `factor` is a share of the value range, and halved: its 0.2 is a
    `shift` of 25.5 here. It clips.

    Args:
        shift: Float in [0, 255]. The largest number that is added.
        seed: Integer or None; see `augment_tf.Augmentation`.

    Input shape:
        (batch, height, width, 3) or (height, width, 3), in [0, 255].

    Output shape:
        The input's, always float32.

    Raises:
        ValueError: if `shift` is outside its range.

    Example:

    >>> import augment_tf
    >>> import tensorflow as tf
    >>> images = tf.fill((2, 4, 4, 3), 100.0)
    >>> shifted = augment_tf.RandomChannelShift(20).apply(images, seed=(0, 1))
    >>> bool(tf.reduce_all(tf.abs(shifted - 100.0) <= 20.0))
    True
    """

    def __init__(self, shift=20.0, seed=None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        self.shift = arguments.number(
            "shift", shift, minimum=0.0, maximum=255.0
        )

    def get_random_transformation(self, images, seed):
        shape = (tf.shape(images)[0], 3)
        return {
            "shifts": sampling.uniform(seed, shape, -self.shift, self.shift)
        }

    def color_transform(self, means, transformation):
        shifts = transformation["shifts"]
        count = tf.shape(shifts)[:1]
        return tf.eye(3, batch_shape=count, dtype=tf.float64), shifts

    def get_config(self):
        return {**super().get_config(), "shift": self.shift}
