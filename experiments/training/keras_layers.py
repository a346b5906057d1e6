"""Layers of Keras and KerasCV as `augment_tf` layers."""

import functools
import json
import os

import tensorflow as tf

import augment_tf
from experiments.training import keras_layer_worker
from pipelines.files.parallel import Workers

LIBRARIES = ("keras", "keras_cv")


class KerasLayer(augment_tf.Augmentation):
    """A preprocessing layer of Keras or KerasCV with this project's seeds.

    Such layers keep random state in variables. KerasCV's also draw from
    TensorFlow's global generator. They are called eagerly, in processes where
    nothing else runs, and all random state is set from the seed before each
    call. So the layer is a function of its input and seed, as layers of
    `augment_tf` are. (KerasCV's RandAugment and AugMix cannot be traced into a
    graph anyway.) The price is speed, and that it runs on the host alone.

    Args:
        library: One of `LIBRARIES`.
        name: Class name, such as "RandAugment".
        **options: The class's arguments.

    Attributes:
        seeded: Whether the same seed gave the same images in a trial.

    Raises:
        ConfigError: if there is no such layer or it refuses the options.
    """

    keeps_uint8 = False

    def __init__(self, library, name, /, **options):
        super().__init__()
        self.layer = (library, name, json.dumps(options))
        self.seeded = _in_worker(keras_layer_worker.is_seeded, *self.layer)

    def augment(self, images, labels, seed):
        inputs = [tf.cast(images, tf.float32), seed]
        if labels is not None:
            inputs.append(labels)
        outputs = tf.numpy_function(
            self._augment_in_worker,
            inputs,
            [tf.float32] * (len(inputs) - 1),
            stateful=False,
        )
        outputs[0] = tf.ensure_shape(outputs[0], images.shape)
        if labels is None:
            return outputs[0], None
        return outputs[0], tf.ensure_shape(outputs[1], labels.shape)

    def _augment_in_worker(self, images, seed, labels=None):
        return _in_worker(
            keras_layer_worker.augment, *self.layer, images, labels, seed
        )


def _in_worker(function, *arguments):
    return _workers().submit(function, *arguments).result()


@functools.cache
def _workers():
    # 0 if no number was asked for.
    threads = tf.config.threading.get_intra_op_parallelism_threads()
    processes = min(threads or os.cpu_count(), 8)
    return Workers(processes, keras_layer_worker.start)
