"""Random crops of varying size and aspect, resized to one size."""

import math

import keras
import tensorflow as tf

from augment_tf.base import Augmentation
from augment_tf.ops import arguments, sampling
from augment_tf.ops.resizing import resize_crops

# As in torchvision; after that, the central crop.
TRIES = 10


@keras.saving.register_keras_serializable(package="augment_tf")
class RandomResizedCrop(Augmentation):
    """Cuts a random region out of each image and resizes it to `size`.

    Follows torchvision: area uniform in `scale`, in units of the image's;
    aspect log-uniform in `ratio`; width = round(sqrt(area * aspect)), height
    = round(sqrt(area / aspect)); drawn up to 10 times until both fit, and
    otherwise the largest central crop whose aspect is within `ratio`;
    position uniform. The region is resized with the antialiased bilinear
    filter of Pillow, and pixels around it have no influence.

    At inference (`training=False`) this largest central crop is resized.

    Keras has no layer of this name. `keras.layers.RandomCrop` does not
    resize, and takes `height` and `width` in place of `size`.

    References:
        - Szegedy et al., Going Deeper with Convolutions (2014), section 6,
          https://arxiv.org/abs/1409.4842

    Args:
        size: Integer, or pair (height, width), in pixels.
        scale: Pair of floats in [0, 1]. Range of the region's area, as a
            share of the image.
        ratio: Pair of floats above 0. Range of width / height. (`ratio` of
            `RandomErasing` is height / width, as in its own paper.)
        seed: Integer or None; see `augment_tf.Augmentation`.

    Input shape:
        (batch, height, width, 3) or (height, width, 3), in [0, 255].

    Output shape:
        `(batch, *size, 3)` or `(*size, 3)`. `apply` keeps uint8 images, within
        1 of Pillow's result for the same region.

    Raises:
        ValueError: if an argument is outside its range.

    Example:

    >>> import augment_tf
    >>> import tensorflow as tf
    >>> images = tf.fill((2, 64, 48, 3), tf.constant(7, tf.uint8))
    >>> crop = augment_tf.RandomResizedCrop(size=32)
    >>> crops = crop.apply(images, seed=(0, 1))
    >>> crops.shape, bool(tf.reduce_all(crops == 7))
    (TensorShape([2, 32, 32, 3]), True)
    """

    depends_on_range = False
    channels = (1, 3)

    def __init__(
        self,
        size,
        scale=(0.08, 1.0),
        ratio=(3 / 4, 4 / 3),
        seed=None,
        **kwargs,
    ):
        super().__init__(seed=seed, **kwargs)
        sides = size if isinstance(size, (tuple, list)) else (size, size)
        if len(sides) != 2:
            raise ValueError(
                "expected `size` to be an integer or a pair (height, width). "
                f"Received: size={size!r}."
            )
        self.size = tuple(
            arguments.integer("size", side, minimum=1) for side in sides
        )
        self.scale = arguments.interval(
            "scale", scale, minimum=0.0, maximum=1.0
        )
        self.ratio = arguments.interval("ratio", ratio, above=0.0)

    def get_random_transformation(self, images, seed):
        shape = tf.shape(images)
        count, height, width = shape[0], shape[1], shape[2]
        rows, columns = self._draw_sides(seed, count, height, width)
        _, _, top_seed, left_seed = sampling.split(seed, 4)
        top = sampling.integers(top_seed, (count,), height - rows + 1)
        left = sampling.integers(left_seed, (count,), width - columns + 1)
        drawn = tf.stack((top, left, top + rows, left + columns), axis=1)
        central = self._central_crops(images)
        return {"crops": tf.where(rows[:, tf.newaxis] > 0, drawn, central)}

    def _draw_sides(self, seed, count, height, width):
        """Rows and columns of the first try that fits, else 0, (B,) each."""
        area_seed, aspect_seed, _, _ = sampling.split(seed, 4)
        tries = (count, TRIES)
        pixels = tf.cast(height * width, tf.float64)
        area = sampling.uniform(area_seed, tries, *self.scale) * pixels
        aspect = tf.exp(
            sampling.uniform(aspect_seed, tries, *map(math.log, self.ratio))
        )
        rows = tf.cast(tf.round(tf.sqrt(area / aspect)), tf.int32)
        columns = tf.cast(tf.round(tf.sqrt(area * aspect)), tf.int32)
        fits = (rows > 0) & (columns > 0)
        fits &= (rows <= height) & (columns <= width)
        first = tf.argmax(fits, axis=1, output_type=tf.int32)
        sides = tf.stack((rows, columns), axis=2)
        sides = tf.where(fits[..., tf.newaxis], sides, 0)
        return tf.unstack(tf.gather(sides, first, batch_dims=1), axis=1)

    def _central_crops(self, images):
        """The largest central crop with an aspect within `ratio`, (B, 4)."""
        shape = tf.shape(images)
        sides = tf.cast(shape[1:3], tf.float64)
        height, width = sides[0], sides[1]
        rows = tf.minimum(height, tf.round(width / self.ratio[0]))
        columns = tf.minimum(width, tf.round(height * self.ratio[1]))
        size = tf.cast(tf.maximum(tf.stack((rows, columns)), 1.0), tf.int32)
        start = (shape[1:3] - size) // 2
        crop = tf.concat((start, start + size), axis=0)
        return tf.tile(crop[tf.newaxis], (shape[0], 1))

    def transform_images(self, images, transformation):
        return resize_crops(images, transformation["crops"], self.size)

    def leave_images(self, images):
        # Functions that XLA compiles would keep a model from becoming ONNX.
        crops = self._central_crops(images)
        return resize_crops(images, crops, self.size, compiles=False)

    def compute_output_shape(self, input_shape):
        if isinstance(input_shape, dict):
            shape = self.compute_output_shape(input_shape["images"])
            return {**input_shape, "images": shape}
        if isinstance(input_shape[0], (tuple, list)):
            return (self.compute_output_shape(input_shape[0]), *input_shape[1:])
        return (*input_shape[:-3], *self.size, input_shape[-1])

    def get_config(self):
        return {
            **super().get_config(),
            "size": self.size,
            "scale": self.scale,
            "ratio": self.ratio,
        }
