"""Cutout: squares of one color."""

import keras
import tensorflow as tf

from augment_tf.base import Augmentation
from augment_tf.ops import arguments, boxes, sampling
from augment_tf.ops.luma import fill_color


@keras.saving.register_keras_serializable(package="augment_tf")
class Cutout(Augmentation):
    """Covers a square around a random pixel of each image.

    The centre is uniform over all pixels, and the border clips the square: the
    authors found that some images should stay mostly whole. As in the official
    code, the square goes from centre - side // 2 to centre + side // 2, with
    side = round(length * the image's shorter side).

    References:
        - DeVries and Taylor, Improved Regularization of Convolutional Neural
          Networks with Cutout (2017), https://arxiv.org/abs/1708.04552

    Args:
        length: Float in [0, 1]. The square's side, as a share of the image's
            shorter side. The default is the paper's 16 pixels on CIFAR-10;
            on CIFAR-100 it is 0.25, on SVHN 0.625.
        count: Integer, at least 1. Squares on each image, which may overlap.
        probability: Float in [0, 1]. Share of the images that are covered.
        fill: One float, or three (red, green, blue), in [0, 255], rounded
            if images are uint8. The default is the mean color of
            CIFAR-10: the official code writes zeros once that is subtracted.
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
    >>> images = tf.fill((4, 32, 32, 3), tf.constant(255, tf.uint8))
    >>> covered = augment_tf.Cutout(fill=0).apply(images, seed=(0, 1))
    >>> pixels = tf.cast(covered[..., 0] == 0, tf.int32)
    >>> bool(tf.reduce_all(tf.reduce_sum(pixels, axis=(1, 2)) <= 16 * 16))
    True
    """

    channels = (1, 3)

    def __init__(
        self,
        length=0.5,
        count=1,
        probability=1.0,
        fill=(125.3, 123.0, 113.9),
        seed=None,
        **kwargs,
    ):
        super().__init__(seed=seed, **kwargs)
        self.length = arguments.number(
            "length", length, minimum=0.0, maximum=1.0
        )
        self.count = arguments.integer("count", count, minimum=1)
        self.probability = arguments.number(
            "probability", probability, minimum=0.0, maximum=1.0
        )
        self.fill = arguments.color("fill", fill)

    def get_random_transformation(self, images, seed):
        shape = tf.shape(images)
        decision_seed, *seeds = sampling.split(seed, 1 + 2 * self.count)
        decisions = sampling.bernoulli(
            decision_seed, shape[:1], self.probability
        )
        shorter = tf.cast(tf.minimum(shape[1], shape[2]), tf.float64)
        half = tf.cast(tf.round(self.length * shorter), tf.int32) // 2

        def ends(seed, side):
            centers = sampling.integers(seed, shape[:1], side)
            return (
                tf.maximum(centers - half, 0),
                tf.minimum(centers + half, side),
            )

        drawn = []
        for row_seed, column_seed in zip(seeds[::2], seeds[1::2], strict=True):
            top, bottom = ends(row_seed, shape[1])
            left, right = ends(column_seed, shape[2])
            box = tf.stack((top, left, bottom, right), axis=-1)
            drawn.append(boxes.keep(box, decisions))
        return {"boxes": drawn}

    def transform_images(self, images, transformation):
        color = fill_color(self.fill, images)
        for box in transformation["boxes"]:
            images = boxes.paste(images, color, box)
        return images

    def get_config(self):
        return {
            **super().get_config(),
            "length": self.length,
            "count": self.count,
            "probability": self.probability,
            "fill": self.fill,
        }
