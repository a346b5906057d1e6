"""Base classes of layers that mix each image with a partner of its batch."""

import tensorflow as tf

from augment_tf.base import Augmentation
from augment_tf.ops import arguments, boxes
from augment_tf.ops.compiling import round_first


class Mixing(Augmentation):
    """Mixes labels by weight; a subclass draws, and mixes images.

    Its `get_random_transformation` returns, among others, "partners", a
    permutation of the batch, int32 (B,), and "weights", the partners' shares,
    float (B,).

    Args:
        probability: Float in [0, 1]. Share of the images that are mixed.
        seed: Integer or None; see `augment_tf.Augmentation`.
    """

    mixes_labels = True

    def __init__(self, probability=1.0, seed=None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        self.probability = arguments.number(
            "probability", probability, minimum=0.0, maximum=1.0
        )

    def transform_labels(self, labels, transformation):
        weights = transformation["weights"][:, tf.newaxis]
        kept = tf.cast(1.0 - weights, tf.float32)
        mixed_in = tf.cast(weights, tf.float32)
        partners = tf.gather(labels, transformation["partners"])
        return round_first(kept * labels) + round_first(mixed_in * partners)

    def get_config(self):
        return {**super().get_config(), "probability": self.probability}


class BetaMixing(Mixing):
    """Mixing with weights from a Beta distribution.

    Args:
        alpha: Float above 0. Both parameters of the Beta distribution.
        probability, seed: See `Mixing`.
    """

    def __init__(self, alpha=1.0, probability=1.0, seed=None, **kwargs):
        super().__init__(probability, seed=seed, **kwargs)
        self.alpha = arguments.number("alpha", alpha, above=0.0)

    def get_config(self):
        return {**super().get_config(), "alpha": self.alpha}


class Pasting(BetaMixing):
    """Mixes images by pasting "boxes", int32 (B, 4), of the partners."""

    def transform_images(self, images, transformation):
        sources = tf.gather(images, transformation["partners"])
        return boxes.paste(images, sources, transformation["boxes"])


def compute_pasted_shares(drawn, height, width):
    """Share of an image's pixels in each box, float64 (B,).

    float64: a float32 quotient has other last bits in a graph.
    """
    pixels = tf.cast(height * width, tf.float64)
    return tf.cast(boxes.count_pixels(drawn), tf.float64) / pixels
