"""What the layers share that are made of other layers."""

import keras
import tensorflow as tf

from augment_tf.base import BYTES, Augmentation


class Container(Augmentation):
    """An augmentation made of augmentations, with what holds for all of them.

    Args:
        layers: List of `augment_tf.Augmentation` layers, at least one. Their
            own seeds are not used.
        seed: Integer or None; see `augment_tf.Augmentation`.
    """

    def __init__(self, layers, seed=None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        if not isinstance(layers, (list, tuple)) or not layers:
            raise ValueError(
                "expected `layers` to be a list of at least one augmentation "
                f"layer. Received: layers={layers!r}."
            )
        for layer in layers:
            if not isinstance(layer, Augmentation):
                raise ValueError(
                    "expected every layer to be an augment_tf.Augmentation. "
                    f"Received: {layer!r} of type {type(layer).__name__}."
                )
            if layer.value_range not in (BYTES, self.value_range):
                raise ValueError(
                    f"expected `value_range` of {type(self).__name__} to be "
                    f"that of its layers. Received: {self.value_range}, and "
                    f"{layer.value_range} of {layer.name}."
                )
        self.layers = list(layers)

    @property
    def mixes_labels(self):
        return any(layer.mixes_labels for layer in self.layers)

    @property
    def keeps_uint8(self):
        return all(layer.keeps_uint8 for layer in self.layers)

    @property
    def depends_on_range(self):
        return any(layer.depends_on_range for layer in self.layers)

    @property
    def channels(self):
        common = set.intersection(
            *(set(layer.channels) for layer in self.layers)
        )
        return tuple(sorted(common))

    def get_config(self):
        return {
            **super().get_config(),
            "layers": [
                keras.saving.serialize_keras_object(layer)
                for layer in self.layers
            ],
        }

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        config["layers"] = [
            keras.saving.deserialize_keras_object(layer)
            for layer in config["layers"]
        ]
        return cls(**config)


def as_kept(layer, images):
    """What a layer returned, float32 unless it keeps uint8."""
    return images if layer.keeps_uint8 else tf.cast(images, tf.float32)
