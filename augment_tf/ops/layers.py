"""The operations of the policies as layers of their own.

On uint8 images each equals Pillow's, bit for bit. Floats are rounded to whole
numbers in [0, 255] first.
"""

import keras
import tensorflow as tf

from augment_tf.base import Augmentation
from augment_tf.ops import arguments, sampling
from augment_tf.ops.chains import change_images


class Operation(Augmentation):
    """Applies one operation to a share of the images.

    A subclass names the `operation`, and draws its parameter where that is
    random.

    Args:
        probability: Float in [0, 1]. Share of the images that are changed.
        seed: Integer or None; see `augment_tf.Augmentation`.
    """

    channels = (1, 3)
    operation = None

    def __init__(self, probability=1.0, seed=None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        self.probability = arguments.number(
            "probability", probability, minimum=0.0, maximum=1.0
        )

    def get_random_transformation(self, images, seed):
        count = (tf.shape(images)[0],)
        changed_seed, parameter_seed = sampling.split(seed, 2)
        return {
            "changed": sampling.bernoulli(
                changed_seed, count, self.probability
            ),
            "parameter": self._draw(parameter_seed, count),
        }

    def _draw(self, seed, shape):
        """The operation's parameter, float64 of `shape`."""
        return tf.zeros(shape, tf.float64)

    def transform_images(self, images, transformation):
        parameters = transformation["parameter"][:, tf.newaxis, tf.newaxis]
        return change_images(
            images,
            tf.cast(transformation["changed"], tf.int32)[:, tf.newaxis],
            tf.pad(parameters, [[0, 0], [0, 0], [0, 5]]),
            ("identity", self.operation),
        )

    def get_config(self):
        return {**super().get_config(), "probability": self.probability}


@keras.saving.register_keras_serializable(package="augment_tf")
class AutoContrast(Operation):
    """Stretches the values of each channel to [0, 255].

    Args:
        probability: Float in [0, 1]. Share of the images that are changed.
        seed: Integer or None; see `augment_tf.Augmentation`.

    Input shape:
        (batch, height, width, 3 or 1) or one image, in [0, 255].

    Output shape:
        The input's. `apply` keeps uint8 images.

    Raises:
        ValueError: if an argument is outside its range.

    Example:

    >>> import augment_tf
    >>> import tensorflow as tf
    >>> ramp = tf.tile(tf.reshape(tf.range(100, 108), (1, 8, 1)), (8, 1, 3))
    >>> ramp = tf.cast(ramp, tf.uint8)
    >>> stretched = augment_tf.AutoContrast().apply(ramp, seed=(0, 1))
    >>> int(tf.reduce_min(stretched)), int(tf.reduce_max(stretched))
    (0, 255)
    """

    operation = "autocontrast"


@keras.saving.register_keras_serializable(package="augment_tf")
class Equalize(Operation):
    """Makes all values of each channel as equally frequent as they can be.

    Args:
        probability: Float in [0, 1]. Share of the images that are changed.
        seed: Integer or None; see `augment_tf.Augmentation`.

    Input shape:
        (batch, height, width, 3 or 1) or one image, in [0, 255].

    Output shape:
        The input's. `apply` keeps uint8 images.

    Raises:
        ValueError: if an argument is outside its range.

    Example:

    >>> import augment_tf
    >>> import tensorflow as tf
    >>> dark = tf.random.uniform((32, 32, 3), 0, 20, tf.int32, seed=0)
    >>> dark = tf.cast(dark, tf.uint8)
    >>> spread = augment_tf.Equalize().apply(dark, seed=(0, 1))
    >>> bool(tf.reduce_max(spread) > 200)
    True
    """

    operation = "equalize"


@keras.saving.register_keras_serializable(package="augment_tf")
class Solarize(Operation):
    """Inverts all values that are not below a threshold.

    Args:
        threshold: Number in [0, 256]; 256 inverts nothing.
        probability: Float in [0, 1]. Share of the images that are changed.
        seed: Integer or None; see `augment_tf.Augmentation`.

    Input shape:
        (batch, height, width, 3 or 1) or one image, in [0, 255].

    Output shape:
        The input's. `apply` keeps uint8 images.

    Raises:
        ValueError: if an argument is outside its range.

    Example:

    >>> import augment_tf
    >>> import tensorflow as tf
    >>> image = tf.constant([[[100, 128, 255]]], tf.uint8)
    >>> augment_tf.Solarize(128).apply(image, seed=(0, 1)).numpy().tolist()
    [[[100, 127, 0]]]
    """

    operation = "solarize"

    def __init__(self, threshold=128.0, probability=1.0, seed=None, **kwargs):
        super().__init__(probability, seed=seed, **kwargs)
        self.threshold = arguments.number(
            "threshold", threshold, minimum=0.0, maximum=256.0
        )

    def _draw(self, seed, shape):
        return tf.fill(shape, tf.constant(self.threshold, tf.float64))

    def get_config(self):
        return {**super().get_config(), "threshold": self.threshold}


@keras.saving.register_keras_serializable(package="augment_tf")
class Posterize(Operation):
    """Keeps the highest bits of each value and sets the others to 0.

    Args:
        bits: Integer in [1, 8]; 8 changes nothing.
        probability: Float in [0, 1]. Share of the images that are changed.
        seed: Integer or None; see `augment_tf.Augmentation`.

    Input shape:
        (batch, height, width, 3 or 1) or one image, in [0, 255].

    Output shape:
        The input's. `apply` keeps uint8 images.

    Raises:
        ValueError: if an argument is outside its range.

    Example:

    >>> import augment_tf
    >>> import tensorflow as tf
    >>> image = tf.constant([[[100, 128, 255]]], tf.uint8)
    >>> augment_tf.Posterize(2).apply(image, seed=(0, 1)).numpy().tolist()
    [[[64, 128, 192]]]
    """

    operation = "posterize"

    def __init__(self, bits=4, probability=1.0, seed=None, **kwargs):
        super().__init__(probability, seed=seed, **kwargs)
        self.bits = arguments.integer("bits", bits, minimum=1)
        arguments.number("bits", bits, maximum=8)

    def _draw(self, seed, shape):
        return tf.fill(shape, tf.constant(self.bits, tf.float64))

    def get_config(self):
        return {**super().get_config(), "bits": self.bits}


@keras.saving.register_keras_serializable(package="augment_tf")
class Sharpness(Operation):
    """Blurs or sharpens each image by a random factor.

    Args:
        factor: Pair of numbers of at least 0, from which the factor is drawn
            uniformly: 0 is a blurred image, 1 the image, 2 a sharper one.
        probability: Float in [0, 1]. Share of the images that are changed.
        seed: Integer or None; see `augment_tf.Augmentation`.

    Input shape:
        (batch, height, width, 3 or 1) or one image, in [0, 255].

    Output shape:
        The input's. `apply` keeps uint8 images.

    Raises:
        ValueError: if an argument is outside its range.

    Example:

    >>> import augment_tf
    >>> import tensorflow as tf
    >>> images = tf.fill((2, 8, 8, 3), tf.constant(90, tf.uint8))
    >>> sharper = augment_tf.Sharpness(factor=(2, 2)).apply(images, (0, 1))
    >>> bool(tf.reduce_all(sharper == images))
    True
    """

    operation = "sharpness"

    def __init__(self, factor=(0.1, 1.9), probability=1.0, seed=None, **kwargs):
        super().__init__(probability, seed=seed, **kwargs)
        self.factor = arguments.interval("factor", factor, minimum=0.0)

    def _draw(self, seed, shape):
        return sampling.uniform(seed, shape, *self.factor)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


@keras.saving.register_keras_serializable(package="augment_tf")
class RandomGrayscale(Operation):
    """Turns a share of the images gray, of ITU-R BT.601 luma.

    Args:
        probability: Float in [0, 1]. Share of the images that are changed.
        seed: Integer or None; see `augment_tf.Augmentation`.

    Input shape:
        (batch, height, width, 3 or 1) or one image, in [0, 255].

    Output shape:
        The input's, with three equal channels. `apply` keeps uint8 images.

    Raises:
        ValueError: if an argument is outside its range.

    Example:

    >>> import augment_tf
    >>> import tensorflow as tf
    >>> image = tf.constant([[[255, 0, 0]]], tf.uint8)
    >>> gray = augment_tf.RandomGrayscale(probability=1.0)
    >>> gray.apply(image, seed=(0, 1)).numpy().tolist()
    [[[76, 76, 76]]]
    """

    # With a factor of 0: nothing is left of the colors.
    operation = "color"

    def __init__(self, probability=0.1, seed=None, **kwargs):
        super().__init__(probability, seed=seed, **kwargs)
