"""A cache of one trainer, with the graphs that it has traced.

Tracing takes longer than training a small network does. Runs of a study mostly
differ in their seed and in the augmentation on the host, which share graphs.
"""

from typing import Any, NamedTuple

import keras
import tensorflow as tf

_cached = None


class CacheKey(NamedTuple):
    """Properties that two runs must have in common to share a trainer.

    Attributes:
        fields: Fields of the spec and facts about the data, as text.
        strategy: The `tf.distribute` strategy.
    """

    fields: str
    strategy: Any


def make_key(spec, *facts):
    """The `CacheKey` of a run.

    Args:
        spec: The `experiments.training.spec.RunSpec`.
        *facts: Facts about the data that the graphs depend on.
    """
    experiment, environment = spec.experiment, spec.environment
    config = experiment.data
    on_device = config.augment_on == "device"
    fields = (
        *(experiment.model, experiment.optimizer, experiment.epochs),
        *(experiment.label_smoothing, experiment.ema),
        *(experiment.deterministic, config.image_size),
        experiment.augment if on_device else None,
        *(environment["jit_compile"], environment["precision"]),
        *facts,
    )
    return CacheKey(repr(fields), spec.strategy)


def pop(key):
    """Removes the cached `Trainer`; returns it if it has this key, else None.

    A trainer of another key is forgotten, and the Keras session with it.
    """
    global _cached
    cached, _cached = _cached, None
    if cached is not None and cached[0] == key:
        return cached[1]
    del cached
    policy = keras.config.dtype_policy()
    keras.backend.clear_session()
    # The policy belongs to the session, too.
    keras.config.set_dtype_policy(policy)
    return None


def put(key, trainer):
    """Keeps a trainer for the next run; the one before it is forgotten.

    A trainer over several devices, whose graphs may not be as good later, is
    not kept, nor one that holds the images of its run.
    """
    global _cached
    on_one = key.strategy is tf.distribute.get_strategy()
    if on_one and trainer.images is None:
        _cached = key, trainer
