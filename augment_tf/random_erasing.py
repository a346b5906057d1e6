"""Random Erasing: rectangles replaced by a color or by noise."""

import keras
import tensorflow as tf

from augment_tf.base import Augmentation
from augment_tf.ops import arguments, boxes, sampling
from augment_tf.ops.luma import fill_color

FILLS = ("constant", "random", "noise")
# After this many tries the official code leaves the image unchanged.
TRIES = 100
# Nearly always one of these fits. The others are drawn only if none does.
FIRST_TRIES = 6


@keras.saving.register_keras_serializable(package="augment_tf")
class RandomErasing(Augmentation):
    """Erases a random rectangle of an image.

    Follows the official code: area uniform in `scale`, in units of the
    image's; aspect uniform in `ratio`; height = round(sqrt(area * aspect)),
    width = round(sqrt(area / aspect)); drawn again, up to 100 times, until
    both are smaller than the image's; position uniform over all that fit.
    If no try fits, the image stays unchanged.

    `keras.layers.RandomErasing` uses other names: `factor` there is
    `probability` here, and a single number there stands for a range from 0.
    `fill_value` there is `value` here, for `fill="constant"`; `fill` here
    selects the kind of filling.

    References:
        - Zhong et al., Random Erasing Data Augmentation (2017),
          https://arxiv.org/abs/1708.04896

    Args:
        probability: Float in [0, 1]. Share of the images that are erased.
        scale: Pair of floats in [0, 1]. Range of the erased area, as a
            share of the image. `(0.4, 0.4)` always erases 40 %.
        ratio: Pair of floats above 0. Range of height / width; `(1, 1)`
            erases squares.
        fill: `"constant"`: `value`; `"random"`: one color a rectangle,
            each channel uniform on the integers 0..255; `"noise"`: every
            pixel and channel uniform on 0..255.
        value: One float, or three (red, green, blue), in [0, 255], for
            `fill="constant"`; rounded if images are uint8. The default
            is the mean color of CIFAR-10, as in the official code.
        count: Integer, at least 1. Rectangles per erased image, which may
            overlap. As in timm, each gets 1 / count of the area, so that
            `scale` bounds the sum.
        seed: Integer or None; see `augment_tf.Augmentation`.

    Input shape:
        (batch, height, width, 3) or (height, width, 3), in [0, 255].

    Output shape:
        The input's. `apply` keeps uint8 images.

    Raises:
        ValueError: if an argument is outside its range.

    Example:

    >>> import augment_tf
    >>> import tensorflow as tf
    >>> images = tf.fill((2, 64, 64, 3), tf.constant(255, tf.uint8))
    >>> erasing = augment_tf.RandomErasing(
    ...     probability=1.0, scale=(0.4, 0.4), ratio=(1, 1), value=0
    ... )
    >>> erased = erasing.apply(images, seed=(0, 1))
    >>> tf.reduce_sum(tf.cast(erased[..., 0] == 0, tf.int32), (1, 2)).numpy()
    array([1600, 1600], dtype=int32)
    """

    channels = (1, 3)

    def __init__(
        self,
        probability=0.5,
        scale=(0.02, 0.4),
        ratio=(0.3, 1 / 0.3),
        fill="constant",
        value=(125.3, 123.0, 113.9),
        count=1,
        seed=None,
        **kwargs,
    ):
        super().__init__(seed=seed, **kwargs)
        self.probability = arguments.number(
            "probability", probability, minimum=0.0, maximum=1.0
        )
        self.scale = arguments.interval(
            "scale", scale, minimum=0.0, maximum=1.0
        )
        self.ratio = arguments.interval("ratio", ratio, above=0.0)
        self.fill = arguments.choice("fill", fill, FILLS)
        self.value = arguments.color("value", value)
        self.count = arguments.integer("count", count, minimum=1)

    def get_random_transformation(self, images, seed):
        decision_seed, fill_seed, *box_seeds = sampling.split(
            seed, 2 + self.count
        )
        shape = tf.shape(images)
        decisions = sampling.bernoulli(
            decision_seed, shape[:1], self.probability
        )
        fill_seeds = sampling.split(fill_seed, self.count)
        return {
            "boxes": [
                boxes.keep(self._draw_boxes(shape, box_seed), decisions)
                for box_seed in box_seeds
            ],
            "fills": [
                self._draw_fill(images, fill_seed) for fill_seed in fill_seeds
            ],
        }

    def _draw_boxes(self, shape, seed):
        count, height, width = shape[0], shape[1], shape[2]
        first_seed, rest_seed, *seeds = sampling.split(seed, 4)
        first = self._draw_fitting(first_seed, shape, FIRST_TRIES)
        missing = first["area"] < 0.0

        def draw_rest():
            rest = self._draw_fitting(rest_seed, shape, TRIES - FIRST_TRIES)
            return {k: tf.where(missing, rest[k], first[k]) for k in first}

        drawn = tf.cond(tf.reduce_any(missing), draw_rest, lambda: first)
        # If nothing fits, the area is 0: an empty box.
        area, aspect = tf.maximum(drawn["area"], 0.0), drawn["aspect"]
        rows = tf.cast(tf.round(tf.sqrt(area * aspect)), tf.int32)
        columns = tf.cast(tf.round(tf.sqrt(area / aspect)), tf.int32)
        top = sampling.integers(seeds[0], (count,), height - rows + 1)
        left = sampling.integers(seeds[1], (count,), width - columns + 1)
        return tf.stack((top, left, top + rows, left + columns), axis=-1)

    def _draw_fitting(self, seed, shape, tries):
        """Area in pixels and aspect of the first try that fits, (B,) each.

        The area is -1 for an image that no try fits.
        """
        sides = tf.cast(shape, tf.float64)
        height, width = sides[1], sides[2]
        pixels = height * width / self.count
        draws = sampling.uniform(seed, (2, shape[0], tries))
        area, aspect = (
            lower + (upper - lower) * draw
            for (lower, upper), draw in zip(
                (self.scale, self.ratio), tf.unstack(draws), strict=True
            )
        )
        area = area * pixels
        # round(sqrt(x)) < side, without the root: tries are cheap as long as
        # only the chosen one is computed in full.
        fits = (area * aspect < (height - 0.5) ** 2) & (
            area < (width - 0.5) ** 2 * aspect
        )
        first = tf.argmax(fits, axis=1, output_type=tf.int32)
        area = tf.gather(tf.where(fits, area, -1.0), first, batch_dims=1)
        aspect = tf.gather(aspect, first, batch_dims=1)
        return {"area": area, "aspect": aspect}

    def _draw_fill(self, images, seed):
        shape = tf.shape(images)
        if self.fill == "constant":
            return fill_color(self.value, images)
        if self.fill == "random":
            shape = tf.stack((shape[0], 1, 1, shape[3]))
        return tf.cast(sampling.bytes(seed, shape), images.dtype)

    def transform_images(self, images, transformation):
        for box, fill in zip(
            transformation["boxes"], transformation["fills"], strict=True
        ):
            images = boxes.paste(images, fill, box)
        return images

    def get_config(self):
        return {
            **super().get_config(),
            "probability": self.probability,
            "scale": self.scale,
            "ratio": self.ratio,
            "fill": self.fill,
            "value": self.value,
            "count": self.count,
        }
