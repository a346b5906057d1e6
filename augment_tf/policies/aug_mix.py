"""AugMix: a weighted mean of an image and several altered versions of it."""

import keras
import tensorflow as tf

from augment_tf.ops import arguments, sampling
from augment_tf.ops.compiling import compile_in_graphs, round_first
from augment_tf.ops.saliency import to_uint8
from augment_tf.policies import magnitudes
from augment_tf.policies.policy import Policy

LONGEST_CHAIN = 3
# The end of the scale of strengths.
HIGHEST_SEVERITY = 10


@keras.saving.register_keras_serializable(package="augment_tf")
class AugMix(Policy):
    """Mixes each image with the mean of `width` chains of operations.

    Follows the official code: each chain has `depth` operations, or 1 to 3;
    the strength of each is uniform in [0.1, severity], on a scale on which 10
    stands for rotation by 30 degrees, shear 0.3, translation by a third of
    the side, posterize down to 0 of 4 bits, solarize from 0 upwards. The
    chains have weights from Dirichlet(alpha, ..., alpha); their mean has
    weight m ~ Beta(alpha, alpha), the image itself 1 - m. The paper trains
    with a loss on the agreement of several such images; this is the
    augmentation alone.

    `keras.layers.AugMix` has `num_chains` for `width`, `chain_depth` for
    `depth`, `all_ops` for `all_operations` and `factor`, in [0, 1], for
    `severity`.

    References:
        - Hendrycks et al., AugMix: A Simple Data Processing Method to Improve
          Robustness and Uncertainty (2019), https://arxiv.org/abs/1912.02781

    Args:
        severity: Integer in [1, 10].
        width: Integer of at least 1. Chains for each image.
        depth: Integer of at least 1: operations in each chain; -1 draws 1, 2
            or 3 for each.
        alpha: Float above 0.
        all_operations: Boolean. True adds color, contrast, brightness and
            sharpness to the operations. The paper leaves them out, since it
            measures robustness to similar changes; torchvision has them by
            default.
        interpolation: "nearest" or "bilinear", for operations that move pixels.
        fill: Number, or three, in [0, 255]: the color that shows around an
            image that was moved.
        seed: Integer or None; see `augment_tf.Augmentation`.

    Input shape:
        (batch, height, width, 3 or 1) or one image, in [0, 255]. The
        chains start from whole numbers: floats are rounded for them.

    Output shape:
        The input's, always float32: a mean is no whole number.
        No gradient: images become whole numbers.

    Raises:
        ValueError: if an argument is outside its range.

    Example:

    >>> import augment_tf
    >>> import tensorflow as tf
    >>> images = tf.fill((2, 32, 32, 3), 90.0)
    >>> augment_tf.AugMix(severity=3).apply(images, seed=(0, 1)).shape
    TensorShape([2, 32, 32, 3])
    """

    keeps_uint8 = False
    signed = magnitudes.GEOMETRIC
    _all_names = (
        "autocontrast",
        "equalize",
        "posterize",
        "rotate",
        "solarize",
        "shear_x",
        "shear_y",
        "translate_x",
        "translate_y",
        "color",
        "contrast",
        "brightness",
        "sharpness",
    )

    def __init__(
        self,
        severity=3,
        width=3,
        depth=-1,
        alpha=1.0,
        all_operations=False,
        interpolation="bilinear",
        fill=0,
        seed=None,
        **kwargs,
    ):
        super().__init__(interpolation, fill, seed=seed, **kwargs)
        self.severity = arguments.integer("severity", severity, minimum=1)
        if self.severity > HIGHEST_SEVERITY:
            raise ValueError(
                "expected `severity` to be an integer in [1, 10]. Received: "
                f"severity={severity!r}."
            )
        self.width = arguments.integer("width", width, minimum=1)
        self.depth = (
            -1 if depth == -1 else arguments.integer("depth", depth, minimum=1)
        )
        self.alpha = arguments.number("alpha", alpha, above=0.0)
        self.all_operations = bool(all_operations)

    @property
    def names(self):
        # "identity" ends the shorter chains.
        count = None if self.all_operations else -4
        return (*self._all_names[:count], "identity")

    def get_random_transformation(self, images, seed):
        count = tf.shape(images)[0]
        seeds = sampling.split(seed, 6)
        longest = LONGEST_CHAIN if self.depth == -1 else self.depth
        shape = (count * self.width, longest)
        chosen = sampling.integers(seeds[0], shape, len(self.names) - 1)
        if self.depth == -1:
            depths = 1 + sampling.integers(seeds[1], shape[:1], LONGEST_CHAIN)
            ended = tf.range(longest) >= depths[:, tf.newaxis]
            chosen = tf.where(ended, len(self.names) - 1, chosen)
        levels = sampling.uniform(seeds[2], shape, 0.1, self.severity)
        sizes = self._sizes(levels / HIGHEST_SEVERITY, images)
        sizes = tf.gather(sizes, chosen, axis=2, batch_dims=2)
        return {
            **self._steps(images, chosen, sizes, seeds[3]),
            "weights": sampling.dirichlet(
                seeds[4], (count,), self.width, self.alpha
            ),
            "shares": sampling.beta(seeds[5], (count,), self.alpha),
        }

    def _sizes(self, levels, images):
        """Magnitudes of each operation at levels in [0, 1], (B, L, N)."""
        height, width = tf.unstack(tf.cast(tf.shape(images)[1:3], tf.float64))
        factor = 1.8 * levels + 0.1 - 1.0
        sizes = {
            "posterize": 4.0 - tf.floor(4.0 * levels),
            "rotate": tf.floor(30.0 * levels),
            "solarize": 256.0 - tf.floor(256.0 * levels),
            "shear_x": 0.3 * levels,
            "shear_y": 0.3 * levels,
            "translate_x": tf.floor(width / 3.0 * levels),
            "translate_y": tf.floor(height / 3.0 * levels),
            "color": factor,
            "contrast": factor,
            "brightness": factor,
            "sharpness": factor,
        }
        zero = tf.zeros_like(levels)
        return tf.stack([sizes.get(n, zero) for n in self.names], axis=-1)

    def transform_images(self, images, transformation):
        # A gather: `tf.repeat` of images is several times slower.
        sources = tf.repeat(tf.range(tf.shape(images)[0]), self.width)
        chains = super().transform_images(
            tf.gather(to_uint8(images), sources), transformation
        )
        mixed = _mix(
            images,
            chains,
            tf.cast(transformation["shares"], tf.float32),
            tf.cast(transformation["weights"], tf.float32),
        )
        # Only the image's own share has a gradient: a part of the whole.
        return tf.stop_gradient(mixed)

    def leave_images(self, images):
        return tf.cast(images, tf.float32)

    def get_config(self):
        return {
            **super().get_config(),
            "severity": self.severity,
            "width": self.width,
            "depth": self.depth,
            "alpha": self.alpha,
            "all_operations": self.all_operations,
        }


@compile_in_graphs
def _mix(images, chains, shares, weights):
    """Images (B, H, W, C) and the chains (B * width, H, W, C) of each."""

    def weighted(images, weights):
        weights = weights[:, tf.newaxis, tf.newaxis, tf.newaxis]
        return round_first(weights * tf.cast(images, tf.float32))

    width = weights.shape[1]
    mixed = weighted(images, 1.0 - shares)
    for chain in range(width):
        mixed += weighted(chains[chain::width], shares * weights[:, chain])
    return mixed
