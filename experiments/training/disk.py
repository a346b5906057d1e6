"""The disk space that the files of a run need."""

import math
import shutil

import keras

import models
from experiments.errors import ConfigError
from experiments.training.checkpoints import list_state

_GIB = 2**30
# Plots, logs and small files.
_REST = 20 * 2**20
# No network of a usual width needs as much.
_PLENTY = 8 * _GIB


def compute_bytes(experiment, trainer, data, classes):
    """The most bytes that a run writes, decoded images aside.

    Args:
        experiment: The `Experiment`.
        trainer: Its built `Trainer`.
        data: Its `pipelines.loading.DataSet`.
        classes: Outputs of the network.
    """
    # Two of them, and a third while it is written.
    checkpoints = 3 * _bytes(list_state(trainer))
    saved = 1 + (data.selection is not None) + (experiment.ema is not None)
    networks = (saved + 1) * _bytes(trainer.network.variables)
    predictions = 4 * classes * len(data.val.labels)
    return checkpoints + networks + predictions + _REST


def check_room_for_network(folder, experiment):
    """Refuses a run that would not fit, before any data is read.

    If plenty is free, nothing is estimated: that would take seconds.

    Args:
        folder: The `RunFolder`.
        experiment: The `Experiment`.

    Raises:
        ConfigError: As `check_room`.
    """
    if _free(folder) < _PLENTY:
        check_room(folder, estimate_bytes(experiment))


def estimate_bytes(experiment):
    """The most bytes that a run writes, if its predictions need little.

    Args:
        experiment: The `Experiment`.
    """
    model = experiment.model
    with keras.StatelessScope(initialize_variables=False):
        network = models.build_network(
            model,
            image_size=experiment.data.image_size,
            classes=model.classes or experiment.data.classes or 2,
        )
    weights = _bytes(network.variables)
    slots = {"sgd": 1, "lion": 1}.get(experiment.optimizer.name, 2)
    checkpoint = weights + slots * _bytes(network.trainable_variables)
    return 3 * checkpoint + 2 * weights + _REST


def _bytes(variables):
    return sum(4 * math.prod(variable.shape) for variable in variables)


def check_room(folder, needed):
    """Refuses a run whose files would not fit.

    Args:
        folder: The `RunFolder`; files that it has already are not counted.
        needed: Bytes.

    Returns:
        The needed and the free space, in words.

    Raises:
        ConfigError: if less is free.
    """
    free = _free(folder)
    written = sum(p.stat().st_size for p in folder.path.glob("*.*"))
    if needed - written > free:
        raise ConfigError(
            f"the files of this run take about {needed / _GIB:.2f} GiB, and "
            f"{free / _GIB:.2f} GiB are free for {folder.path}. "
            f"{folder.if_full}"
        )
    return f"about {needed / _GIB:.2f} GiB, {free / _GIB:,.1f} GiB free"


def _free(folder):
    there = next(p for p in (folder.path, *folder.path.parents) if p.exists())
    return shutil.disk_usage(there).free
