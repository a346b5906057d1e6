"""Checks of a config that need TensorFlow and Keras, but no data.

Types and ranges of fields are checked when a config is made.
"""

import math
import os

import keras
import numpy as np
import tensorflow as tf

from experiments.configs.schema import as_json
from experiments.errors import ConfigError
from experiments.report.published.results import read_published
from experiments.training.augmentation import build_augmentation, mixes
from models import build_network, imagenet
from models.initializers import get_bias_initializer, get_initializer
from pipelines.augly.operations import check_operations
from pipelines.errors import DataError
from pipelines.loading import FOLDERS, check_name, check_splits

_IMAGES, _CLASSES = 4, 3


def check_experiment(experiment):
    """Refuses a config that would end in an error later.

    It reads no data, writes nothing and takes seconds at most.

    Args:
        experiment: An `experiments.configs.schema.Experiment`.

    Raises:
        ConfigError: if there is no such data set, initializer or published
            result; if ImageNet weights for such a network do not exist; if
            a layer or one of AugLy's operations is unknown, or has a wrong
            argument; if the layers fail on images of this size, or give
            another size than the network's; if the network does not fit into
            memory.
        DataError: if there is no such data set or split.
    """
    check_name(experiment.data.name)
    check_splits(experiment.data)
    _check_held_out(experiment)
    _check_numbers(experiment)
    _check_offline(experiment.data)
    _check_initializers(experiment.model)
    _check_weights(experiment)
    _check_memory(experiment.model)
    read_published(as_json(experiment))
    augmentation = build_augmentation(experiment)
    if augmentation is not None:
        _check_augmentation(augmentation, experiment)


def _check_held_out(experiment):
    if experiment.data.selection is not None:
        return
    for field, value in (
        ("early_stop", experiment.early_stop),
        ("judged", experiment.judged if experiment.judged == "best" else None),
    ):
        if value is not None:
            raise ConfigError(
                f"{field}={value} needs images that are held out: expected "
                "data.selection, such as --set data.selection=holdout. "
                "Received: none."
            )


def _check_numbers(experiment):
    """Refuses numbers that fit no images."""
    data, model = experiment.data, experiment.model
    if experiment.judged == "ema" and experiment.ema is None:
        raise ConfigError(
            "judged=ema needs averaged weights: expected ema, such as --set "
            "ema=0.999. Received: none."
        )
    if experiment.unmixed_epochs > experiment.epochs:
        raise ConfigError(
            f"unmixed_epochs={experiment.unmixed_epochs} is more than "
            f"epochs={experiment.epochs}."
        )
    drops = data.drop_remainder and data.steps_per_epoch is None
    if drops and (data.limit_train or data.batch_size) < data.batch_size:
        raise ConfigError(
            f"data.batch_size={data.batch_size} is larger than the "
            f"{data.limit_train} training images of data.limit_train; set it "
            "lower."
        )
    if (model.classes or math.inf) < (data.classes or 0):
        raise ConfigError(
            f"model.classes={model.classes} is less than "
            f"data.classes={data.classes}."
        )


def _check_offline(data):
    if data.offline is None:
        return
    if data.name not in FOLDERS:
        raise ConfigError(
            f"data.offline: {data.name} is not a folder of images. Known: "
            f"{', '.join(FOLDERS)}."
        )
    try:
        check_operations(data.offline.operations)
    except DataError as error:
        raise ConfigError(f"data.offline: {error}") from error


def _check_initializers(model):
    """Tries each initializer, as some of Keras's fit few shapes."""
    for field, make in (
        (
            "initializer",
            lambda: get_initializer(model.initializer)((3, 3, 4, 8)),
        ),
        (
            "head_initializer",
            lambda: get_initializer(model.head_initializer)((8, 4)),
        ),
        (
            "head_bias_initializer",
            lambda: get_bias_initializer(model.head_bias_initializer, 8)((4,)),
        ),
    ):
        try:
            make()
        except (TypeError, ValueError, tf.errors.OpError) as error:
            raise ConfigError(
                f"model.{field}={getattr(model, field)}: {_to_line(error)}"
            ) from error


def _check_weights(experiment):
    if experiment.model.weights is None:
        return
    try:
        imagenet.check(experiment.model, experiment.data.image_size)
    except ValueError as error:
        raise ConfigError(str(error)) from error


def _check_memory(model):
    """Refuses a network too large for this machine.

    Without this, the process is killed without a message.
    """
    if model.width <= 256 and (model.classes or 0) <= 100_000:
        return
    with keras.StatelessScope(initialize_variables=False):
        network = build_network(
            model, image_size=64, classes=model.classes or _CLASSES
        )
    parameters = sum(math.prod(v.shape) for v in network.trainable_variables)
    # In float32: weights, gradients, and at least one slot of the optimizer.
    needed = 3 * 4 * parameters
    there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if needed > there:
        raise ConfigError(
            f"model: {parameters:,} parameters, which take at least "
            f"{needed / 2**30:,.0f} GiB to train; this machine has "
            f"{there / 2**30:,.0f} GiB. Set model.width (here {model.width}) "
            "or model.classes lower."
        )


def _check_augmentation(augmentation, experiment):
    """Augments a few images of noise, as the first batch of a run."""
    data = experiment.data
    if data.batch_size == 1 and mixes(augmentation):
        raise ConfigError(
            "data.batch_size=1: a layer of augment mixes images with others "
            "of their batch, and there are none. Set it to 2 or more."
        )
    side = data.stored_size
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (_IMAGES, side, side, 3), np.uint8)
    labels = np.eye(_CLASSES, dtype=np.float32)[np.arange(_IMAGES) % _CLASSES]
    batch = {"images": images, "labels": labels}
    for spec, layer in zip(
        experiment.augment, augmentation.layers, strict=True
    ):
        try:
            batch = layer.apply(batch, (0, 1))
        except (TypeError, ValueError, tf.errors.OpError) as error:
            raise ConfigError(
                f"augment.{spec} fails on {_IMAGES} images of {side}x{side} "
                f"pixels: {_to_line(error)}"
            ) from error
    height, width = batch["images"].shape[1:3]
    if (height, width) != (data.image_size, data.image_size):
        raise ConfigError(
            f"augment: expected images of {data.image_size}x{data.image_size} "
            f"pixels in the end (data.image_size). Received: {height}x{width}."
        )


def _to_line(error):
    text = " ".join(str(error).split())
    return text if len(text) < 300 else f"{text[:297]}..."
