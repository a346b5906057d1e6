"""AutoContrast: each channel stretched to the whole range."""

import keras

from augment_tf.ops import bytes
from augment_tf.ops.compiling import compile_in_graphs
from augment_tf.ops.operation import TableOperation


@keras.saving.register_keras_serializable(package="augment_tf")
class AutoContrast(TableOperation):
    """Stretches the values of each channel to [0, 255].

    `keras.layers.AutoContrast` has no `probability`.

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
    >>> ramp = tf.tile(tf.reshape(tf.range(100, 108), (1, 8, 1)), (8, 1, 3))
    >>> ramp = tf.cast(ramp, tf.uint8)
    >>> stretched = augment_tf.AutoContrast().apply(ramp, seed=(0, 1))
    >>> int(tf.reduce_min(stretched)), int(tf.reduce_max(stretched))
    (0, 255)
    """

    def _tables(self, images):
        return _stretch(images)


_stretch = compile_in_graphs(bytes.autocontrast)
