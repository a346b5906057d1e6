"""AutoAugment: pairs of operations found by a search."""

import keras
import numpy as np
import tensorflow as tf

from augment_tf.ops import arguments, sampling
from augment_tf.policies import magnitudes
from augment_tf.policies.policy import Policy

BINS = 10
# Each policy of the paper: 25 pairs of (operation, probability, magnitude in
# tenths of its range). The magnitude is 0 if an operation has none.
POLICIES = {
    "imagenet": (
        (("posterize", 0.4, 8), ("rotate", 0.6, 9)),
        (("solarize", 0.6, 5), ("autocontrast", 0.6, 0)),
        (("equalize", 0.8, 0), ("equalize", 0.6, 0)),
        (("posterize", 0.6, 7), ("posterize", 0.6, 6)),
        (("equalize", 0.4, 0), ("solarize", 0.2, 4)),
        (("equalize", 0.4, 0), ("rotate", 0.8, 8)),
        (("solarize", 0.6, 3), ("equalize", 0.6, 0)),
        (("posterize", 0.8, 5), ("equalize", 1.0, 0)),
        (("rotate", 0.2, 3), ("solarize", 0.6, 8)),
        (("equalize", 0.6, 0), ("posterize", 0.4, 6)),
        (("rotate", 0.8, 8), ("color", 0.4, 0)),
        (("rotate", 0.4, 9), ("equalize", 0.6, 0)),
        (("equalize", 0.0, 0), ("equalize", 0.8, 0)),
        (("invert", 0.6, 0), ("equalize", 1.0, 0)),
        (("color", 0.6, 4), ("contrast", 1.0, 8)),
        (("rotate", 0.8, 8), ("color", 1.0, 2)),
        (("color", 0.8, 8), ("solarize", 0.8, 7)),
        (("sharpness", 0.4, 7), ("invert", 0.6, 0)),
        (("shear_x", 0.6, 5), ("equalize", 1.0, 0)),
        (("color", 0.4, 0), ("equalize", 0.6, 0)),
        (("equalize", 0.4, 0), ("solarize", 0.2, 4)),
        (("solarize", 0.6, 5), ("autocontrast", 0.6, 0)),
        (("invert", 0.6, 0), ("equalize", 1.0, 0)),
        (("color", 0.6, 4), ("contrast", 1.0, 8)),
        (("equalize", 0.8, 0), ("equalize", 0.6, 0)),
    ),
    "cifar10": (
        (("invert", 0.1, 0), ("contrast", 0.2, 6)),
        (("rotate", 0.7, 2), ("translate_x", 0.3, 9)),
        (("sharpness", 0.8, 1), ("sharpness", 0.9, 3)),
        (("shear_y", 0.5, 8), ("translate_y", 0.7, 9)),
        (("autocontrast", 0.5, 0), ("equalize", 0.9, 0)),
        (("shear_y", 0.2, 7), ("posterize", 0.3, 7)),
        (("color", 0.4, 3), ("brightness", 0.6, 7)),
        (("sharpness", 0.3, 9), ("brightness", 0.7, 9)),
        (("equalize", 0.6, 0), ("equalize", 0.5, 0)),
        (("contrast", 0.6, 7), ("sharpness", 0.6, 5)),
        (("color", 0.7, 7), ("translate_x", 0.5, 8)),
        (("equalize", 0.3, 0), ("autocontrast", 0.4, 0)),
        (("translate_y", 0.4, 3), ("sharpness", 0.2, 6)),
        (("brightness", 0.9, 6), ("color", 0.2, 8)),
        (("solarize", 0.5, 2), ("invert", 0.0, 0)),
        (("equalize", 0.2, 0), ("autocontrast", 0.6, 0)),
        (("equalize", 0.2, 0), ("equalize", 0.6, 0)),
        (("color", 0.9, 9), ("equalize", 0.6, 0)),
        (("autocontrast", 0.8, 0), ("solarize", 0.2, 8)),
        (("brightness", 0.1, 3), ("color", 0.7, 0)),
        (("solarize", 0.4, 5), ("autocontrast", 0.9, 0)),
        (("translate_y", 0.9, 9), ("translate_y", 0.7, 9)),
        (("autocontrast", 0.9, 0), ("solarize", 0.8, 3)),
        (("equalize", 0.8, 0), ("invert", 0.1, 0)),
        (("translate_y", 0.7, 9), ("autocontrast", 0.9, 0)),
    ),
}


@keras.saving.register_keras_serializable(package="augment_tf")
class AutoAugment(Policy):
    """Applies one of 25 pairs of operations to each image.

    Each operation of the pair is applied with its own probability. See
    `RandAugment` for the meaning of magnitudes. On uint8 images every operation
    equals Pillow's, bit for bit.

    References:
        - Cubuk et al., AutoAugment: Learning Augmentation Policies from Data
          (2018), https://arxiv.org/abs/1805.09501

    Args:
        policy: "imagenet" or "cifar10": the data that it was searched on.
        interpolation: "nearest" or "bilinear", for operations that move pixels.
        fill: Number, or three, in [0, 255]: the color that shows around an
            image that was moved.
        seed: Integer or None; see `augment_tf.Augmentation`.

    Input shape:
        (batch, height, width, 3 or 1) or one image, in [0, 255]. Floats
        are rounded to whole numbers first.

    Output shape:
        The input's. `apply` keeps uint8 images.
        No gradient: images become whole numbers.

    Raises:
        ValueError: if an argument is outside its range.

    Example:

    >>> import augment_tf
    >>> import tensorflow as tf
    >>> images = tf.fill((2, 32, 32, 3), tf.constant(90, tf.uint8))
    >>> augment = augment_tf.AutoAugment(policy="cifar10")
    >>> augment.apply(images, seed=(0, 1)).shape
    TensorShape([2, 32, 32, 3])
    """

    def __init__(
        self,
        policy="imagenet",
        interpolation="nearest",
        fill=128,
        seed=None,
        **kwargs,
    ):
        super().__init__(interpolation, fill, seed=seed, **kwargs)
        self.policy = arguments.choice("policy", policy, POLICIES)

    @property
    def names(self):
        steps = [name for pair in POLICIES[self.policy] for name, _, _ in pair]
        return ("identity", *dict.fromkeys(steps))

    def get_random_transformation(self, images, seed):
        pairs = POLICIES[self.policy]
        names, probabilities, places = (
            np.array([[step[part] for step in pair] for pair in pairs])
            for part in range(3)
        )
        operations = np.vectorize(self.names.index)(names).astype(np.int32)
        table = magnitudes.table(self.names, magnitudes.moderate(BINS))
        count = tf.shape(images)[0]
        seeds = sampling.split(seed, 3)
        pair = sampling.integers(seeds[0], (count,), len(pairs))
        applied = sampling.uniform(seeds[1], (count, 2)) < tf.gather(
            tf.constant(probabilities, tf.float64), pair
        )
        # "identity" comes first.
        chosen = tf.where(applied, tf.gather(operations, pair), 0)
        sizes = table[operations, places] * tf.gather(
            self._sides(images), operations
        )
        return self._steps(images, chosen, tf.gather(sizes, pair), seeds[2])

    def get_config(self):
        return {**super().get_config(), "policy": self.policy}
