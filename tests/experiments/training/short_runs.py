"""Short trainings for tests, and the numbers that two runs have in common."""

import contextlib

import numpy as np
import pytest
import tensorflow as tf

from experiments.run_folder import TIMES, RunFolder
from experiments.training.callbacks import StopOnNonFiniteLoss
from experiments.training.run import run
from experiments.training.spec import RunSpec
from pipelines.location import Location


def train(
    experiment, workdir, seed=0, data_dir="unused", plots=False, **options
):
    """The `RunFolder` of a run on one device.

    Figures, which take longer than the training, are drawn if `plots` is true.
    """
    return run(
        experiment,
        seed=seed,
        workdir=workdir,
        location=Location(data_dir),
        strategy=tf.distribute.get_strategy(),
        plots=plots,
        **options,
    )


def make_spec(experiment, workdir, seed=0):
    """The `RunSpec` that `train` trains."""
    return RunSpec(
        experiment,
        seed,
        RunFolder.of(workdir, experiment, seed),
        Location("unused"),
        tf.distribute.get_strategy(),
    )


class Killed(BaseException):
    """Ends a run as a kill does: nothing more is written."""


@contextlib.contextmanager
def killed_after(step):
    """A training inside the context dies before the checkpoint of a step."""
    count_steps = StopOnNonFiniteLoss.on_train_batch_end

    def die(self, batch, logs=None):
        count_steps(self, batch, logs)
        if self.step == step:
            raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StopOnNonFiniteLoss, "on_train_batch_end", die)
        with contextlib.suppress(Killed):
            yield
            pytest.fail("the run has ended before")


def history(folder):
    """Without the times, which are not the same twice."""
    return [
        {key: row[key] for key in row if key not in TIMES}
        for row in folder.history()
    ]


def numbers(folder):
    """A run's history without the times, and the bits of its predictions."""
    with np.load(folder / "predictions.npz") as file:
        return history(folder), file["probabilities"].tobytes()
