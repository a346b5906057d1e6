"""Equalize: a flat histogram for each channel."""

import keras
import tensorflow as tf

from augment_tf.ops import bytes
from augment_tf.ops.compiling import choose_by_device, compile_in_graphs
from augment_tf.ops.operation import TableOperation


@keras.saving.register_keras_serializable(package="augment_tf")
class Equalize(TableOperation):
    """Makes all values of each channel as equally frequent as possible.

    Keras's layer is `Equalization`; it has no `probability`.

    Args:
        probability: Float in [0, 1]. Share of the images that are changed.
        seed: Integer or None; see `augment_tf.Augmentation`.

    Input shape:
        (batch, height, width, 3 or 1) or one image, in [0, 255].

    Output shape:
        The input's. `apply` keeps uint8 images.
        No gradient: images become whole numbers.

    Raises:
        ValueError: if an argument is outside its range.

    Example:

    >>> import augment_tf
    >>> import tensorflow as tf
    >>> dark = tf.random.uniform((32, 32, 3), 0, 20, tf.int32, seed=0)
    >>> dark = tf.cast(dark, tf.uint8)
    >>> spread = augment_tf.Equalize().apply(dark, seed=(0, 1))
    >>> bool(tf.reduce_max(spread) > 200)
    True
    """

    def _tables(self, images):
        return choose_by_device(
            lambda: _equalize_in_turn(images),
            lambda: tf.vectorized_map(bytes.equalize, images),
        )


# Counting is a loop over bytes: a CPU counts one image after the other.
@compile_in_graphs
def _equalize_in_turn(images):
    return tf.map_fn(bytes.equalize, images)
