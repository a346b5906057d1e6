"""Base class of layers that apply one operation on bytes."""

import tensorflow as tf

from augment_tf.base import Augmentation
from augment_tf.ops import arguments, sampling
from augment_tf.ops.chains import change_images


class Operation(Augmentation):
    """Applies one operation to a share of the images.

    A subclass names the `operation` and implements `_draw` if it has a
    parameter.

    Args:
        probability: Float in [0, 1]. Share of the images that are changed.
        seed: Integer or None; see `augment_tf.Augmentation`.
    """

    channels = (1, 3)
    operation = None

    def __init__(self, probability=1.0, seed=None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        self.probability = arguments.number(
            "probability", probability, minimum=0.0, maximum=1.0
        )

    def get_random_transformation(self, images, seed):
        count = (tf.shape(images)[0],)
        changed_seed, parameter_seed = sampling.split(seed, 2)
        return {
            "changed": sampling.bernoulli(
                changed_seed, count, self.probability
            ),
            "parameter": self._draw(parameter_seed, count),
        }

    def _draw(self, seed, shape):
        """The operation's parameter, float64 of `shape`."""
        return tf.zeros(shape, tf.float64)

    def transform_images(self, images, transformation):
        parameters = transformation["parameter"][:, tf.newaxis, tf.newaxis]
        return change_images(
            images,
            tf.cast(transformation["changed"], tf.int32)[:, tf.newaxis],
            tf.pad(parameters, [[0, 0], [0, 0], [0, 5]]),
            ("identity", self.operation),
        )

    def get_config(self):
        return {**super().get_config(), "probability": self.probability}
