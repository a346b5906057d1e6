"""How tests train, and what two runs must have in common to be the same."""

import numpy as np
import pytest
import tensorflow as tf

from experiments.run_folder import TIMES
from experiments.training.run import run
from pipelines.location import Location


@pytest.fixture(scope="session")
def train():
    """Function of an experiment, a workdir and a seed; its `RunFolder`."""

    def train(experiment, workdir, seed=0):
        return run(
            experiment,
            seed=seed,
            workdir=workdir,
            location=Location("unused"),
            strategy=tf.distribute.get_strategy(),
        )

    return train


@pytest.fixture(scope="session")
def numbers():
    """Function of a `RunFolder`: its history without the times, its bits."""

    def numbers(folder):
        rows = [
            {key: row[key] for key in row if key not in TIMES}
            for row in folder.history()
        ]
        with np.load(folder / "predictions.npz") as file:
            return rows, file["probabilities"].tobytes()

    return numbers
