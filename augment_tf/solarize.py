"""Solarize: bright values inverted."""

import keras
import tensorflow as tf

from augment_tf.ops import arguments
from augment_tf.ops.operation import Operation


@keras.saving.register_keras_serializable(package="augment_tf")
class Solarize(Operation):
    """Inverts all values that are not below a threshold.

    Keras's layer is `Solarization`; its `threshold_factor`, a share of the
    value range or a pair to draw it from, is `threshold` here, and it has no
    `probability`.

    Args:
        threshold: Number in [0, 256]; 256 inverts nothing.
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
    >>> image = tf.constant([[[100, 128, 255]]], tf.uint8)
    >>> augment_tf.Solarize(128).apply(image, seed=(0, 1)).numpy().tolist()
    [[[100, 127, 0]]]
    """

    operation = "solarize"

    def __init__(self, threshold=128.0, probability=1.0, seed=None, **kwargs):
        super().__init__(probability, seed=seed, **kwargs)
        self.threshold = arguments.number(
            "threshold", threshold, minimum=0.0, maximum=256.0
        )

    def _draw(self, seed, shape):
        return tf.fill(shape, tf.constant(self.threshold, tf.float64))

    def get_config(self):
        return {**super().get_config(), "threshold": self.threshold}
