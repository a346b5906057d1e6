"""Color jitter: brightness, contrast and saturation."""

import keras
import tensorflow as tf

from augment_tf.ops import arguments, sampling
from augment_tf.ops.color_matrix import ColorTransform
from augment_tf.ops.luma import LUMA


@keras.saving.register_keras_serializable(package="augment_tf")
class ColorJitter(ColorTransform):
    """Changes brightness, contrast and saturation of each image.

    Each of the three moves the image towards, or away from, a gray version of
    itself: image + a * (gray - image), with a uniform in [-x, x]; x is the
    argument. Gray is black for brightness, the mean luma of the image for
    contrast, and each pixel's luma for saturation. As in the published recipes
    (fb.resnet.torch), nothing is clipped.

    Those recipes apply the three in random order. Without clipping the order
    changes nothing. The weights of the luma sum to 1, so contrast and
    saturation preserve the mean luma, saturation each pixel's, brightness
    scales both, and the three commute. They are applied here in one step.

    Keras's layer is `RandomColorJitter`; its `brightness_factor`,
    `contrast_factor` and `saturation_factor` correspond to the arguments here.
    It clips, and has `hue_factor`.

    References:
        - Howard, Some Improvements on Deep Convolutional Neural Network
          Based Image Classification (2013), https://arxiv.org/abs/1312.5402

    Args:
        brightness: Float in [0, 1]. 0 leaves brightness alone.
        contrast: Float in [0, 1]. 0 leaves contrast alone.
        saturation: Float in [0, 1]. 0 leaves saturation alone.
        seed: Integer or None; see `augment_tf.Augmentation`.

    Input shape:
        (batch, height, width, 3) or (height, width, 3), in [0, 255].

    Output shape:
        The input's, always float32.

    Raises:
        ValueError: if an argument is outside its range.

    Example:

    >>> import augment_tf
    >>> import tensorflow as tf
    >>> images = tf.fill((2, 4, 4, 3), 100.0)
    >>> jitter = augment_tf.ColorJitter(brightness=0, contrast=0.4)
    >>> gray = jitter.apply(images, seed=(0, 1))
    >>> bool(tf.reduce_all(tf.abs(gray - 100.0) < 1e-3))
    True
    """

    channels = (1, 3)

    def __init__(
        self,
        brightness=0.4,
        contrast=0.4,
        saturation=0.4,
        seed=None,
        **kwargs,
    ):
        super().__init__(seed=seed, **kwargs)
        self.brightness = arguments.number(
            "brightness", brightness, minimum=0.0, maximum=1.0
        )
        self.contrast = arguments.number(
            "contrast", contrast, minimum=0.0, maximum=1.0
        )
        self.saturation = arguments.number(
            "saturation", saturation, minimum=0.0, maximum=1.0
        )

    def get_random_transformation(self, images, seed):
        ranges = tf.constant(
            (self.brightness, self.contrast, self.saturation), tf.float64
        )
        shape = (tf.shape(images)[0], 3)
        amounts = sampling.uniform(seed, shape, -1.0, 1.0) * ranges
        brightness, contrast, saturation = tf.unstack(amounts, axis=1)
        return {
            "brightness": brightness,
            "contrast": contrast,
            "saturation": saturation,
        }

    def color_transform(self, means, transformation):
        # Shares that remain of brightness, of saturation and of contrast.
        light, color, contrast = (
            1.0 - transformation[name][:, tf.newaxis]
            for name in ("brightness", "saturation", "contrast")
        )
        luma = tf.constant(LUMA, tf.float64)
        mean = tf.reduce_sum(means * luma, axis=1, keepdims=True)
        gray = tf.tile((light * contrast * (1.0 - color))[..., None], (1, 3, 3))
        own = (light * contrast * color)[..., tf.newaxis]
        matrix = gray * luma + own * tf.eye(3, dtype=tf.float64)
        return matrix, tf.tile(light * (1.0 - contrast) * mean, (1, 3))

    def get_config(self):
        return {
            **super().get_config(),
            "brightness": self.brightness,
            "contrast": self.contrast,
            "saturation": self.saturation,
        }
