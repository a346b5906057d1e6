"""Trains on one and on two CPU devices; run by test_distribution.py.

A process of its own, because devices are fixed once TensorFlow has started.

Usage: python two_devices.py FOLDER train|all JSON
All of it uses one MirroredStrategy: TensorFlow mixes up the sums over replicas
of a second one with those of the first.
"""

import json
import sys
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import tensorflow as tf

import augment_tf
from experiments.configs.overrides import override
from experiments.configs.registry import get_experiment
from experiments.configs.schema import layer
from experiments.errors import ConfigError
from experiments.run_folder import RunFolder
from experiments.runtime.devices import make_strategy
from experiments.training.augmentation import build_augmentation
from experiments.training.run import run
from experiments.training.session import Session
from experiments.training.trainer import Trainer
from pipelines.batches import train_batches
from pipelines.config import Data
from pipelines.loading import load
from pipelines.location import Location

BATCH = 8
# With last batches of one image, in training and in evaluation.
LAST_ONE = (
    *("data.batch_size=12", "data.drop_remainder=false"),
    *("data.limit_train=25", "data.limit_val=37"),
    "data.augment_on=device",
)


def train_mirrored(experiment, workdir, strategy):
    assert strategy.num_replicas_in_sync == 2
    run(
        experiment,
        seed=0,
        workdir=workdir,
        location=Location("unused"),
        strategy=strategy,
    )


def refuse_uneven(experiment, workdir, strategy):
    uneven = override(experiment, ["data.batch_size=13"])
    try:
        train_mirrored(replace(uneven, name="uneven"), workdir, strategy)
    except ConfigError as error:
        (workdir / "uneven.txt").write_text(str(error))


def called_layers(folder, strategy):
    """Saves the results of `layer(images)` on each replica, three calls each.

    {place}_{time} of the layer's making: (calls, replicas, ...).
    """
    images = tf.zeros((4, 16, 16, 3))
    arrays = {}
    for place in ("scope", "outside"):
        for time in range(2):
            with strategy.scope() if place == "scope" else nullcontext():
                layer = augment_tf.RandomErasing(
                    probability=1.0, fill="noise", seed=7
                )

            def call(layer=layer):
                return layer(images)

            step = tf.function(lambda call=call: strategy.run(call))
            found = [
                strategy.experimental_local_results(each)
                for each in (step(), step(), strategy.run(call))
            ]
            arrays[f"{place}_{time}"] = np.array(found)
    alone = augment_tf.RandomErasing(probability=1.0, fill="noise", seed=7)
    arrays["alone"] = np.array([alone(images) for _ in range(3)])
    np.savez(folder / "called.npz", **arrays)


def augmented_batches(layer, strategy, jit_compile):
    """The batches in the train step of each replica, in the replicas' order."""
    split = load(
        Data(name="shapes", image_size=24, limit_train=24, limit_val=6),
        Location("unused"),
    ).train
    dataset = train_batches(
        split, classes=6, batch_size=BATCH, seed=3, steps=3, with_seeds=True
    )
    with strategy.scope():
        trainer = Trainer(network=None, augment=layer)

    @tf.function(jit_compile=jit_compile)
    def one_step(batch):
        return trainer.augmented(*batch)

    @tf.function
    def all_replicas(batch):
        return strategy.run(one_step, (batch,))

    result = []
    for batch in strategy.experimental_distribute_dataset(dataset):
        images, labels = all_replicas(batch)
        result.append(
            [
                np.concatenate(strategy.experimental_local_results(each))
                for each in (images, labels)
            ]
        )
    return [np.stack(each) for each in zip(*result, strict=True)]


def augment(folder, experiments, strategy):
    """Saves the images of {experiment: whether XLA compiles its layers}."""
    arrays = {}
    for name, compiled in experiments.items():
        layer = build_augmentation(get_experiment(name))
        arrays[name], _ = augmented_batches(layer, strategy, compiled)
    np.savez(folder / "augmented.npz", **arrays)


def main(folder, part, experiment, assignments, augment_as=None):
    # Drawing takes longer than training.
    RunFolder.write_plot = Session._draw_samples = lambda *_: None
    strategy = make_strategy("mirrored")
    experiment = override(get_experiment(experiment), assignments)
    train_mirrored(experiment, folder, strategy)
    if part == "train":
        return
    last_one = replace(
        override(experiment, LAST_ONE),
        name="last_one",
        # Of an empty batch, too.
        augment=(layer("CutMix"),),
    )
    train_mirrored(last_one, folder, strategy)
    refuse_uneven(experiment, folder, strategy)
    called_layers(folder, strategy)
    augment(folder, augment_as, strategy)


if __name__ == "__main__":
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(
        cpu, [tf.config.LogicalDeviceConfiguration()] * 2
    )
    main(Path(sys.argv[1]), sys.argv[2], **json.loads(sys.argv[3]))
