"""GridMask: a grid of squares of one color."""

import math

import keras
import tensorflow as tf

from augment_tf.base import Augmentation
from augment_tf.ops import arguments, boxes, sampling
from augment_tf.ops.compiling import compile_in_graphs
from augment_tf.ops.luma import fill_color


@keras.saving.register_keras_serializable(package="augment_tf")
class GridMask(Augmentation):
    """Covers a regular grid of squares on each image.

    For each image: a unit of d pixels, d uniform on the integers of `unit`
    times the image's shorter side; in every unit a square of d -
    ceil(ratio * d) pixels is covered, and the grid is shifted by 0 to d - 1
    pixels in each direction. This follows the official code in the mode of
    the published results (`mode=1`, `rotate=1`: no rotation). There the
    probability grows with the epochs; here it is constant.

    With a `rotation`, the grid is turned around the middle of the image. A
    pixel is covered if its center is. The official code and KerasCV turn a
    larger mask of pixels instead, and theirs ends at some corners.

    References:
        - Chen et al., GridMask Data Augmentation (2020),
          https://arxiv.org/abs/2001.04086

    Args:
        ratio: Float in [0, 1]. The share of each unit's side that stays
            visible; of the pixels, 1 - (1 - ratio) ** 2: 84 % at 0.6.
        unit: Pair of floats in [0, 1]. Range of the unit's side, as a share
            of the image's shorter side. The default is the paper's 96 to 224
            pixels on ImageNet; on CIFAR-10 it is (0.75, 1) and ratio=0.4.
        probability: Float in [0, 1]. Share of the images that are covered.
        fill: One float, or three (red, green, blue), in [0, 255], rounded
            if images are uint8. The default is the mean color of
            ImageNet: the official code writes zeros once that is subtracted.
        rotation: Float in [0, 180]. The grid is turned counterclockwise by
            an angle that is uniform in [-rotation, rotation] degrees, for each
            image. 0 turns nothing.
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
    >>> images = tf.fill((1, 64, 64, 3), tf.constant(255, tf.uint8))
    >>> layer = augment_tf.GridMask(ratio=0.5, unit=(0.25, 0.25), fill=0)
    >>> covered = layer.apply(images, seed=(0, 1))[..., 0] == 0
    >>> float(tf.reduce_mean(tf.cast(covered, tf.float32)))
    0.25
    """

    channels = (1, 3)

    def __init__(
        self,
        ratio=0.6,
        unit=(96 / 224, 1.0),
        probability=1.0,
        fill=(123.675, 116.28, 103.53),
        rotation=0.0,
        seed=None,
        **kwargs,
    ):
        super().__init__(seed=seed, **kwargs)
        self.ratio = arguments.number("ratio", ratio, minimum=0.0, maximum=1.0)
        self.unit = arguments.interval("unit", unit, minimum=0.0, maximum=1.0)
        self.probability = arguments.number(
            "probability", probability, minimum=0.0, maximum=1.0
        )
        self.fill = arguments.color("fill", fill)
        self.rotation = arguments.number(
            "rotation", rotation, minimum=0.0, maximum=180.0
        )

    def get_random_transformation(self, images, seed):
        shape = tf.shape(images)
        count, height, width = shape[0], shape[1], shape[2]
        seeds = sampling.split(seed, 5)
        shorter = tf.cast(tf.minimum(height, width), tf.float64)
        least, most = (
            tf.maximum(tf.cast(tf.round(share * shorter), tf.int32), 1)
            for share in self.unit
        )
        units = least + sampling.integers(seeds[0], (count,), most - least + 1)
        kept = tf.math.ceil(self.ratio * tf.cast(units, tf.float64))
        decisions = sampling.bernoulli(seeds[1], (count,), self.probability)
        kept = tf.where(decisions, tf.cast(kept, tf.int32), units)
        units, kept = units[:, tf.newaxis], kept[:, tf.newaxis]
        row_shifts, column_shifts = (
            sampling.integers(seed, (count, 1), units) for seed in seeds[2:4]
        )
        if self.rotation:
            degrees = sampling.uniform(
                seeds[4], (count, 1), -self.rotation, self.rotation
            )
            grids = units, kept, row_shifts, column_shifts
            return {"pixels": _cover_turned(images, degrees, *grids)}

        return {
            "rows": (tf.range(height) + row_shifts) % units >= kept,
            "columns": (tf.range(width) + column_shifts) % units >= kept,
        }

    def transform_images(self, images, transformation):
        color = fill_color(self.fill, images)
        if "pixels" in transformation:
            return boxes.paste_pixels(images, color, transformation["pixels"])
        return boxes.paste_crossings(images, color, **transformation)

    def get_config(self):
        return {
            **super().get_config(),
            "ratio": self.ratio,
            "unit": self.unit,
            "probability": self.probability,
            "fill": self.fill,
            "rotation": self.rotation,
        }


@compile_in_graphs
def _cover_turned(images, degrees, *grids):
    """Pixels in the squares of turned grids, bool (B, H, W).

    degrees: float64 (B, 1). grids: units, visible pixels of a unit, shifts of
    rows and of columns, all int32 (B, 1).
    """
    sides = tf.unstack(tf.cast(tf.shape(images)[1:3], tf.float64))
    down, right = (
        tf.range(side, dtype=tf.float64) + 0.5 - side / 2.0 for side in sides
    )
    down = down[:, tf.newaxis]
    angles = (degrees * (math.pi / 180.0))[..., tf.newaxis]
    cosine, sine = tf.cos(angles), tf.sin(angles)
    # Whole numbers as floats: compilers make slow code of % of integers.
    units, kept, *shifts = (
        tf.cast(grid, tf.float64)[..., tf.newaxis] for grid in grids
    )
    covered = True
    for place, side, shift in zip(
        (cosine * down + sine * right, cosine * right - sine * down),
        sides,
        shifts,
        strict=True,
    ):
        place = tf.floor(place + side / 2.0) + shift
        covered &= place - units * tf.floor(place / units) >= kept
    return covered
