"""What the layers share that choose among operations."""

import tensorflow as tf

from augment_tf.base import Augmentation
from augment_tf.ops import arguments, change_images, sampling
from augment_tf.policies import magnitudes


class Policy(Augmentation):
    """Applies operations on bytes; a subclass draws them.

    Its `names` are the operations it chooses from, those in `signed` are as
    likely to have a negative magnitude, and its `get_random_transformation`
    returns what `_steps` does. Floats are rounded
    to whole numbers in [0, 255] first: the operations are defined on those.

    Args:
        interpolation: "nearest" or "bilinear", for what moves pixels.
        fill: Number, or three, in [0, 255]: the color that shows around an
            image that was moved.
        seed: Integer or None; see `augment_tf.Augmentation`.
    """

    channels = (1, 3)
    signed = (*magnitudes.GEOMETRIC, *magnitudes.ENHANCING)

    def __init__(self, interpolation, fill, seed=None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        self.interpolation = arguments.choice(
            "interpolation", interpolation, ("nearest", "bilinear")
        )
        self.fill = arguments.color("fill", fill)

    def _steps(self, images, chosen, sizes, sign_seed):
        """The transformation for operations and magnitudes, both (B, L)."""
        signed = [name in self.signed for name in self.names]
        negative = sampling.bernoulli(sign_seed, tf.shape(chosen), 0.5)
        negative &= tf.gather(tf.constant(signed), chosen)
        return magnitudes.steps(
            self.names,
            chosen,
            tf.where(negative, -sizes, sizes),
            self.interpolation,
            *tf.unstack(tf.shape(images)[1:3]),
        )

    def _sides(self, images):
        """What turns shares of a side into pixels, float64 (operations,).

        1 for what is no translation.
        """
        height, width = tf.unstack(tf.cast(tf.shape(images)[1:3], tf.float64))
        sides = {"translate_x": width, "translate_y": height}
        one = tf.ones((), tf.float64)
        return tf.stack([sides.get(name, one) for name in self.names])

    def transform_images(self, images, transformation):
        return change_images(
            images,
            transformation["operations"],
            transformation["parameters"],
            magnitudes.branches(self.names, self.interpolation),
            self.fill,
        )

    def get_config(self):
        return {
            **super().get_config(),
            "interpolation": self.interpolation,
            "fill": self.fill,
        }
