"""Random horizontal flips."""

import keras
import tensorflow as tf

from augment_tf import arguments, sampling
from augment_tf.base import Augmentation


@keras.saving.register_keras_serializable(package="augment_tf")
class RandomFlip(Augmentation):
    """Mirrors each image left to right with a given probability.

    Every image of a batch decides for itself. Pixels only move: none
    changes its value.

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
        count = tf.shape(images)[:1]
        return {"flips": sampling.bernoulli(seed, count, self.probability)}

    def transform_images(self, images, transformation):
        shape = tf.shape(images)
        # On a CPU, reversing tensors of rank 3 and copying whole images are
        # several times faster than rank 4 and a `where` for every pixel.
        rows = tf.reshape(images, (-1, shape[2], images.shape[3]))
        mirrored = tf.reshape(tf.reverse(rows, axis=[1]), shape)
        both = tf.concat((images, mirrored), axis=0)
        flips = tf.cast(transformation["flips"], tf.int32)
        return tf.gather(both, tf.range(shape[0]) + shape[0] * flips)

    def get_config(self):
        return {**super().get_config(), "probability": self.probability}
