"""What a process of a Ray cluster does: one run.

It imports this file before it knows with how many threads TensorFlow is to
start, so nothing on top may import it.
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

# How often a run is started again whose process or node was lost.
RETRIES = 3


class Surroundings(NamedTuple):
    """What a run finds in every process of the cluster.

    Attributes:
        folder: The current one, from which relative paths start.
        marker: A file in the workdir, there on nodes that share it.
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
    """What is left of a run besides its folder.

    Attributes:
        error: Why it is not finished, or None.
        files: {name: bytes} of its folder, where that is not shared.
    """

    error: Exception | None
    files: dict


@ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1)
class Screen:
    """What runs have printed, until it is shown."""

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
def train(number, experiment, seed, options, here, screen):
    """Makes a run.

    Args:
        number: Of the run, for the screen.
        experiment, seed, options: Of `experiments.training.run.run`.
        here: `Surroundings`.
        screen: The `Screen`; gets an empty text when the run begins.

    Returns:
        An `Outcome`.
    """
    os.makedirs(here.folder, exist_ok=True)
    os.chdir(here.folder)
    os.environ[ONEDNN] = here.onednn
    error = None
    with _printed(lambda text: screen.add.remote(number, text)):
        start_tensorflow(here.threads)
        from experiments.runtime.devices import make_strategy
        from experiments.training.run import run

        try:
            run(
                experiment,
                seed=seed,
                strategy=make_strategy(here.strategy),
                **options,
            )
        except (ConfigError, DataError, TrainingFailed) as refusal:
            error = refusal
        except Interrupted:
            # The node is being taken away, unless we were told to end: to Ray
            # the run is lost in both cases, and started again in the first.
            os._exit(1)
    if os.path.exists(here.marker):
        return Outcome(error, {})
    folder = RunFolder.of(options["workdir"], experiment, seed)
    return Outcome(error, read_files(folder))


@contextlib.contextmanager
def _printed(say):
    """Passes on what is printed, each time that it is flushed."""
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
    # All of it is read before the run is known to have ended.
    ray.wait(references[-1:], timeout=10)


def read_files(folder):
    """{name: bytes} of all files of a run that others read.

    A finished run does not go on from its checkpoints.
    """
    return {
        str(path.relative_to(folder.path)): path.read_bytes()
        for path in sorted(folder.path.rglob("*"))
        if path.is_file() and path.name not in CHECKPOINTS
    }


def write_files(folder, files):
    """Writes what `read_files` has read."""
    # Those of a finished run have metrics.json, which comes last.
    for name in sorted(files, key="metrics.json".__eq__):
        content = files[name]
        folder.replace(name, lambda path, it=content: path.write_bytes(it))
