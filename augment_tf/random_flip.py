"""Random horizontal flips."""

import keras
import tensorflow as tf

from augment_tf.base import Augmentation
from augment_tf.ops import arguments, sampling
from augment_tf.ops.compiling import compile_in_graphs


@keras.saving.register_keras_serializable(package="augment_tf")
class RandomFlip(Augmentation):
    """Mirrors each image left to right with a given probability.

    The images of a batch are flipped independently. No pixel changes its
    value.

    `keras.layers.RandomFlip` has `mode` and flips in both directions by
    default; it has no `probability`.

    References:
        - Krizhevsky et al., ImageNet Classification with Deep Convolutional
          Neural Networks (2012), section 4.1.

    Args:
        probability: Float in [0, 1]. Share of the images that are flipped.
        seed: Integer or None; see `augment_tf.Augmentation`.

    Input shape:
        (batch, height, width, 3) or (height, width, 3), in [0, 255].

    Output shape:
        The input's. `apply` keeps uint8 images.

    Raises:
        ValueError: if `probability` is outside its range.

    Example:

    >>> import augment_tf
    >>> import tensorflow as tf
    >>> images = tf.reshape(tf.range(12, dtype=tf.float32), (1, 2, 2, 3))
    >>> flip = augment_tf.RandomFlip(probability=1.0)
    >>> flip.apply(images, seed=(0, 1))[0, 0].numpy().tolist()
    [[3.0, 4.0, 5.0], [0.0, 1.0, 2.0]]
    """

    depends_on_range = False
    channels = (1, 3)

    def __init__(self, probability=0.5, seed=None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        self.probability = arguments.number(
            "probability", probability, minimum=0.0, maximum=1.0
        )

    def get_random_transformation(self, images, seed):
        return {"flips": _draw_flips(images, seed, self.probability)}

    def transform_images(self, images, transformation):
        return _flip(images, transformation["flips"])

    def augment(self, images, labels, seed):
        return _flip_at_random(images, seed, self.probability), labels

    def get_config(self):
        return {**super().get_config(), "probability": self.probability}


def _draw_flips(images, seed, probability):
    return sampling.bernoulli(seed, tf.shape(images)[:1], probability)


def _flip(images, flips):
    flips = flips[:, tf.newaxis, tf.newaxis, tf.newaxis]
    return tf.where(flips, tf.reverse(images, axis=[2]), images)


# Compiled with the draws, whose operations would cost as much as the pixels.
@compile_in_graphs
def _flip_at_random(images, seed, probability):
    return _flip(images, _draw_flips(images, seed, probability))
