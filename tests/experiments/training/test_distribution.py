"""Two replicas train like one, and augment on the device like the host."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from augment_tf.ops.sampling import replica_seed
from experiments.configs.overrides import override
from experiments.configs.registry import get_experiment
from experiments.run_folder import RunFolder
from experiments.training.augmentation import build_augmentation
from pipelines.batches import train_batches
from pipelines.config import Data
from pipelines.loading import load
from pipelines.location import Location
from tests.experiments.training.short_runs import train
from tests.experiments.training.two_devices import augmented_batches

SCRIPT = Path(__file__).with_name("two_devices.py")
# Experiments whose layers are tried, with the tolerance of their images, none
# if the images stay uint8, and whether XLA compiles them.
AUGMENTED = [
    ("tinyimagenet_fair_cutmix", 0, True),
    ("tinyimagenet_fair_mixup", 1e-3, False),
]
EXPERIMENT = "demo_random_erase"
SMALL = [
    "epochs=1",
    "data.image_size=16",
    "data.limit_train=96",
    "data.limit_val=42",
    "data.batch_size=24",
    "model.name=ResNet4",
    "model.stem=small",
    "model.width=4",
    "optimizer.learning_rate=0.05",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("two_devices")
    given = {
        "experiment": EXPERIMENT,
        "assignments": SMALL,
        "augment_as": {name: compiled for name, _, compiled in AUGMENTED},
    }
    done = subprocess.run(
        [sys.executable, SCRIPT, path, "all", json.dumps(given)],
        cwd=SCRIPT.parents[3],
        env={**os.environ, "PYTHONPATH": "."},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return path


def test_two_replicas_give_the_losses_of_one(folder, tmp_path):
    one = train(override(get_experiment(EXPERIMENT), SMALL), tmp_path)
    two = RunFolder(folder / EXPERIMENT / "seed_0")
    assert one.read_json("environment.json")["replicas"] == 1
    assert two.read_json("environment.json")["replicas"] == 2
    assert len(one.history()) == 1
    for expected, got in zip(one.history(), two.history(), strict=True):
        for key in ("loss", "val_loss", "accuracy", "val_accuracy"):
            assert got[key] == pytest.approx(expected[key], rel=1e-3), key
    with (
        np.load(one / "predictions.npz") as expected,
        np.load(two / "predictions.npz") as got,
    ):
        np.testing.assert_array_equal(got["labels"], expected["labels"])
        np.testing.assert_allclose(
            got["probabilities"], expected["probabilities"], atol=1e-3
        )


@pytest.fixture(scope="module")
def split():
    return load(
        Data(name="shapes", image_size=24, limit_train=24, limit_val=6),
        Location("unused"),
    ).train


@pytest.mark.parametrize(("name", "tolerance", "compiled"), AUGMENTED)
def test_one_device_gives_the_images_of_the_host(
    split, name, tolerance, compiled
):
    layer = build_augmentation(get_experiment(name))
    host = train_batches(
        split, classes=6, batch_size=8, seed=3, steps=3, augment=layer.apply
    )
    images, labels = augmented_batches(
        layer, tf.distribute.get_strategy(), compiled
    )
    expected_images, expected_labels = map(np.stack, zip(*host, strict=True))
    assert len(expected_images) == 3
    np.testing.assert_allclose(images, expected_images, rtol=0, atol=tolerance)
    np.testing.assert_allclose(labels, expected_labels, atol=1e-6)


@pytest.mark.parametrize(("name", "tolerance", "compiled"), AUGMENTED)
def test_each_replica_uses_its_own_part_of_the_stream(
    folder, split, name, tolerance, compiled
):
    layer = build_augmentation(get_experiment(name))
    plain = train_batches(split, classes=6, batch_size=8, seed=3, steps=3)
    with np.load(folder / "augmented.npz") as device:
        got = device[name]
    assert len(got) == len(list(plain)) == 3
    for step, (images, labels) in enumerate(plain):
        for replica in range(2):
            half = slice(4 * replica, 4 * replica + 4)
            expected = layer.apply(
                {"images": images[half], "labels": labels[half]},
                replica_seed(tf.constant([3, step]), replica),
            )
            np.testing.assert_allclose(
                got[step, half],
                expected["images"],
                rtol=0,
                atol=tolerance,
            )


def test_replicas_have_different_seeds():
    seeds = {
        tuple(replica_seed(tf.constant([5, step]), replica).numpy())
        for step in range(10)
        for replica in range(8)
    }
    assert len(seeds) == 80
    np.testing.assert_array_equal(replica_seed(tf.constant([5, 7]), 0), [5, 7])


def test_last_batches_of_one_image(folder):
    """Augmented on the device; one replica has nothing to evaluate."""
    done = RunFolder(folder / "last_one" / "seed_0")
    assert done.data()["steps_per_epoch"] == 3
    (row,) = done.history()
    assert np.isfinite(list(row.values())).all()
    with np.load(done / "predictions.npz") as file:
        probabilities, labels = file["probabilities"], file["labels"]
    assert probabilities.shape == (37, 6)
    right = probabilities.argmax(-1) == labels
    assert right.mean() == pytest.approx(row["val_accuracy"])
    surprise = -np.log(probabilities[np.arange(37), labels])
    assert surprise.mean() == pytest.approx(row["val_loss"], rel=1e-4)


def test_batch_that_replicas_cannot_share_evenly_is_refused(folder):
    message = (folder / "uneven.txt").read_text()
    assert "batch_size=13 cannot be shared evenly by 2 replicas" in message
    assert not (folder / "uneven").exists()


@pytest.mark.parametrize("place", ["scope", "outside"])
def test_called_layer_draws_differently_on_each_replica(folder, place):
    with np.load(folder / "called.npz") as file:
        first, again = file[f"{place}_0"], file[f"{place}_1"]
        alone = file["alone"]
    assert first.shape[:2] == (3, 2)
    np.testing.assert_array_equal(first, again)
    draws = {each.tobytes() for calls in first for each in calls}
    assert len(draws) == 6
    # The first replica draws what one device would have drawn.
    np.testing.assert_array_equal(first[0, 0], alone[0])
    if place == "scope":
        np.testing.assert_array_equal(first[:, 0], alone)
