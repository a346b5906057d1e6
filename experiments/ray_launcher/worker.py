"""Trains one run in a process of a Ray cluster.

The process imports this file before it knows the number of TensorFlow's
threads, so no import at the top may import TensorFlow.
"""

import contextlib
import io
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
    """

    folder: str
    marker: str
    threads: int
    strategy: str
    onednn: str


class Outcome(NamedTuple):
    """Result of one run.

    Attributes:
        error: Why it is not finished, or None.
        files: {name: bytes} of its folder, if that is not shared.
    """

    error: Exception | None
    files: dict


@ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1)
class Screen:
    """Holds the output of runs until it is shown."""

    def __init__(self):
        self.texts = []

    def add(self, number, text):
        self.texts.append((number, text))

    def take(self):
        texts, self.texts = self.texts, []
        return texts


# Processes serve one run after the other, which spares importing TensorFlow and
# tracing graphs anew; those with a GPU end after one, as is Ray's default.
@ray.remote(max_retries=RETRIES)
def train(number, experiment, seed, options, settings, screen):
    """Trains a run.

    Args:
        number: Number of the run, for the screen.
        experiment, seed, options: Arguments of `experiments.training.run.run`.
        settings: The `WorkerSettings`.
        screen: The `Screen`; gets an empty text when the run begins.

    Returns:
        An `Outcome`.
    """
    os.makedirs(settings.folder, exist_ok=True)
    os.chdir(settings.folder)
    os.environ[ONEDNN] = settings.onednn
    error = None
    with _pass_on_output(lambda text: screen.add.remote(number, text)):
        start_tensorflow(settings.threads)
        from experiments.runtime.devices import make_strategy
        from experiments.training.run import run

        try:
            run(
                experiment,
                seed=seed,
                strategy=make_strategy(settings.strategy),
                **options,
            )
        except (ConfigError, DataError, TrainingFailed) as refusal:
            error = refusal
        except Interrupted:
            # Either the node is being shut down or the study is ending. Ray
            # sees a lost run in both cases, and starts it again in the first.
            os._exit(1)
    if os.path.exists(settings.marker):
        return Outcome(error, {})
    folder = RunFolder.of(options["workdir"], experiment, seed)
    return Outcome(error, read_files(folder))


@contextlib.contextmanager
def _pass_on_output(say):
    """Passes on printed text each time that it is flushed."""
    references = [say("")]

    class Lines(io.StringIO):
        def flush(self):
            if text := self.getvalue():
                references.append(say(text))
            self.seek(0)
            self.truncate()

    with contextlib.redirect_stdout(Lines()) as lines:
        yield
        lines.flush()
    # All text has to arrive before the run is known to have ended.
    ray.wait(references[-1:], timeout=10)


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
