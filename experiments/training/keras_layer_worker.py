"""Calls layers of Keras and KerasCV; runs in processes of its own.

Their random numbers come from variables of the layer, Python, NumPy and
TensorFlow's global generator. All of these can be set from a seed before a
call, but only if nothing else runs: setting TensorFlow's global seed clears
caches that other threads are using.
"""

import difflib
import functools
import importlib
import inspect
import json
import re

import numpy as np

from experiments.errors import ConfigError
from experiments.runtime.startup import start_tensorflow


def start():
    """Prepares the process."""
    # The training has the GPUs.
    start_tensorflow(gpus=False)


def augment(library, name, options, images, labels, seed):
    """Augments a batch.

    Args:
        library, name: Such as "keras_cv" and "RandAugment".
        options: The layer's arguments as JSON.
        images: float32 (B, H, W, 3) in [0, 255].
        labels: float32 (B, K), or None.
        seed: int32 (2,).

    Returns:
        [images] or [images, labels], float32.

    Raises:
        ConfigError: if there is no such layer or it refuses the options.
    """
    import keras
    import tensorflow as tf

    layer, generators = _build(library, name, options)
    numbers = np.random.SeedSequence(np.asarray(seed).view(np.uint32).tolist())
    first, *others = numbers.generate_state(1 + len(generators)).tolist()
    keras.utils.set_random_seed(first)
    for generator, number in zip(generators, others, strict=True):
        if isinstance(generator, tf.random.Generator):
            generator.reset_from_seed(number)
        else:
            state = [number % 2**31, 0]
            generator.state.assign(tf.cast(state, generator.state.dtype))
    batch = {"images": tf.constant(images)}
    if labels is not None:
        batch["labels"] = tf.constant(labels)
    try:
        result = layer(batch, training=True)
        return [result[key].numpy() for key in batch]
    # Layers of other libraries raise errors of any class, and not all of
    # these can be sent to another process.
    except Exception as error:
        raise _refusal(library, name, error) from error


def is_seeded(library, name, options):
    """True if the same seed gives the same images."""
    images = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3))
    labels = np.eye(8, dtype=np.float32)
    first, second = (
        augment(
            library,
            name,
            options,
            images.astype(np.float32),
            labels,
            np.array([1, 2], np.int32),
        )
        for _ in range(2)
    )
    return all(map(np.array_equal, first, second))


@functools.lru_cache
def _build(library, name, options):
    """The layer, and a list of all generators in it."""
    import keras
    import tensorflow as tf

    layers = importlib.import_module(library).layers
    layer_class = getattr(layers, name, None)
    if not inspect.isclass(layer_class):
        known = [each for each in dir(layers) if each.startswith("Random")]
        close = difflib.get_close_matches(name, dir(layers), cutoff=0.5)
        raise ConfigError(
            f"augment: {library}.layers has no {name!r}. Known, among others: "
            f"{', '.join(close or known)}."
        )
    # Parts that KerasCV builds without a seed share this generator.
    tf.random.set_global_generator(tf.random.Generator.from_seed(0))
    try:
        layer = layer_class(seed=0, dtype="float32", **json.loads(options))
    except Exception as error:
        raise _refusal(library, name, error) from error
    kinds = (keras.random.SeedGenerator, tf.random.Generator)
    found = {
        id(value): value
        for each in layer._flatten_layers()
        for value in vars(each).values()
        if isinstance(value, kinds)
    }
    return layer, list(found.values())


def _refusal(library, name, error):
    # Keras names the place first, then in bold the reason.
    text = re.sub(r"\x1b\[\d*m|^Exception encountered.*", "", str(error))
    reason = text.strip().partition("\n")[0] or type(error).__name__
    return ConfigError(f"augment.{library}/{name}: {reason}")
