"""One of two hosts that train together; run by test_workers.py.

Usage: python two_hosts.py FOLDER OPTION...
TF_CONFIG says which host it is. Trains a whole run, then another one, which a
signal to the second host stops, to its end, and then one in which that host
dies. After each, a line of JSON has the exit code and, on the first host,
which writes the files, the run's status and last step.
"""

import contextlib
import json
import os
import signal
import sys
from pathlib import Path

import numpy as np
import pytest

import main
from experiments.run_folder import RunFolder
from experiments.training.callbacks import StopOnNonFiniteLoss
from experiments.training.session import Session

INDEX = json.loads(os.environ["TF_CONFIG"])["task"]["index"]
# The hosts agree after ten batches, in the middle of an epoch.
SIGNAL_AT, KILL_AT = 9, 6


def train(workdir, options):
    code = main.call(["main.py", *options, f"--workdir={workdir}"])
    report = [code]
    if INDEX == 0:
        (folder,) = map(RunFolder, workdir.glob("*/seed_0"))
        with np.load(folder / "checkpoint.npz") as file:
            report += [folder.metrics()["status"], int(file["step"])]
    print(json.dumps(report), flush=True)
    return code


@contextlib.contextmanager
def second_host_gets(number, step):
    """Inside the context the second host signals itself after a step."""
    count_steps = StopOnNonFiniteLoss.on_train_batch_end

    def send(self, batch, logs=None):
        count_steps(self, batch, logs)
        if self.step == step and INDEX == 1:
            signal.raise_signal(number)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StopOnNonFiniteLoss, "on_train_batch_end", send)
        yield


def train_all(folder, options):
    train(folder / "whole", options)
    with second_host_gets(signal.SIGTERM, SIGNAL_AT):
        train(folder / "stopped", options)
    train(folder / "stopped", options)
    with second_host_gets(signal.SIGKILL, KILL_AT):
        return train(folder / "lost", options)


if __name__ == "__main__":
    # Drawing takes longer than training.
    RunFolder.write_plot = Session._draw_samples = lambda *_: None
    sys.exit(train_all(Path(sys.argv[1]), sys.argv[2:]))
