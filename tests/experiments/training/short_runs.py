"""How tests train, and what two runs must have in common to be the same."""

import numpy as np
import tensorflow as tf

from experiments.run_folder import TIMES
from experiments.training.run import run
from pipelines.location import Location


def train(experiment, workdir, seed=0, **options):
    """The `RunFolder` of a run on one device."""
    return run(
        experiment,
        seed=seed,
        workdir=workdir,
        location=Location("unused"),
        strategy=tf.distribute.get_strategy(),
        **options,
    )


def history(folder):
    """Without the times, which are not the same twice."""
    return [
        {key: row[key] for key in row if key not in TIMES}
        for row in folder.history()
    ]


def numbers(folder):
    """A run's history without the times, and the bits of what it predicts."""
    with np.load(folder / "predictions.npz") as file:
        return history(folder), file["probabilities"].tobytes()
