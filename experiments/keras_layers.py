"""Layers of Keras and KerasCV as arms of an experiment."""

import importlib
import threading

import keras
import numpy as np
import tensorflow as tf

import augment_tf
from experiments.errors import ConfigError

# Imported only by experiments that use them: KerasCV takes seconds.
LIBRARIES = ("keras", "keras_cv")


class KerasLayer(augment_tf.Augmentation):
    """A preprocessing layer of Keras or KerasCV with this project's seeds.

    Such layers keep random state in variables, and KerasCV's draw from
    TensorFlow's global generator besides. Called eagerly, one call at a time,
    all of it can be set from the seed first, which makes the layer a function
    of its input and seed like those of `augment_tf`; KerasCV's RandAugment
    and AugMix cannot be traced into a graph anyway. The price is speed, and
    that it runs on the host alone.

    Args:
        library: One of `LIBRARIES`.
        name: Class name, such as "RandAugment".
        **options: The class's arguments.

    Attributes:
        seeded: Whether the same seed gave the same images when tried.

    Raises:
        ConfigError: if there is no such layer or it refuses the options.
    """

    keeps_uint8 = False
    # Of all such layers: TensorFlow's global seed is one.
    _one_at_a_time = threading.Lock()

    def __init__(self, library, name, **options):
        super().__init__()
        layers = importlib.import_module(library).layers
        layer_class = getattr(layers, name, None)
        if layer_class is None:
            raise ConfigError(f"augment: {library}.layers has no {name!r}.")
        # What KerasCV builds inside a layer without a seed shares this one.
        tf.random.set_global_generator(tf.random.Generator.from_seed(0))
        try:
            self.layer = layer_class(seed=0, dtype="float32", **options)
        except (TypeError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise ConfigError(f"augment.{library}/{name}: {reason}") from error
        self.generators = _generators(self.layer)
        self.seeded = self._gives_the_same_twice()

    def augment(self, images, labels, seed):
        inputs = [images, seed] if labels is None else [images, seed, labels]
        outputs = tf.numpy_function(
            self._augment_eagerly,
            inputs,
            [tf.float32] * (len(inputs) - 1),
            stateful=False,
        )
        outputs[0] = tf.ensure_shape(outputs[0], images.shape)
        if labels is None:
            return outputs[0], None
        return outputs[0], tf.ensure_shape(outputs[1], labels.shape)

    def _augment_eagerly(self, images, seed, labels=None):
        batch = {"images": tf.constant(images, tf.float32)}
        if labels is not None:
            batch["labels"] = tf.constant(labels, tf.float32)
        with self._one_at_a_time:
            positive = int(seed[0]) % 2**31 * 2**31 + int(seed[1]) % 2**31
            tf.random.set_seed(positive)
            for index, generator in enumerate(self.generators):
                _reseed(generator, tf.random.fold_in(seed, index))
            result = self.layer(batch, training=True)
        outputs = [result["images"].numpy()]
        return (
            outputs if labels is None else [*outputs, result["labels"].numpy()]
        )

    def _gives_the_same_twice(self):
        images = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3))
        batch = {"images": images.astype("float32"), "labels": np.eye(8)}
        batch["labels"] = batch["labels"].astype("float32")
        first, second = (self.apply(batch, (1, 2)) for _ in range(2))
        return all(np.array_equal(first[key], second[key]) for key in batch)


def _generators(layer):
    """The generators of a layer and of all layers inside it, once each."""
    found = [
        value
        for each in layer._flatten_layers()
        for value in vars(each).values()
        if isinstance(value, (keras.random.SeedGenerator, tf.random.Generator))
    ]
    return list({id(generator): generator for generator in found}.values())


def _reseed(generator, seed):
    if isinstance(generator, tf.random.Generator):
        generator.reset_from_key_counter(
            tf.cast(seed[0], tf.int64),
            tf.stack([0, tf.cast(seed[1], tf.int64)]),
        )
    else:
        # Keras's seeds are not negative.
        positive = tf.bitwise.bitwise_and(seed, 0x7FFFFFFF)
        generator.state.assign(tf.cast(positive, generator.state.dtype))
