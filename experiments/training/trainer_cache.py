"""One trainer is kept from run to run, with the graphs that it has traced.

Tracing them takes longer than training a small network does, and runs of a
study mostly differ in their seed and in what the host does to images.
"""

from typing import Any, NamedTuple

import keras
import tensorflow as tf

_kept = None


class Recipe(NamedTuple):
    """What two runs must have in common to share a trainer.

    Attributes:
        fields: Of the config and of the data, as text.
        strategy: The `tf.distribute` strategy.
    """

    fields: str
    strategy: Any


def recipe_of(experiment, strategy, *facts):
    """The `Recipe` of an experiment.

    Args:
        experiment: An `experiments.configs.schema.Experiment`.
        strategy: A `tf.distribute` strategy.
        *facts: What else the graphs depend on.
    """
    config = experiment.data
    on_device = config.augment_on == "device"
    fields = (
        *(experiment.model, experiment.optimizer, experiment.epochs),
        *(experiment.label_smoothing, experiment.ema),
        *(experiment.deterministic, config.image_size),
        experiment.augment if on_device else None,
        *facts,
    )
    return Recipe(repr(fields), strategy)


def take(recipe):
    """The `Trainer` that is kept, if it is of this recipe; it is not any more.

    Otherwise nothing is kept any more, and None is returned.
    """
    global _kept
    kept, _kept = _kept, None
    if kept is not None and kept[0] == recipe:
        return kept[1]
    del kept
    policy = keras.config.dtype_policy()
    keras.backend.clear_session()
    # That belongs to the session, too.
    keras.config.set_dtype_policy(policy)
    return None


def keep(recipe, trainer):
    """Keeps a trainer for the next run; the one before it is forgotten.

    Not over several devices, whose graphs are not known to be as good later,
    and not with the images of a run.
    """
    global _kept
    on_one = recipe.strategy is tf.distribute.get_strategy()
    if on_one and trainer.images is None:
        _kept = recipe, trainer
