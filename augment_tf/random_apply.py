"""RandomApply: an augmentation for a share of the images."""

import keras

from augment_tf.container import PER, Choosing
from augment_tf.ops import arguments


@keras.saving.register_keras_serializable(package="augment_tf")
class RandomApply(Choosing):
    """Applies a layer to a share of the images or of the batches.

    Args:
        layer: An `augment_tf.Augmentation`; `Sequence` makes one of several.
            Its own seed is not used.
        probability: Float in [0, 1]. Share of the images, or of the batches,
            that the layer is applied to.
        per: `"image"`: each image has its own draw, and the layer works on
            all of them. `"batch"`: one draw for the batch.
        seed: Integer or None; see `augment_tf.Augmentation`.

    Input shape:
        The layer's. Labels are required if it mixes.

    Output shape:
        The layer's. `apply` keeps uint8 images if the layer does. The other
        images are returned as the layer returns them at inference.

    Raises:
        ValueError: if an argument is something else.

    Example:

    >>> import augment_tf
    >>> import tensorflow as tf
    >>> images = tf.zeros((1000, 4, 4, 3), tf.uint8)
    >>> white = augment_tf.RandomCrop(padding=4, fill=255)
    >>> seldom = augment_tf.RandomApply(white, probability=0.1)
    >>> result = seldom.apply(images, seed=(0, 1))
    >>> changed = tf.reduce_any(result > 0, axis=(1, 2, 3))
    >>> 0.05 < float(tf.reduce_mean(tf.cast(changed, tf.float32))) < 0.15
    True
    """

    def __init__(
        self, layer, probability=0.5, per="image", seed=None, **kwargs
    ):
        super().__init__([layer], seed=seed, **kwargs)
        self.probability = arguments.number(
            "probability", probability, minimum=0.0, maximum=1.0
        )
        self.per = arguments.choice("per", per, PER)

    @property
    def shares(self):
        return self.probability, 1.0 - self.probability

    def branches(self):
        (layer,) = self.layers
        return [
            layer.augment,
            lambda images, labels, seed: (layer.leave_images(images), labels),
        ]

    def get_config(self):
        config = super().get_config()
        (layer,) = config.pop("layers")
        return {
            **config,
            "layer": layer,
            "probability": self.probability,
            "per": self.per,
        }

    @classmethod
    def from_config(cls, config):
        layer = keras.saving.deserialize_keras_object(config["layer"])
        return cls(**{**config, "layer": layer})
