"""Base class of layers that choose among operations."""

import tensorflow as tf

from augment_tf.base import Augmentation
from augment_tf.ops import arguments, sampling
from augment_tf.ops.chains import change_images
from augment_tf.policies import magnitudes


class Policy(Augmentation):
    """Applies operations on bytes; a subclass draws them.

    `names` are the operations to choose from. Magnitudes of those in `signed`
    are negative with probability 1/2. `get_random_transformation` returns the
    result of `_steps`. Floats are rounded to whole numbers in [0, 255] first,
    since the operations are defined on bytes.

    Args:
        interpolation: "nearest" or "bilinear", for operations that move pixels.
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
        """Pixels of the side along which an operation moves, float64.

        Shape (operations,); 1 for operations that are no translations.
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
