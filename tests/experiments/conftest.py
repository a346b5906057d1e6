"""A run small enough for tests, and files of runs that were not trained."""

import functools
import shutil
import zlib
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from experiments.configs.schema import Experiment, Optimizer, layer
from experiments.run_folder import RunFolder
from experiments.training.callbacks import summarize
from experiments.training.run import run
from models.config import Model
from pipelines.config import Data
from pipelines.location import Location

NAMES = tuple("abcdef")
EPOCHS = 6


def probabilities_of(predicted, classes, sure=0.9):
    others = (1 - sure) / (classes - 1)
    table = np.full((len(predicted), classes), others, np.float32)
    table[np.arange(len(predicted)), predicted] = sure
    return table


@pytest.fixture(scope="session")
def tiny():
    """Two epochs of four steps."""
    return Experiment(
        name="tiny",
        summary="for tests",
        data=Data(
            name="shapes",
            image_size=16,
            batch_size=24,
            limit_train=96,
            limit_val=42,
        ),
        model=Model(name="ResNet4", stem="small", width=4),
        optimizer=Optimizer(learning_rate=0.05, schedule="cosine"),
        augment=(layer("RandomFlip"), layer("CutMix")),
        epochs=2,
    )


@pytest.fixture(scope="session")
def coarse(tiny):
    """One epoch; explanations enlarge the network's last map."""
    return replace(
        tiny,
        epochs=1,
        model=replace(tiny.model, stem="imagenet"),
    )


@pytest.fixture(scope="session")
def trained(coarse, tmp_path_factory):
    """The folder of a run of `coarse`; not to be written to."""
    return run(
        coarse,
        seed=3,
        workdir=tmp_path_factory.mktemp("runs"),
        location=Location("unused"),
        strategy=tf.distribute.get_strategy(),
    )


@pytest.fixture
def copied(trained, tmp_path):
    """The same, to spoil."""
    shutil.copytree(trained.path, tmp_path / "copy" / "seed_3")
    return RunFolder(tmp_path / "copy" / "seed_3")


@pytest.fixture
def make_run(tmp_path, make_run_in):
    """As `make_run_in`, in the folder of the test."""
    return functools.partial(make_run_in, tmp_path)


@pytest.fixture(scope="session")
def make_run_in(tiny):
    """Writes the files of a finished run; returns its `RunFolder`.

    Args of the function: a folder, the arm's name, the seed; right: bool
    (N,), which images are judged rightly; ids, class_names; data_fields and
    environment, what is to stand in these files; and fields of the config.
    """

    def make(
        root,
        name,
        seed=0,
        right=None,
        *,
        workdir="runs",
        ids=None,
        class_names=NAMES,
        accuracies=None,
        data_fields=None,
        environment=None,
        **changes,
    ):
        experiment = replace(tiny, name=name, **changes)
        folder = RunFolder.of(root / workdir, experiment, seed)
        folder.claim(experiment, seed)
        right = np.resize((True, False), 60) if right is None else right
        classes = len(class_names)
        if ids is None:
            ids = [f"{index:04}" for index in range(len(right))]
        # The label follows from the image, whatever the order of classes.
        order = np.argsort(class_names)
        labels = order[np.array([int(i) for i in ids]) % classes]
        predicted = np.where(right, labels, (labels + 1) % classes)
        # As sure as no other run: those that say the same are copies.
        sure = 0.9 - 1e-6 * (zlib.crc32(f"{name} {seed}".encode()) % 9973)
        folder.replace(
            "predictions.npz",
            lambda path: np.savez(
                path,
                probabilities=probabilities_of(predicted, classes, sure),
                labels=labels.astype(np.int32),
                ids=np.array(ids),
                class_names=np.array(class_names),
            ),
        )
        accuracy = float(np.mean(right))
        rows = [
            {
                "epoch": epoch,
                "loss": 1.0,
                "accuracy": 0.5,
                "top5_accuracy": 0.9,
                "val_loss": 1.0,
                "val_accuracy": value,
                "val_top5_accuracy": 0.8,
                "learning_rate": 0.1,
                "seconds": 2.0,
            }
            for epoch, value in enumerate(accuracies or [accuracy] * EPOCHS)
        ]
        folder.write_history(rows)
        folder.write_json(
            "metrics.json", summarize(rows, "finished", len(rows))
        )
        counts = dict.fromkeys(class_names, 10)
        folder.write_json(
            "data.json",
            {
                "name": experiment.data.name,
                "class_names": list(class_names),
                "train": "train",
                "val": "validation",
                "steps_per_epoch": 4,
                "splits": {"train": counts, "validation": counts},
                "notes": [],
            }
            | (data_fields or {}),
        )
        if environment is not None:
            folder.write_json("environment.json", environment)
        return folder

    return make


@pytest.fixture(scope="session")
def draw_right():
    """bool (N,), with a seed of its own: so many of a hundred are right."""

    def draw(percent, seed, images=2000):
        random = np.random.default_rng(seed)
        # As difficult as images are: what one network misses others do, too.
        difficulty = np.random.default_rng(99).normal(size=images)
        noise = random.normal(size=images)
        score = difficulty + 0.6 * noise
        return score > np.quantile(score, 1 - percent / 100)

    return draw
