"""Gaussian blur of random width."""

import math

import keras
import tensorflow as tf

from augment_tf.base import Augmentation
from augment_tf.ops import arguments, sampling
from augment_tf.ops.compiling import compile_in_graphs, round_first

# Weights and half-blurred bytes have 12 bits each, so that every sum of bytes
# is exact in float32 and the same on every processor.
WEIGHT_UNITS = 4096.0
HALFWAY_UNITS = 16.0


@keras.saving.register_keras_serializable(package="augment_tf")
class GaussianBlur(Augmentation):
    """Blurs each image with a Gaussian of its own width.

    The kernel is the Gaussian at whole distances, normalized; the
    image is continued by reflection, without repeating its border.

    Keras's layer is `RandomGaussianBlur`. Its `kernel_size` and `sigma` mean
    the same, but a single `sigma` there is a range from 0; `probability` here
    is `factor` there.

    References:
        - Chen et al., A Simple Framework for Contrastive Learning of Visual
          Representations (2020), https://arxiv.org/abs/2002.05709

    Args:
        sigma: Pair of numbers above 0. The standard deviation is uniform in
            it, in pixels.
        kernel_size: Odd integer, in pixels; None takes 3 of the largest
            standard deviations to each side.
        probability: Float in [0, 1]. Share of the images that are blurred.
        seed: Integer or None; see `augment_tf.Augmentation`.

    Input shape:
        (batch, height, width, 3 or 1) or one image, in [0, 255].

    Output shape:
        The input's. `apply` keeps uint8 images, within 1 of the exact value.

    Raises:
        ValueError: if an argument is outside its range.

    Example:

    >>> import augment_tf
    >>> import tensorflow as tf
    >>> images = tf.fill((2, 32, 32, 3), tf.constant(90, tf.uint8))
    >>> blurred = augment_tf.GaussianBlur().apply(images, seed=(0, 1))
    >>> bool(tf.reduce_all(blurred == 90))
    True
    """

    depends_on_range = False
    channels = (1, 3)

    def __init__(
        self,
        sigma=(0.1, 2.0),
        kernel_size=None,
        probability=0.5,
        seed=None,
        **kwargs,
    ):
        super().__init__(seed=seed, **kwargs)
        self.sigma = arguments.interval("sigma", sigma, above=0.0)
        if kernel_size is not None:
            kernel_size = arguments.integer(
                "kernel_size", kernel_size, minimum=1
            )
            if kernel_size % 2 == 0:
                raise ValueError(
                    "expected `kernel_size` to be odd. Received: "
                    f"kernel_size={kernel_size!r}."
                )
        self.kernel_size = kernel_size
        self.probability = arguments.number(
            "probability", probability, minimum=0.0, maximum=1.0
        )

    def get_random_transformation(self, images, seed):
        count = (tf.shape(images)[0],)
        sigma_seed, blurred_seed = sampling.split(seed, 2)
        return {
            "sigma": sampling.uniform(sigma_seed, count, *self.sigma),
            "blurred": sampling.bernoulli(
                blurred_seed, count, self.probability
            ),
        }

    def transform_images(self, images, transformation):
        radius = math.ceil(3 * self.sigma[1])
        if self.kernel_size is not None:
            radius = self.kernel_size // 2
        weights = _compute_weights(transformation["sigma"], radius)
        alone = tf.one_hot(radius, 2 * radius + 1, dtype=tf.float64)
        blurred = transformation["blurred"][:, tf.newaxis]
        weights = tf.where(blurred, weights, alone)
        return _blur(images, tf.cast(weights, tf.float32), radius)

    def get_config(self):
        return {
            **super().get_config(),
            "sigma": self.sigma,
            "kernel_size": self.kernel_size,
            "probability": self.probability,
        }


def _compute_weights(sigma, radius):
    """Weights at distances -radius to radius, float64 (B, taps), adding to 1.

    Whole multiples of 2**-12; the middle one takes what rounding leaves.
    """
    distances = tf.range(-radius, radius + 1)
    squares = tf.cast(distances, tf.float64) ** 2
    weights = tf.nn.softmax(-0.5 * squares / sigma[:, tf.newaxis] ** 2)
    weights = tf.round(weights * WEIGHT_UNITS) / WEIGHT_UNITS
    rest = 1.0 - tf.reduce_sum(weights, axis=1, keepdims=True)
    return weights + rest * tf.cast(distances == 0, tf.float64)


def _blur(images, weights, radius):
    shape = tf.shape(images)
    height, width, channels = shape[1], shape[2], images.shape[-1]
    # Whole lines: an innermost dimension of 3 keeps a CPU from vectorizing.
    lines = tf.reshape(images, (-1, height, width * channels))
    rows = _blur_down(_reflect(lines, radius, 1), weights)
    columns = _reflect(tf.reshape(rows, shape), radius, 2)
    columns = tf.reshape(columns, (-1, height, (width + 2 * radius) * channels))
    blurred = _blur_along(columns, weights, channels)
    if images.dtype == tf.uint8:
        blurred = tf.round(blurred)
    return tf.cast(tf.reshape(blurred, shape), images.dtype)


# Separate functions: a compiler that sees both passes at once computes the
# first one again for each weight of the second.
@compile_in_graphs
def _reflect(images, radius, axis):
    """Images extended by `radius` on both sides of an axis, by reflection."""
    side = tf.shape(images)[axis]
    period = tf.maximum(2 * (side - 1), 1)

    def take(places):
        places %= period
        places = tf.where(places < side, places, period - places)
        return tf.gather(images, places, axis=axis)

    before = take(tf.range(-radius, 0))
    after = take(tf.range(side, side + radius))
    return tf.concat((before, images, after), axis=axis)


@compile_in_graphs
def _blur_down(lines, weights):
    taps = weights.shape[1]
    height = tf.shape(lines)[1] - taps + 1
    total = 0.0
    for tap in range(taps):
        values = tf.cast(lines[:, tap : tap + height], tf.float32)
        total += round_first(weights[:, tap, tf.newaxis, tf.newaxis] * values)
    if lines.dtype == tf.uint8:
        total = tf.round(total * HALFWAY_UNITS) / HALFWAY_UNITS
    return total


@compile_in_graphs
def _blur_along(lines, weights, channels):
    taps = weights.shape[1]
    length = tf.shape(lines)[2] - (taps - 1) * channels
    total = 0.0
    for start in range(0, taps * channels, channels):
        values = lines[:, :, start : start + length]
        weight = weights[:, start // channels, tf.newaxis, tf.newaxis]
        total += round_first(weight * values)
    return total
