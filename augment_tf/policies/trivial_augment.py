"""TrivialAugment: one random operation of random strength."""

import keras
import tensorflow as tf

from augment_tf.ops import arguments, sampling
from augment_tf.policies import magnitudes
from augment_tf.policies.policy import Policy
from augment_tf.policies.rand_augment import RandAugment


@keras.saving.register_keras_serializable(package="augment_tf")
class TrivialAugmentWide(Policy):
    """Applies one operation to each image, with a magnitude drawn uniformly.

    The 14 operations of `RandAugment`, equally likely, over the paper's wide
    ranges as torchvision reads them: shear up to 0.99, translation up to 32
    pixels, rotation up to 135 degrees, factors 0.01 to 1.99, 8 to 2 bits,
    threshold 255 to 0. On uint8 images every operation equals Pillow's, bit
    for bit.

    References:
        - Mueller and Hutter, TrivialAugment: Tuning-free Yet State-of-the-Art
          Data Augmentation (2021), https://arxiv.org/abs/2103.10158

    Args:
        num_magnitude_bins: Integer of at least 2.
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
    >>> augmented = augment_tf.TrivialAugmentWide().apply(images, seed=(0, 1))
    >>> augmented.shape, augmented.dtype
    (TensorShape([2, 32, 32, 3]), tf.uint8)
    """

    names = RandAugment.names

    def __init__(
        self,
        num_magnitude_bins=31,
        interpolation="nearest",
        fill=0,
        seed=None,
        **kwargs,
    ):
        super().__init__(interpolation, fill, seed=seed, **kwargs)
        self.num_magnitude_bins = arguments.integer(
            "num_magnitude_bins", num_magnitude_bins, minimum=2
        )

    def get_random_transformation(self, images, seed):
        shape = (tf.shape(images)[0], 1)
        seeds = sampling.split(seed, 3)
        chosen = sampling.integers(seeds[0], shape, len(self.names))
        bins = self.num_magnitude_bins
        wide = magnitudes.ranges(
            bins, shear=0.99, shift=32, degrees=135, factor=0.99, fewest_bits=2
        )
        places = tf.stack(
            (chosen, sampling.integers(seeds[1], shape, bins)), axis=-1
        )
        sizes = tf.gather_nd(magnitudes.table(self.names, wide), places)
        return self._steps(images, chosen, sizes, seeds[2])

    def get_config(self):
        return {
            **super().get_config(),
            "num_magnitude_bins": self.num_magnitude_bins,
        }
