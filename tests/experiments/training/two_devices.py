"""Trains on one and on two CPU devices; run by test_distribution.py.

A process of its own, because devices are fixed once TensorFlow has started.

Usage: python two_devices.py FOLDER mirrored|train|last_one|layers JSON
A process each: TensorFlow mixes up the sums over replicas of a second
MirroredStrategy with those of the first.
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
from experiments.errors import ConfigError
from experiments.runtime.devices import make_strategy
from experiments.training.augmentation import build_augmentation
from experiments.training.run import run
from experiments.training.trainer import Trainer
from pipelines.batches import train_batches
from pipelines.config import Data
from pipelines.loading import load
from pipelines.location import Location

BATCH = 8


def train_as(name, workdir, assignments, strategy_name):
    experiment = override(get_experiment("demo_salmix"), assignments)
    strategy = make_strategy(strategy_name)
    replicas = strategy.num_replicas_in_sync
    assert replicas == (strategy_name == "mirrored") + 1
    run(
        replace(experiment, name=name),
        seed=0,
        workdir=workdir,
        location=Location("unused"),
        strategy=strategy,
    )


def train(workdir, assignments):
    # MirroredStrategy over both devices, and one device alone.
    for name in ("mirrored", "default"):
        train_as(name, workdir, assignments, name)


def train_last_one(workdir, assignments):
    """With last batches of one image, in training and in evaluation."""
    last_one = [
        *("data.batch_size=12", "data.drop_remainder=false"),
        *("data.limit_train=25", "data.limit_val=37"),
        "data.augment_on=device",
    ]
    train_as("last_one", workdir, [*assignments, *last_one], "mirrored")


def refuse_uneven(workdir, assignments):
    uneven = [*assignments, "data.batch_size=13"]
    try:
        train_as("uneven", workdir, uneven, "mirrored")
    except ConfigError as error:
        (workdir / "uneven.txt").write_text(str(error))


def called_layers(folder):
    """Saves the results of `layer(images)` on each replica, three calls each.

    {place}_{time} of the layer's making: (calls, replicas, ...).
    """
    strategy = make_strategy("mirrored")
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


def augment(folder, names):
    """Saves {experiment}_{strategy}_{compiled}_{images|labels}."""
    arrays = {}
    for name in names:
        layer = build_augmentation(get_experiment(name))
        for strategy in ("default", "mirrored"):
            for jit_compile in (False, True):
                images, labels = augmented_batches(
                    layer, make_strategy(strategy), jit_compile
                )
                prefix = f"{name}_{strategy}_{jit_compile}"
                arrays[f"{prefix}_images"] = images
                arrays[f"{prefix}_labels"] = labels
    np.savez(folder / "augmented.npz", **arrays)


if __name__ == "__main__":
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(
        cpu, [tf.config.LogicalDeviceConfiguration()] * 2
    )
    folder, part = Path(sys.argv[1]), sys.argv[2]
    given = json.loads(sys.argv[3])
    if part == "mirrored":
        train_as("demo_salmix", folder, given["assignments"], "mirrored")
    elif part == "train":
        train(folder, given["assignments"])
    elif part == "last_one":
        train_last_one(folder, given["assignments"])
    else:
        refuse_uneven(folder, given["assignments"])
        called_layers(folder)
        augment(folder, given["augment"])
