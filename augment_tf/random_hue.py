"""RandomHue: all colors of an image turned around the color circle."""

import keras
import tensorflow as tf

from augment_tf.base import Augmentation
from augment_tf.ops import arguments, sampling
from augment_tf.ops.compiling import compile_in_graphs, round_first


@keras.saving.register_keras_serializable(package="augment_tf")
class RandomHue(Augmentation):
    """Adds a random angle to the hue of all pixels of an image.

    Hue is that of HSV (hue, saturation, value), as in `tf.image.adjust_hue`.
    Saturation and value stay as they are. Gray stays gray, and images of one
    channel stay as they are.

    The fourth part of torchvision's ColorJitter: SimCLR's is
    `Sequence([ColorJitter(0.8, 0.8, 0.8), RandomHue(0.2)])`. `factor` of
    `keras.layers.RandomHue` counts half circles: its 0.2 is a `hue` of 0.1.

    Args:
        hue: Float in [0, 0.5]. Angles are uniform in [-hue, hue] of a circle;
            at 0.5 all hues are equally likely.
        seed: Integer or None; see `augment_tf.Augmentation`.

    Input shape:
        (batch, height, width, 3 or 1) or one image, in [0, 255].

    Output shape:
        The input's, always float32.

    Raises:
        ValueError: if `hue` is outside its range.

    Example:

    >>> import augment_tf
    >>> import tensorflow as tf
    >>> gray = tf.fill((2, 4, 4, 3), 100.0)
    >>> turned = augment_tf.RandomHue(0.5).apply(gray, seed=(0, 1))
    >>> bool(tf.reduce_all(turned == gray))
    True
    """

    keeps_uint8 = False
    depends_on_range = False
    channels = (1, 3)

    def __init__(self, hue=0.1, seed=None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        self.hue = arguments.number("hue", hue, minimum=0.0, maximum=0.5)

    def get_random_transformation(self, images, seed):
        count = (tf.shape(images)[0],)
        return {"angles": sampling.uniform(seed, count, -self.hue, self.hue)}

    def transform_images(self, images, transformation):
        if images.shape[-1] == 1:
            return images
        sixths = 6.0 * transformation["angles"]
        # In [0, 6].
        sixths = tf.where(sixths < 0.0, sixths + 6.0, sixths)
        return _turn(images, tf.cast(sixths, tf.float32))

    def get_config(self):
        return {**super().get_config(), "hue": self.hue}


@compile_in_graphs
def _turn(images, sixths):
    """Images (B, H, W, 3) after `sixths`, (B,), of a turn of their hues."""
    images = tf.cast(images, tf.float32)
    red, green, blue = tf.unstack(images, axis=-1)
    value = tf.reduce_max(images, axis=-1)
    chroma = value - tf.reduce_min(images, axis=-1)
    scale = tf.where(chroma > 0.0, chroma, 1.0)
    # Sixths of a circle from red, in [-1, 5].
    hue = tf.where(
        value == red,
        (green - blue) / scale,
        tf.where(
            value == green,
            (blue - red) / scale + 2.0,
            (red - green) / scale + 4.0,
        ),
    )
    hue += sixths[:, tf.newaxis, tf.newaxis]
    turned = []
    for offset in (5.0, 3.0, 1.0):
        # Compilers make one number of 5 - 6.
        place = round_first(hue + offset)
        for _ in range(2):
            place = tf.where(place >= 6.0, place - 6.0, place)
        missing = tf.clip_by_value(tf.minimum(place, 4.0 - place), 0.0, 1.0)
        turned.append(value - round_first(chroma * missing))
    return tf.stack(turned, axis=-1)
