"""ChannelShuffle: red, green and blue in another order."""

import keras
import tensorflow as tf

from augment_tf.base import Augmentation
from augment_tf.ops import arguments, sampling
from augment_tf.ops.compiling import compile_in_graphs


@keras.saving.register_keras_serializable(package="augment_tf")
class ChannelShuffle(Augmentation):
    """Puts the channels of each image into a random order.

    All six orders are equally likely; one of them changes nothing. Images of
    one channel stay as they are.

    Args:
        probability: Float in [0, 1]. Share of the images whose order is drawn.
        seed: Integer or None; see `augment_tf.Augmentation`.

    Input shape:
        (batch, height, width, 3 or 1) or one image, in [0, 255].

    Output shape:
        The input's. `apply` keeps uint8 images.

    Raises:
        ValueError: if `probability` is outside its range.

    Example:

    >>> import augment_tf
    >>> import tensorflow as tf
    >>> image = tf.constant([[[10, 20, 30]]], tf.uint8)
    >>> shuffled = augment_tf.ChannelShuffle().apply(image, seed=(0, 1))
    >>> sorted(shuffled.numpy().ravel().tolist())
    [10, 20, 30]
    """

    depends_on_range = False
    channels = (1, 3)

    def __init__(self, probability=1.0, seed=None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        self.probability = arguments.number(
            "probability", probability, minimum=0.0, maximum=1.0
        )

    def get_random_transformation(self, images, seed):
        count = tf.shape(images)[0]
        order_seed, decision_seed = sampling.split(seed, 2)
        orders = tf.argsort(sampling.bits(order_seed, (count, 3)), stable=True)
        decisions = sampling.bernoulli(
            decision_seed, (count, 1), self.probability
        )
        return {"orders": tf.where(decisions, orders, tf.range(3))}

    def transform_images(self, images, transformation):
        if images.shape[-1] == 1:
            return images
        shape = tf.shape(images)
        lines = tf.reshape(images, (-1, shape[1], shape[2] * 3))
        offsets = transformation["orders"] - tf.range(3)
        offsets = tf.tile(offsets, (1, shape[2]))
        padded = tf.pad(lines, [[0, 0], [0, 0], [2, 2]])
        shuffled = tf.reshape(_take(padded, offsets[:, tf.newaxis]), shape)
        return tf.ensure_shape(shuffled, images.shape)

    def get_config(self):
        return {**super().get_config(), "probability": self.probability}


@compile_in_graphs
def _take(padded, offsets):
    """Each value of a line from at most two places before or after it.

    A gather with an innermost dimension of 3 takes several times as long.
    """
    length = tf.shape(offsets)[2]
    taken = padded[..., 2 : 2 + length]
    for offset in (-2, -1, 1, 2):
        moved = padded[..., 2 + offset : 2 + offset + length]
        taken = tf.where(offsets == offset, moved, taken)
    return taken
