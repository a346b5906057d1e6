"""Trains one run in a process of a Ray cluster.

The process imports this file before it knows the number of TensorFlow's
threads, so no import at the top may import TensorFlow.
"""

import os
from typing import NamedTuple

import ray

from experiments.errors import ConfigError, Interrupted, TrainingFailed
from experiments.run_folder import CHECKPOINTS, RunFolder
from experiments.runtime.startup import ONEDNN, start_tensorflow
from pipelines.errors import DataError

# A run whose process or node was lost is started again so many times.
RETRIES = 3


class WorkerSettings(NamedTuple):
    """Settings of every process of the cluster.

    Attributes:
        folder: The current folder, from which relative paths start.
        marker: A file in the workdir, which exists on nodes that share it.
        threads: As for `start_tensorflow`.
        strategy: As for `experiments.runtime.devices.make_strategy`.
        onednn: Value of the environment variable.
        shares_gpu: Whether several runs share a GPU.
    """

    folder: str
    marker: str
    threads: int
    strategy: str
    onednn: str
    shares_gpu: bool


class Outcome(NamedTuple):
    """Result of one run.

    Attributes:
        error: Why it is not finished, or None.
        files: {name: bytes} of its folder, if that is not shared.
    """

    error: Exception | None
    files: dict


@ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1)
class Mailbox:
    """Holds what runs send until it is shown."""

    def __init__(self):
        self.news = []

    def add(self, number, news):
        self.news.append((number, news))

    def take(self):
        news, self.news = self.news, []
        return news


# Processes serve one run after the other, which spares importing TensorFlow and
# tracing graphs anew; those with a GPU end after one, as is Ray's default.
@ray.remote(max_retries=RETRIES)
def train_remotely(number, experiment, seed, options, settings, mailbox):
    """Trains a run.

    Args:
        number: Place of the run on the screen.
        experiment, seed, options: Arguments of `experiments.training.run.run`.
        settings: The `WorkerSettings`.
        mailbox: The `Mailbox`; gets None when the run begins, then what
            `experiments.training.logged_run.train` sends.

    Returns:
        An `Outcome`.
    """
    os.makedirs(settings.folder, exist_ok=True)
    os.chdir(settings.folder)
    os.environ[ONEDNN] = settings.onednn
    if settings.shares_gpu:
        # TensorFlow takes all of its memory otherwise.
        os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"
    error = None
    references = []

    def send(news):
        references.append(mailbox.add.remote(number, news))

    send(None)
    start_tensorflow(settings.threads)
    from experiments.runtime.devices import make_strategy
    from experiments.training.logged_run import train

    try:
        train(
            experiment,
            seed,
            send,
            strategy=make_strategy(settings.strategy),
            **options,
        )
    except (ConfigError, DataError, TrainingFailed) as refusal:
        error = refusal
    except Interrupted:
        # Either the node is being shut down or the study is ending. Ray
        # sees a lost run in both cases, and starts it again in the first.
        os._exit(1)
    # All lines have to arrive before the run is known to have ended.
    ray.wait(references[-1:], timeout=10)
    if os.path.exists(settings.marker):
        return Outcome(error, {})
    folder = RunFolder.of(options["workdir"], experiment, seed)
    return Outcome(error, read_files(folder))


def read_files(folder):
    """{name: bytes} of all files of a run except its checkpoints."""
    return {
        str(path.relative_to(folder.path)): path.read_bytes()
        for path in sorted(folder.path.rglob("*"))
        if path.is_file() and path.name not in CHECKPOINTS
    }


def write_files(folder, files):
    """Writes files that `read_files` has read."""
    # metrics.json, which marks a run as finished, comes last.
    for name in sorted(files, key="metrics.json".__eq__):
        content = files[name]
        folder.replace(name, lambda path, it=content: path.write_bytes(it))
