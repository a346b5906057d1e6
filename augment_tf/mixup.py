"""MixUp: weighted sums of pairs of images and of their labels."""

import keras
import tensorflow as tf

from augment_tf.mixing import BetaMixing
from augment_tf.ops import sampling
from augment_tf.ops.compiling import compile_in_graphs, round_first


@keras.saving.register_keras_serializable(package="augment_tf")
class MixUp(BetaMixing):
    """Blends each image, and its label, with another image of the batch.

    For each image: lambda ~ Beta(alpha, alpha), and image and label become
    lambda times themselves plus (1 - lambda) times their partner's. Partners
    come from one random permutation of the batch.

    The official code draws one lambda for the whole batch; here every image
    has its own, which leaves each image's distribution as it is.

    `alpha` means the same in `keras.layers.MixUp`, whose default is 0.2; it
    has no `probability`.

    References:
        - Zhang et al., mixup: Beyond Empirical Risk Minimization (2017),
          https://arxiv.org/abs/1710.09412

    Args:
        alpha: Float above 0. Both parameters of the Beta distribution; 1
            makes lambda uniform, smaller values push it to 0 and 1. The
            paper uses 0.1 to 0.4 on ImageNet and 1 on CIFAR.
        probability: Float in [0, 1]. Share of the images that are mixed.
        seed: Integer or None; see `augment_tf.Augmentation`.

    Input shape:
        `{"images": (batch, height, width, 3), "labels": (batch, classes)}`:
        images in [0, 255], labels float. One image (height, width, 3)
        with its label (classes,) has no partner: it is returned as it is,
        as float32, with a warning.

    Output shape:
        The input's, always float32: a weighted sum is no whole number.

    Raises:
        ValueError: if an argument is outside its range; if labels are
            missing or are integers.

    Example:

    >>> import augment_tf
    >>> import tensorflow as tf
    >>> images = tf.reshape(tf.constant([0.0, 200.0]), (2, 1, 1, 1))
    >>> images = tf.tile(images, (1, 8, 8, 3))
    >>> batch = {"images": images, "labels": tf.eye(2)}
    >>> mixed = augment_tf.MixUp(alpha=0.2).apply(batch, seed=(0, 1))
    >>> expected = 200.0 * mixed["labels"][:, 1]
    >>> error = mixed["images"][:, 0, 0, 0] - expected
    >>> bool(tf.reduce_all(tf.abs(error) < 1e-3))
    True
    """

    keeps_uint8 = False
    depends_on_range = False
    channels = (1, 3)

    def get_random_transformation(self, images, seed):
        count = tf.shape(images)[0]
        seeds = sampling.split(seed, 3)
        lambdas = sampling.beta(seeds[0], (count,), self.alpha)
        decisions = sampling.bernoulli(seeds[1], (count,), self.probability)
        weights = tf.where(decisions, 1.0 - lambdas, tf.zeros_like(lambdas))
        return {
            "partners": sampling.permutation(seeds[2], count),
            "weights": tf.cast(weights, tf.float32),
        }

    def transform_images(self, images, transformation):
        return _blend(
            images, transformation["partners"], transformation["weights"]
        )


@compile_in_graphs
def _blend(images, partners, weights):
    weights = weights[:, tf.newaxis, tf.newaxis, tf.newaxis]
    partners = tf.cast(tf.gather(images, partners), tf.float32)
    kept = round_first((1.0 - weights) * tf.cast(images, tf.float32))
    return kept + round_first(weights * partners)
