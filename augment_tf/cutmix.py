"""CutMix: a rectangle of another image, labels in proportion."""

import keras
import tensorflow as tf

from augment_tf.mixing import Pasting, compute_pasted_shares
from augment_tf.ops import boxes, sampling


@keras.saving.register_keras_serializable(package="augment_tf")
class CutMix(Pasting):
    """Pastes a rectangle of another image of the batch, and mixes the labels.

    For each image: lambda ~ Beta(alpha, alpha); a box of
    int(height * sqrt(1 - lambda)) rows and int(width * sqrt(1 - lambda))
    columns around a uniformly drawn pixel, clipped to the image, is replaced
    by the same region of the image's partner. Partners come from one random
    permutation of the batch. The partner's label gets the weight *pixels
    pasted / all pixels*, counted after rounding and clipping.

    The official code draws one lambda and one box for the whole batch; here
    every image has its own, which leaves each image's distribution as it is
    and makes the images of a batch independent.

    `keras.layers.CutMix` has no `alpha` and no `probability`: its `factor` is
    the range from which the parameter of the Beta distribution is drawn.

    References:
        - Yun et al., CutMix: Regularization Strategy to Train Strong
          Classifiers with Localizable Features (2019),
          https://arxiv.org/abs/1905.04899

    Args:
        alpha: Float above 0. Both parameters of the Beta distribution; 1
            makes lambda uniform.
        probability: Float in [0, 1]. Share of the images that are mixed.
        seed: Integer or None; see `augment_tf.Augmentation`.

    Input shape:
        `{"images": (batch, height, width, 3), "labels": (batch, classes)}`:
        images in [0, 255], labels float. One image (height, width, 3)
        with its label (classes,) has no partner: it is returned as it is,
        with a warning.

    Output shape:
        The input's. `apply` keeps uint8 images; labels are float32.

    Raises:
        ValueError: if an argument is outside its range; if labels are
            missing or are integers.

    Example:

    >>> import augment_tf
    >>> import tensorflow as tf
    >>> shade = tf.constant([10, 20, 30, 40], tf.uint8)
    >>> images = tf.tile(tf.reshape(shade, (4, 1, 1, 1)), (1, 8, 8, 3))
    >>> batch = {"images": images, "labels": tf.eye(4)}
    >>> mixed = augment_tf.CutMix(alpha=1.0).apply(batch, seed=(0, 1))
    >>> kept = tf.reduce_mean(
    ...     tf.cast(mixed["images"] == images, tf.float32), axis=(1, 2, 3)
    ... )
    >>> bool(tf.reduce_all(kept == tf.linalg.diag_part(mixed["labels"])))
    True
    """

    depends_on_range = False
    channels = (1, 3)

    def get_random_transformation(self, images, seed):
        shape = tf.shape(images)
        count, height, width = shape[0], shape[1], shape[2]
        seeds = sampling.split(seed, 5)
        drawn = boxes.place_centered(
            rows=sampling.integers(seeds[0], (count,), height),
            columns=sampling.integers(seeds[1], (count,), width),
            lambdas=sampling.beta(seeds[2], (count,), self.alpha),
            height=height,
            width=width,
        )
        decisions = sampling.bernoulli(seeds[3], (count,), self.probability)
        drawn = boxes.keep(drawn, decisions)
        return {
            "boxes": drawn,
            "partners": sampling.permutation(seeds[4], count),
            "weights": compute_pasted_shares(drawn, height, width),
        }
