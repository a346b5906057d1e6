"""FMix: blobs of another image, labels in proportion."""

import keras
import numpy as np
import tensorflow as tf

from augment_tf.mixing import BetaMixing
from augment_tf.ops import arguments, boxes, sampling
from augment_tf.ops.compiling import compile_in_graphs

# Frequencies of this many waves an image, and more, are left out. They hold
# 1 in 4 million of the variance of a mask at a decay of 3, 1 in 2,000 at 2.
WAVES = 32
# Levels of brightness between the darkest and the brightest pixel of an image.
LEVELS = 2**24


@keras.saving.register_keras_serializable(package="augment_tf")
class FMix(BetaMixing):
    """Replaces blobs of random shape by those of another image.

    For each image: lambda ~ Beta(alpha, alpha); a gray image is made of
    Fourier coefficients whose real and imaginary parts are normal and fall
    with frequency as 1 / frequency ** decay; the brightest share lambda of
    its pixels keeps the image's own, the others are the partner's. Partners
    come from one random permutation of the batch. The partner's label gets
    the weight *pixels taken / all pixels*, counted after rounding.

    The official code draws one lambda and one mask for the whole batch; here
    every image has its own, which leaves each image's distribution as it is.
    That code also reads the real and the imaginary parts, which are neighbours
    in memory, as real coefficients of twice as many columns: its masks are
    symmetric about a point, and finer horizontally than vertically. The masks
    here are those that the paper describes.

    References:
        - Harris et al., FMix: Enhancing Mixed Sample Data Augmentation
          (2020), https://arxiv.org/abs/2002.12047

    Args:
        alpha: Float above 0. Both parameters of the Beta distribution; 1
            makes lambda uniform.
        probability: Float in [0, 1]. Share of the images that are mixed.
        decay: Float of at least 2. The higher, the smoother the blobs.
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
    >>> mixed = augment_tf.FMix().apply(batch, seed=(0, 1))
    >>> kept = tf.reduce_mean(
    ...     tf.cast(mixed["images"] == images, tf.float32), axis=(1, 2, 3)
    ... )
    >>> bool(tf.reduce_all(kept == tf.linalg.diag_part(mixed["labels"])))
    True
    """

    depends_on_range = False
    channels = (1, 3)

    def __init__(
        self, alpha=1.0, probability=1.0, decay=3.0, seed=None, **kwargs
    ):
        super().__init__(alpha, probability, seed=seed, **kwargs)
        self.decay = arguments.number("decay", decay, minimum=2.0)

    def get_random_transformation(self, images, seed):
        shape = tf.shape(images)
        count, height, width = shape[0], shape[1], shape[2]
        seeds = sampling.split(seed, 5)
        lambdas = sampling.beta(seeds[0], (count,), self.alpha)
        decisions = sampling.bernoulli(seeds[1], (count,), self.probability)
        pixels = tf.cast(height * width, tf.float64)
        # Up or down by a coin, as in the official code.
        ups = sampling.bernoulli(seeds[2], (count,), 0.5)
        kept = lambdas * pixels
        kept = tf.where(ups, tf.math.ceil(kept), tf.floor(kept))
        kept = tf.cast(tf.where(decisions, kept, pixels), tf.int32)
        noise = _draw_smooth_noise(seeds[3], count, height, width, self.decay)
        masks = _select_brightest(noise, kept)
        taken = tf.reduce_sum(tf.cast(~masks, tf.int32), axis=(1, 2))
        return {
            "masks": masks,
            "partners": sampling.permutation(seeds[4], count),
            "weights": tf.cast(taken, tf.float64) / pixels,
        }

    def transform_images(self, images, transformation):
        partners = tf.gather(images, transformation["partners"])
        return boxes.paste_pixels(images, partners, ~transformation["masks"])

    def get_config(self):
        return {**super().get_config(), "decay": self.decay}


def _draw_smooth_noise(seed, count, height, width, decay):
    """Gray images whose frequencies decay, float64 (B, H, W)."""
    rows = tf.minimum(height, 2 * WAVES)
    columns = tf.minimum(width // 2 + 1, WAVES)
    radius_seed, angle_seed = sampling.split(seed, 2)
    drawn = (count, rows, columns)
    # Box and Muller's two normal numbers: 1 - u lies in (0, 1].
    radius = tf.sqrt(
        -2.0 * tf.math.log(1.0 - sampling.uniform(radius_seed, drawn))
    )
    angle = sampling.uniform(angle_seed, drawn, 0.0, 2.0 * np.pi)
    # The second half of the rows are the negative frequencies.
    first = (rows + 1) // 2
    waves = tf.range(rows)
    waves = tf.where(waves < first, waves, waves - rows)
    radius *= _weigh_frequencies(
        tf.cast(waves, tf.float64) / tf.cast(height, tf.float64),
        tf.range(columns, dtype=tf.float64) / tf.cast(width, tf.float64),
        1.0 / tf.cast(tf.maximum(height, width), tf.float64),
        decay,
    )
    spectrum = tf.complex(radius * tf.cos(angle), radius * tf.sin(angle))
    padding = [[0, 0], [0, 0], [0, width // 2 + 1 - columns]]
    spectrum = tf.pad(spectrum, padding)
    between = tf.zeros((count, height - rows, width // 2 + 1), spectrum.dtype)
    spectrum = tf.concat(
        (spectrum[:, :first], between, spectrum[:, first:]), axis=1
    )
    return tf.signal.irfft2d(spectrum, tf.stack((height, width)))


def _weigh_frequencies(rows, columns, least, decay):
    """Weights of the coefficients, by their frequencies in each direction."""
    frequencies = tf.sqrt(rows[:, tf.newaxis] ** 2 + columns**2)
    return (tf.maximum(frequencies, least) / least) ** -decay


@compile_in_graphs
def _select_brightest(noise, counts):
    """Masks of each image's `counts` brightest pixels, bool (B, H, W).

    Pixels of one level are equally bright. If not all of them fit into the
    count, none is selected.
    """
    darkest = tf.reduce_min(noise, axis=(1, 2), keepdims=True)
    span = tf.reduce_max(noise, axis=(1, 2), keepdims=True) - darkest
    scale = LEVELS / tf.where(span > 0.0, span, 1.0)
    levels = tf.cast((noise - darkest) * scale, tf.int32)
    counts = counts[:, tf.newaxis, tf.newaxis]
    # Bisection: sorting takes several times as long.
    low, high = tf.zeros_like(counts) - 1, tf.zeros_like(counts) + LEVELS
    for _ in range(LEVELS.bit_length()):
        middle = (low + high) // 2
        above = tf.cast(levels > middle, tf.int32)
        fits = tf.reduce_sum(above, axis=(1, 2), keepdims=True) <= counts
        low, high = tf.where(fits, low, middle), tf.where(fits, middle, high)
    pixels = tf.reduce_prod(tf.shape(noise)[1:])
    return levels > tf.where(counts == pixels, -1, high)
