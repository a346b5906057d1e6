"""Base class of layers that apply one operation on bytes."""

import tensorflow as tf

from augment_tf.base import Augmentation
from augment_tf.ops import arguments, bytes, sampling
from augment_tf.ops.chains import change_bytes, change_images
from augment_tf.ops.compiling import compile_in_graphs


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


class TableOperation(Operation):
    """An operation that looks up the new value of each byte.

    A subclass implements `_tables`. They are computed for a whole batch before
    anything is looked up: compilers that see both compute entries again for
    each pixel.
    """

    def transform_images(self, images, transformation):
        changed = transformation["changed"]
        return change_bytes(
            images,
            lambda images: _look_up(images, self._tables(images), changed),
        )

    def _tables(self, images):
        """New values, uint8 (B, 256, 3), for uint8 (B, H, W, 3)."""
        raise NotImplementedError


@compile_in_graphs
def _look_up(images, tables, changed):
    return select(changed, bytes.look_up(images, tables), images)


def select(changed, one, other):
    """Images of `one` where `changed`, bool (B,), and of `other` elsewhere."""
    return tf.where(changed[:, tf.newaxis, tf.newaxis, tf.newaxis], one, other)
