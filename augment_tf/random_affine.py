"""Random rotation, translation, scale and shear."""

import math

import keras
import tensorflow as tf

from augment_tf.base import Augmentation
from augment_tf.ops import affine, arguments, sampling
from augment_tf.ops.chains import change_images


@keras.saving.register_keras_serializable(package="augment_tf")
class RandomAffine(Augmentation):
    """Shears, turns, scales and moves each image, in this order.

    The middle of the image is the fixed point, as in torchvision. With nearest
    neighbours, uint8 pixels equal Pillow's `Image.transform`; with bilinear
    interpolation they differ from it by at most 1. Floats are rounded to whole
    numbers in [0, 255] first.

    Keras has `RandomRotation`, `RandomTranslation`, `RandomZoom` and
    `RandomShear` instead; their `fill_value` is `fill` here, and there is no
    `fill_mode`: what lies outside the image is always `fill`.

    Args:
        degrees: Number of at least 0: the angle is uniform in
            [-degrees, degrees]. Or pair (lower, upper).
        translate: Number, or pair (x, y), in [0, 1]: shifts are uniform
            up to this share of the width and of the height, in both directions.
        scale: Pair of numbers above 0: the factor of size is log-uniform in it.
        shear: Number, or pair (x, y), in [0, 90): the angles of shear
            along x and y are uniform up to this many degrees, in both
            directions.
        probability: Float in [0, 1]. Share of the images that are changed.
        interpolation: "nearest" or "bilinear".
        fill: Number, or three, in [0, 255]: the color around the image.
        seed: Integer or None; see `augment_tf.Augmentation`.

    Input shape:
        (batch, height, width, 3 or 1) or one image, in [0, 255].

    Output shape:
        The input's. `apply` keeps uint8 images.
        No gradient: images become whole numbers.

    Raises:
        ValueError: if an argument is outside its range.

    Example:

    >>> import augment_tf
    >>> import tensorflow as tf
    >>> images = tf.fill((2, 32, 32, 3), tf.constant(90, tf.uint8))
    >>> turn = augment_tf.RandomAffine(degrees=10, translate=0.1)
    >>> turn.apply(images, seed=(0, 1)).shape
    TensorShape([2, 32, 32, 3])
    """

    channels = (1, 3)

    def __init__(
        self,
        degrees=15.0,
        translate=0.0,
        scale=(1.0, 1.0),
        shear=0.0,
        probability=1.0,
        interpolation="bilinear",
        fill=0,
        seed=None,
        **kwargs,
    ):
        super().__init__(seed=seed, **kwargs)
        if not isinstance(degrees, (tuple, list)):
            arguments.number("degrees", degrees, minimum=0.0)
            degrees = (-degrees, degrees)
        self.degrees = arguments.interval("degrees", degrees)
        self.translate = arguments.pair(
            "translate", translate, minimum=0.0, maximum=1.0
        )
        self.scale = arguments.interval("scale", scale, above=0.0)
        self.shear = arguments.pair("shear", shear, minimum=0.0, maximum=89.0)
        self.probability = arguments.number(
            "probability", probability, minimum=0.0, maximum=1.0
        )
        self.interpolation = arguments.choice(
            "interpolation", interpolation, ("nearest", "bilinear")
        )
        self.fill = arguments.color("fill", fill)

    def get_random_transformation(self, images, seed):
        count = tf.shape(images)[0]
        height, width = tf.unstack(tf.shape(images)[1:3])
        seeds = iter(sampling.split(seed, 7))

        def draw(lower, upper):
            return sampling.uniform(next(seeds), (count,), lower, upper)

        matrices = affine.combination(
            degrees=draw(*self.degrees),
            right=draw(-1.0, 1.0)
            * self.translate[0]
            * tf.cast(width, tf.float64),
            down=draw(-1.0, 1.0)
            * self.translate[1]
            * tf.cast(height, tf.float64),
            scale=tf.exp(draw(*map(math.log, self.scale))),
            shear_x=draw(-self.shear[0], self.shear[0]),
            shear_y=draw(-self.shear[1], self.shear[1]),
            height=height,
            width=width,
        )
        changed = sampling.bernoulli(next(seeds), (count,), self.probability)
        return {"matrices": matrices, "changed": changed}

    def transform_images(self, images, transformation):
        return change_images(
            images,
            tf.cast(transformation["changed"], tf.int32)[:, tf.newaxis],
            transformation["matrices"][:, tf.newaxis],
            ("identity", self.interpolation),
            self.fill,
        )

    def get_config(self):
        return {
            **super().get_config(),
            "degrees": self.degrees,
            "translate": self.translate,
            "scale": self.scale,
            "shear": self.shear,
            "probability": self.probability,
            "interpolation": self.interpolation,
            "fill": self.fill,
        }
