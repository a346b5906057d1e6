"""Posterize: fewer bits a value."""

import keras
import tensorflow as tf

from augment_tf.ops import arguments
from augment_tf.ops.operation import Operation


@keras.saving.register_keras_serializable(package="augment_tf")
class Posterize(Operation):
    """Keeps the highest bits of each value and sets the others to 0.

    Keras's layer is `RandomPosterization`; its `factor` is `bits` here.

    Args:
        bits: Integer in [1, 8]; 8 changes nothing.
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
    >>> augment_tf.Posterize(2).apply(image, seed=(0, 1)).numpy().tolist()
    [[[64, 128, 192]]]
    """

    operation = "posterize"

    def __init__(self, bits=4, probability=1.0, seed=None, **kwargs):
        super().__init__(probability, seed=seed, **kwargs)
        self.bits = arguments.integer("bits", bits, minimum=1)
        arguments.number("bits", bits, maximum=8)

    def _draw(self, seed, shape):
        return tf.fill(shape, tf.constant(self.bits, tf.float64))

    def get_config(self):
        return {**super().get_config(), "bits": self.bits}
