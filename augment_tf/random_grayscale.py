"""RandomGrayscale: a share of the images without color."""

import keras
import tensorflow as tf

from augment_tf.ops import bytes
from augment_tf.ops.chains import change_bytes
from augment_tf.ops.compiling import compile_in_graphs
from augment_tf.ops.operation import Operation, select


@keras.saving.register_keras_serializable(package="augment_tf")
class RandomGrayscale(Operation):
    """Turns a share of the images gray, by ITU-R BT.601 luma.

    `probability` is `factor` in `keras.layers.RandomGrayscale`.

    Args:
        probability: Float in [0, 1]. Share of the images that are changed.
        seed: Integer or None; see `augment_tf.Augmentation`.

    Input shape:
        (batch, height, width, 3 or 1) or one image, in [0, 255].

    Output shape:
        The input's, with three equal channels. `apply` keeps uint8 images.
        No gradient: images become whole numbers.

    Raises:
        ValueError: if an argument is outside its range.

    Example:

    >>> import augment_tf
    >>> import tensorflow as tf
    >>> image = tf.constant([[[255, 0, 0]]], tf.uint8)
    >>> gray = augment_tf.RandomGrayscale(probability=1.0)
    >>> gray.apply(image, seed=(0, 1)).numpy().tolist()
    [[[76, 76, 76]]]
    """

    def __init__(self, probability=0.1, seed=None, **kwargs):
        super().__init__(probability, seed=seed, **kwargs)

    def transform_images(self, images, transformation):
        changed = transformation["changed"]
        return change_bytes(
            images,
            lambda images: _remove_color(images, _luma(images), changed),
        )


# Two functions: compilers that see both compute the luma for each channel.
@compile_in_graphs
def _luma(images):
    return tf.cast(bytes.luma(images), tf.uint8)


@compile_in_graphs
def _remove_color(images, lumas, changed):
    return select(changed, lumas[..., tf.newaxis], images)
