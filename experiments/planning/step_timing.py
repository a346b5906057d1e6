"""Measured time of an experiment's steps, without its data."""

import time
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from experiments.runtime import devices
from experiments.training.augmentation import build_augmentation
from experiments.training.data import count_classes
from experiments.training.timing import Clock
from experiments.training.trainer import build_trainer
from pipelines.batches import eval_batches, train_batches
from pipelines.loading import DataSet, LoadedSplit
from pipelines.shapes import draw

_MOST_STEPS = 1000


class Step(NamedTuple):
    """Times in seconds.

    Attributes:
        start: Until a first step and evaluation are done.
        train: Of a training step.
        evaluate: Of the evaluation of a batch.
    """

    start: float
    train: float
    evaluate: float


def build_stand_in(config, counts):
    """Builds a data set of one drawn image, as often as there are images.

    Args:
        config: A `pipelines.config.Data`.
        counts: `image_counts.Counts`.

    Returns:
        A `pipelines.loading.DataSet`.
    """
    side = config.stored_size
    image = draw(0, side, 0)

    def split(images):
        return LoadedSplit(
            np.broadcast_to(image, (images, *image.shape)),
            np.arange(images, dtype=np.int32) % counts.classes,
        )

    return DataSet(
        config.name,
        [str(number) for number in range(counts.classes)],
        train=split(counts.train),
        val=split(counts.val),
    )


class StepTimer:
    """Timer that measures each kind of step once.

    Arms that differ only in the host's work share a network, whose graphs are
    traced once for all of them.

    Args:
        strategy: A `tf.distribute` strategy.
    """

    def __init__(self, strategy):
        self._strategy = strategy
        self._steps = {}
        self._network = None

    def time(self, experiment, data):
        """Measures the steps of an experiment.

        Args:
            experiment: An `Experiment`.
            data: A `DataSet`.

        Returns:
            A `Step`.

        Raises:
            ConfigError: if the config cannot be run.
        """
        kind = repr((_device_part(experiment, data), _host_part(experiment)))
        if kind not in self._steps:
            print(f"timing steps of {experiment.name}", flush=True)
            policy = keras.config.dtype_policy()
            keras.config.set_dtype_policy(
                devices.resolve_precision(experiment.precision)
            )
            try:
                self._steps[kind] = self._time(experiment, data)
            finally:
                keras.config.set_dtype_policy(policy)
        return self._steps[kind]

    def _time(self, experiment, data):
        if experiment.deterministic:
            tf.config.experimental.enable_op_determinism()
        augment = build_augmentation(experiment)
        part = _device_part(experiment, data)
        if self._network is None or self._network[0] != part:
            self._network = None  # Its memory is needed for the next one.
            started = time.perf_counter()
            trainer = _build_trainer(experiment, data, augment, self._strategy)
            _train(trainer, experiment, data, augment, 1)
            _evaluate(trainer, experiment, data, 1)
            self._network = part, trainer, time.perf_counter() - started
        _, trainer, start = self._network
        # Graphs for the kind of images that this arm's layers make.
        _train(trainer, experiment, data, augment, 1)
        return Step(
            start,
            _train(trainer, experiment, data, augment, _MOST_STEPS),
            _evaluate(trainer, experiment, data, _MOST_STEPS),
        )


def time_arms(experiments, counts, strategy):
    """Measures the steps of each arm of a study, on drawn images.

    Args:
        experiments: `Experiment`s.
        counts: `image_counts.Counts` of each.
        strategy: As for `StepTimer`.

    Returns:
        A list of `Step`.

    Raises:
        ConfigError: if a config cannot be run.
    """
    timer = StepTimer(strategy)
    return [
        timer.time(each, build_stand_in(each.data, images))
        for each, images in zip(experiments, counts, strict=True)
    ]


def _device_part(experiment, data):
    """Returns the settings that the device's work depends on, as text."""
    config = experiment.data
    return repr(
        (
            *(experiment.model, experiment.optimizer, experiment.precision),
            *(experiment.deterministic, len(data.class_names)),
            *(config.image_size, config.batch_size, config.augment_on),
            experiment.augment if config.augment_on == "device" else None,
        )
    )


def _host_part(experiment):
    """Returns the settings that only the host's work depends on."""
    config = experiment.data
    return experiment.augment, config.load_size, config.crop_fraction


def _build_trainer(experiment, data, augment, strategy):
    with strategy.scope():
        return build_trainer(
            experiment,
            classes=count_classes(experiment, data),
            steps_per_epoch=1,
            augment=augment,
            replicas=strategy.num_replicas_in_sync,
            jit_compile=devices.resolve_jit_compile(
                strategy, experiment.deterministic
            ),
        )


def _train(trainer, experiment, data, augment, steps):
    """Measures the seconds of a training step."""
    config, clock = experiment.data, Clock()
    batches = train_batches(
        data.train,
        classes=count_classes(experiment, data),
        batch_size=config.batch_size,
        seed=0,
        steps=steps,
        augment=None if augment is None else augment.apply,
        with_seeds=trainer.active_augment is not None,
        endless=True,
    )
    trainer.fit(batches, callbacks=[clock], shuffle=False, verbose=0)
    return clock.seconds


def _evaluate(trainer, experiment, data, steps):
    """Measures the seconds of evaluating a batch."""
    config, clock = experiment.data, Clock()
    batches = eval_batches(
        data.val,
        classes=count_classes(experiment, data),
        batch_size=config.batch_size,
        image_size=config.image_size,
        crop_fraction=config.crop_fraction,
    )
    trainer.evaluate(batches.take(steps), callbacks=[clock], verbose=0)
    return clock.seconds
