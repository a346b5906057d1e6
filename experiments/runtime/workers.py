"""The hosts that train a run together, and the files that each writes."""

import contextlib
import functools
import os
import signal
import tempfile
import traceback
import zlib
from pathlib import Path
from typing import NamedTuple

import keras
import tensorflow as tf

from experiments.errors import ConfigError, WorkerLost
from experiments.run_folder import RunFolder
from experiments.runtime.interruption import Request
from pipelines import progress

# Workers ask each other after so many batches if one of them is to stop, not
# after each: asking makes the host wait for the device.
STEPS_TO_AGREE = 10
_SLURM_PORT = 8888
# More than a host has. Only addresses are read from the resolver.
_MOST_TASKS = 4096


class Worker(NamedTuple):
    """One of `count` processes that train together, from 0 on."""

    index: int = 0
    count: int = 1

    @property
    def is_chief(self):
        """True for the worker that writes the run's files."""
        return self.index == 0


def resolve_worker(strategy):
    """The `Worker` that this process is under a `tf.distribute` strategy."""
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return Worker()
    return _worker(strategy.cluster_resolver)


def _worker(resolver):
    return Worker(resolver.task_id, resolver.cluster_spec().num_tasks("worker"))


# TensorFlow joins a cluster once in a process, before anything is computed.
@functools.cache
def join():
    """Waits for the other workers; returns the strategy that trains with them.

    TF_CONFIG or Slurm's variables name them. From now on only the first one
    prints more than errors.

    Raises:
        ConfigError: if neither names at least two workers.
    """
    resolver = resolve_cluster()
    worker = _worker(resolver)
    with progress.announce_if_slow(
        f"waiting for {worker.count - 1} more workers"
    ):
        strategy = tf.distribute.MultiWorkerMirroredStrategy(resolver)
    if not worker.is_chief:
        print(
            f"worker {worker.index + 1} of {worker.count}: worker 1 reports "
            "the progress",
            flush=True,
        )
        progress.silence()
    return strategy


def resolve_cluster():
    """The `ClusterResolver` of this process; see `join`."""
    wanted = (
        "--strategy=multiworker expects what TensorFlow's guide calls "
        'TF_CONFIG, such as {"cluster": {"worker": ["host1:2222", '
        '"host2:2222"]}, "task": {"type": "worker", "index": 0}}, or to be '
        "started by Slurm's srun with several tasks."
    )
    resolvers = tf.distribute.cluster_resolver
    try:
        if "TF_CONFIG" in os.environ:
            given = resolvers.TFConfigClusterResolver()
        elif "SLURM_PROCID" in os.environ:
            # Slurm decides which GPUs a task has.
            given = resolvers.SlurmClusterResolver(
                port_base=_SLURM_PORT,
                gpus_per_node=_MOST_TASKS,
                gpus_per_task=1,
                auto_set_gpu=False,
            )
        else:
            raise ConfigError(f"{wanted} Received: neither.")
        cluster = given.cluster_spec()
        kind, index = given.task_type, given.task_id
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"{wanted} Received: {error}.") from error
    except RuntimeError as error:
        raise ConfigError(f"{wanted} Slurm's variables: {error}") from error
    tasks = cluster.as_dict().get("worker", [])
    if set(cluster.jobs) != {"worker"} or kind != "worker":
        raise ConfigError(f"{wanted} Received: jobs {sorted(cluster.jobs)}.")
    if len(tasks) < 2 or index not in range(len(tasks)):
        raise ConfigError(f"{wanted} Received: {index} of {len(tasks)}.")
    return resolvers.SimpleClusterResolver(
        cluster, task_type=kind, task_id=index, rpc_layer="grpc"
    )


def check_same(strategy, what, remedy):
    """Refuses to go on if workers do not see the same; waits for all of them.

    Args:
        strategy: Of `join`, or another, which has one worker.
        what: Text that is to be the same on all of them.
        remedy: The message if it is not.

    Raises:
        ConfigError: on each of them.
    """
    if resolve_worker(strategy).count == 1:
        return
    number = zlib.crc32(what.encode()) - 2**31
    with lost_workers(strategy):
        found = strategy.gather(tf.constant([number], tf.int32), axis=0)
        if len(set(found.numpy())) > 1:
            raise ConfigError(remedy)


@contextlib.contextmanager
def lost_workers(strategy):
    """Turns TensorFlow's errors about a lost worker into `WorkerLost`."""
    if resolve_worker(strategy).count == 1:
        yield
        return
    try:
        yield
    except (
        tf.errors.UnavailableError,
        tf.errors.AbortedError,
        tf.errors.CancelledError,
        tf.errors.DeadlineExceededError,
    ) as error:
        # TensorFlow leaves a pool of threads open there, which complains if it
        # is still there when the program ends.
        traceback.clear_frames(error.__traceback__)
        raise WorkerLost(
            "another worker of this run was lost; started again on all of "
            f"them, the same command goes on ({_first_sentence(error)})"
        ) from error


def _first_sentence(error):
    text = " ".join(str(error).split())
    return text.rpartition("Collective ops is aborted by: ")[2][:120]


class ReadOnlyRunFolder(RunFolder):
    """The folder of a run that another worker writes."""

    def replace(self, name, write, keep=None):
        # `write` is called all the same, as workers may have to read variables
        # together.
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder, Path(name).name))

    def locked(self):
        return contextlib.nullcontext()


class Agreement(keras.callbacks.Callback):
    """Stops all workers at the same step, as none can go on alone.

    Comes before callbacks that look at `agreed`.

    Args:
        asked: The `interruption.Request` of this worker.

    Attributes:
        agreed: The `Request` of all workers.
    """

    def __init__(self, asked):
        super().__init__()
        self.asked = asked
        self.agreed = Request()
        self.batches = 0

    def on_train_begin(self, logs=None):
        self.model.is_asked_to_stop = lambda: self.asked.signal is not None

    def on_train_batch_end(self, batch, logs=None):
        self.batches += 1
        if self.batches % STEPS_TO_AGREE == 0:
            self._look()

    def on_epoch_end(self, epoch, logs=None):
        self._look()

    def _look(self):
        if float(self.model.asked_to_stop) > 0:
            self.agreed.signal = self.asked.signal or signal.SIGTERM
