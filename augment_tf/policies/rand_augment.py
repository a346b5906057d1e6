"""RandAugment: a number of random operations of one common strength."""

import keras
import tensorflow as tf

from augment_tf.ops import arguments, sampling
from augment_tf.policies import magnitudes
from augment_tf.policies.policy import Policy


@keras.saving.register_keras_serializable(package="augment_tf")
class RandAugment(Policy):
    """Applies `num_ops` operations to each image, drawn with replacement.

    The 14 operations of the paper, equally likely: identity, shear and
    translation along x and y, rotation, brightness, color, contrast,
    sharpness, posterize, solarize, autocontrast, equalize. The meaning of
    magnitudes follows torchvision. At the highest one: shear 0.3, translation
    150 / 331 of the side, rotation 30 degrees, factors 1 - 0.9 or 1 + 0.9, 4
    bits, threshold 0; half of all shifts, turns and factors go the other way.
    On uint8 images every operation equals Pillow's, bit for bit.

    `keras.layers.RandAugment` has `factor`, in [0, 1], in place of `magnitude`
    and `num_magnitude_bins`, and no `fill`.

    References:
        - Cubuk et al., RandAugment: Practical automated data augmentation
          with a reduced search space (2019), https://arxiv.org/abs/1909.13719

    Args:
        num_ops: Integer of at least 1. Operations on each image.
        magnitude: Integer in [0, num_magnitude_bins - 1].
        num_magnitude_bins: Integer of at least 2.
        interpolation: "nearest" or "bilinear", for operations that move pixels.
        fill: Number, or three, in [0, 255]: the color that shows around an
            image that was moved. 128 is the official code's; torchvision's
            default is 0.
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
    >>> augmented = augment_tf.RandAugment().apply(images, seed=(0, 1))
    >>> augmented.shape, augmented.dtype
    (TensorShape([2, 32, 32, 3]), tf.uint8)
    """

    names = (
        "identity",
        "shear_x",
        "shear_y",
        "translate_x",
        "translate_y",
        "rotate",
        "brightness",
        "color",
        "contrast",
        "sharpness",
        "posterize",
        "solarize",
        "autocontrast",
        "equalize",
    )

    def __init__(
        self,
        num_ops=2,
        magnitude=9,
        num_magnitude_bins=31,
        interpolation="nearest",
        fill=128,
        seed=None,
        **kwargs,
    ):
        super().__init__(interpolation, fill, seed=seed, **kwargs)
        self.num_ops = arguments.integer("num_ops", num_ops, minimum=1)
        self.num_magnitude_bins = arguments.integer(
            "num_magnitude_bins", num_magnitude_bins, minimum=2
        )
        self.magnitude = arguments.integer("magnitude", magnitude, minimum=0)
        if self.magnitude >= self.num_magnitude_bins:
            raise ValueError(
                "expected `magnitude` to be below `num_magnitude_bins`. "
                f"Received: magnitude={magnitude!r}, "
                f"num_magnitude_bins={num_magnitude_bins!r}."
            )

    def get_random_transformation(self, images, seed):
        shape = (tf.shape(images)[0], self.num_ops)
        name_seed, sign_seed = sampling.split(seed, 2)
        chosen = sampling.integers(name_seed, shape, len(self.names))
        table = magnitudes.table(
            self.names, magnitudes.moderate(self.num_magnitude_bins)
        )
        sizes = table[:, self.magnitude] * self._sides(images)
        return self._steps(images, chosen, tf.gather(sizes, chosen), sign_seed)

    def get_config(self):
        return {
            **super().get_config(),
            "num_ops": self.num_ops,
            "magnitude": self.magnitude,
            "num_magnitude_bins": self.num_magnitude_bins,
        }
