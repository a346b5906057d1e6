"""Base classes of layers that contain other layers."""

import keras
import numpy as np
import tensorflow as tf

from augment_tf.base import BYTES, Augmentation
from augment_tf.ops import sampling

PER = ("image", "batch")


class Container(Augmentation):
    """An augmentation that contains others and inherits their properties.

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


def to_output_dtype(layer, images):
    """Casts a layer's images to float32 unless the layer keeps uint8."""
    return images if layer.keeps_uint8 else tf.cast(images, tf.float32)


class Choosing(Container):
    """Draws one of several branches, for each image or for the batch.

    A subclass implements `branches`, and `shares`, their relative frequencies.
    """

    def branches(self):
        """Functions (images, labels, seed) -> (images, labels)."""
        raise NotImplementedError

    def augment(self, images, labels, seed):
        branches = self.branches()
        choice_seed, *seeds = sampling.split(seed, 1 + len(branches))
        results = [
            lambda branch=branch, seed=seed: self._run(
                branch, images, labels, seed
            )
            for branch, seed in zip(branches, seeds, strict=True)
        ]
        if self.per == "batch":
            choice = self.draw_choices(choice_seed, ())
            images, *labels = tf.switch_case(choice, results)
        else:
            choices = self.draw_choices(choice_seed, tf.shape(images)[:1])
            images, *labels = (
                _take_chosen(parts, choices)
                for parts in zip(*[run() for run in results], strict=True)
            )
        return images, labels[0] if labels else None

    def draw_choices(self, seed, shape):
        """Numbers of branches, int32 of shape `shape`."""
        bounds = np.cumsum(self.shares)[:-1] / np.sum(self.shares)
        draws = sampling.uniform(seed, shape)[..., tf.newaxis]
        return tf.reduce_sum(tf.cast(draws >= bounds, tf.int32), axis=-1)

    def _run(self, branch, images, labels, seed):
        images, labels = branch(images, labels, seed)
        images = to_output_dtype(self, images)
        return (images,) if labels is None else (images, labels)

    def leave_images(self, images):
        return to_output_dtype(self, self.layers[0].leave_images(images))

    def compute_output_shape(self, input_shape):
        return self.layers[0].compute_output_shape(input_shape)


def _take_chosen(parts, choices):
    """Takes each image from the result of its own branch."""
    if all(part is parts[0] for part in parts):
        return parts[0]
    count = tf.shape(parts[0])[0]
    # Copying whole images is faster on a CPU than `tf.where` on all pixels.
    return tf.gather(
        tf.concat(parts, axis=0), choices * count + tf.range(count)
    )
