"""Sharpness: blurred or sharpened images."""

import keras

from augment_tf.ops import arguments, sampling
from augment_tf.ops.operation import Operation


@keras.saving.register_keras_serializable(package="augment_tf")
class Sharpness(Operation):
    """Blurs or sharpens each image by a random factor.

    Keras's layer is `RandomSharpness`. Its `factor` is half of `factor` here
    (0.5 leaves an image unchanged), and a single number there stands for a
    range from 0.

    Args:
        factor: Pair of numbers of at least 0, from which the factor is drawn
            uniformly: 0 is a blurred image, 1 the image, 2 a sharper one.
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
    >>> images = tf.fill((2, 8, 8, 3), tf.constant(90, tf.uint8))
    >>> sharper = augment_tf.Sharpness(factor=(2, 2)).apply(images, (0, 1))
    >>> bool(tf.reduce_all(sharper == images))
    True
    """

    operation = "sharpness"

    def __init__(self, factor=(0.1, 1.9), probability=1.0, seed=None, **kwargs):
        super().__init__(probability, seed=seed, **kwargs)
        self.factor = arguments.interval("factor", factor, minimum=0.0)

    def _draw(self, seed, shape):
        return sampling.uniform(seed, shape, *self.factor)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}
