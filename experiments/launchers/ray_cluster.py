"""Runs side by side on a Ray cluster, each in a process of its own."""

import contextlib
import math
import os
import re
import secrets
import signal
import socket
from pathlib import Path

import tensorflow as tf

from experiments.errors import ConfigError, Interrupted, TrainingFailed
from experiments.run_folder import RunFolder
from experiments.training.run import run
from experiments.training.startup import ONEDNN
from pipelines.progress import progress_bar

# Nobody is told; a run without a GPU keeps its CUDA_VISIBLE_DEVICES.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
# A busy machine takes longer to start its parts than Ray waits by default.
os.environ.setdefault("RAY_agent_register_timeout_ms", "60000")
try:
    import ray
except ModuleNotFoundError as error:
    raise ConfigError(
        "--launcher=ray needs Ray: pip install -r requirements-ray.txt"
    ) from error
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from experiments.launchers.ray_worker import Surroundings, train, write_files

# How often a run is started again whose process or node was lost.
RETRIES = 3


def run_on_ray(
    runs, *, workdir, address=None, threads=None, strategy="auto", **options
):
    """Trains as many runs at a time as the cluster has room for.

    A run takes the processors of its threads, and a GPU where there are some;
    with the strategy "mirrored" all GPUs of a node. One whose node is lost is
    started again on another, and goes on from its last checkpoint if that is
    there. Each node has Python, the packages, this project and the data under
    the paths that they have here. What is written on nodes that do not share
    `workdir` is copied to it when a run has ended.

    Args:
        runs: List of (`experiments.configs.schema.Experiment`, seed).
        workdir: As for `experiments.training.run.run`.
        address: Of a cluster that is running; None: this machine alone.
        threads: Of a run; None: 1, or with GPUs as many as there are for one.
        strategy: As for `experiments.training.devices.make_strategy`.
        **options: Further ones of `experiments.training.run.run`.

    Returns:
        (folders, failures): the `RunFolder`s of runs that are finished, in
        the order of `runs`, and a line on each that is not.

    Raises:
        ConfigError: if there is no such cluster, or no node for a run; and,
            like DataError, as `experiments.training.run.run`, whereupon the
            other runs end, too.
    """
    options["workdir"] = workdir
    folders = [RunFolder.of(workdir, *each) for each in runs]
    left = []
    for (experiment, seed), folder in zip(runs, folders, strict=True):
        if folder.is_finished():
            run(experiment, seed=seed, strategy=None, **options)
        else:
            left.append((experiment, seed))
    failures = []
    if left:
        with _cluster(address), _marker(workdir) as marker:
            share = resources(_nodes(), threads, strategy)
            here = Surroundings(
                folder=os.getcwd(),
                marker=marker,
                threads=share["num_cpus"],
                strategy=strategy,
                onednn=os.environ[ONEDNN],
            )
            failures = _train(left, options, here, share)
    return [each for each in folders if each.is_finished()], failures


def resources(nodes, threads, strategy):
    """What a run takes.

    Args:
        nodes: What each node has, such as [{"CPU": 16.0, "GPU": 2.0}].
        threads, strategy: As for `run_on_ray`.

    Returns:
        {"num_cpus": integer, "num_gpus": integer}.

    Raises:
        ConfigError: if no node has as much.
    """
    gpus = int(max(node.get("GPU", 0) for node in nodes))
    if gpus:
        nodes = [node for node in nodes if node.get("GPU", 0) >= 1]
        gpus = gpus if strategy == "mirrored" else 1
        each = min(node.get("CPU", 0) * gpus // node["GPU"] for node in nodes)
    else:
        each = 1
    threads = threads or max(1, int(each))
    most = int(max(node.get("CPU", 0) for node in nodes))
    if threads > most:
        raise ConfigError(
            f"A run with --threads={threads} takes as many processors, and no "
            f"node{' with a GPU' if gpus else ''} has more than {most}."
        )
    return {"num_cpus": threads, "num_gpus": gpus}


def _nodes():
    return [node["Resources"] for node in ray.nodes() if node["Alive"]]


@contextlib.contextmanager
def _cluster(address):
    local = {}
    if address is None:
        # A key of its own, or Ray would keep one in the user's home.
        os.environ.setdefault("RAY_AUTH_MODE", "token")
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
        local = {
            # As TensorFlow sees them.
            "num_gpus": len(tf.config.list_physical_devices("GPU")),
            "include_dashboard": False,
            # Little goes through it.
            "object_store_memory": 128 * 2**20,
        }
    else:
        _knock(address)
    try:
        ray.init(
            address or "local",
            log_to_driver=False,
            logging_level="error",
            **local,
        )
    # Plain where a part of it did not start in time.
    except Exception as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"--launcher=ray: Ray: {reason}") from error
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        ray.shutdown()


def _interrupt(number, frame):
    raise Interrupted(number)


def _knock(address):
    """Ray itself tries for minutes.

    Raises:
        ConfigError: if `address` is none, or nobody listens there.
    """
    if address == "auto":
        return
    if not re.fullmatch(r"[^/]+:\d{1,5}", address):
        raise ConfigError(
            "--ray_address expects HOST:PORT, for example that which `ray "
            f"start --head` prints, or auto. Received: {address!r}."
        )
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except (OSError, OverflowError) as error:
        raise ConfigError(
            f"--ray_address={address}: no Ray cluster answers: {error}"
        ) from error


@contextlib.contextmanager
def _marker(workdir):
    """The path of a file that is there where `workdir` is shared."""
    folder = RunFolder(workdir)
    name = f".shared-{secrets.token_hex(8)}"
    folder.replace(name, Path.touch)
    try:
        yield str(folder / name)
    finally:
        (folder / name).unlink(missing_ok=True)


@ray.remote(num_cpus=0)
class _Screen:
    """What runs have printed, until it is shown."""

    def __init__(self):
        self.texts = []

    def add(self, number, text):
        self.texts.append((number, text))

    def take(self):
        texts, self.texts = self.texts, []
        return texts


# In a new process each, as TensorFlow's threads are set once in a process.
@ray.remote(max_calls=1, max_retries=RETRIES)
def _run(number, experiment, seed, options, here, screen):
    return train(
        experiment,
        seed,
        options,
        here,
        lambda text: screen.add.remote(number, text),
    )


def _train(runs, options, here, share):
    """Returns a line on each run that failed."""
    print(_plan(runs, _nodes(), share), flush=True)
    screen = _Screen.options(
        # Where it lives as long as this process does.
        scheduling_strategy=NodeAffinitySchedulingStrategy(
            ray.get_runtime_context().get_node_id(), soft=True
        )
    ).remote()
    names = [f"{experiment.name}, seed {seed}" for experiment, seed in runs]
    tasks = {
        _run.options(name=name, **share).remote(
            number, *each, options, here, screen
        ): number
        for number, (name, each) in enumerate(zip(names, runs, strict=True))
    }
    try:
        return _follow(tasks, names, runs, options["workdir"], screen)
    finally:
        _end(tasks)


def _end(tasks):
    """Lets runs save the step they are at; what takes longer is killed.

    Whoever starts again at once finds nobody at work.
    """
    for force in (False, True):
        for each in tasks:
            ray.cancel(each, force=force)
        ray.wait(list(tasks), num_returns=len(tasks), timeout=30)


def _follow(tasks, names, runs, workdir, screen):
    """Shows what the runs print until all have ended; as `_train`."""
    left, begun, failures = dict(tasks), set(), []
    with progress_bar(desc="runs", total=len(runs), unit=" runs") as bar:
        while left:
            done, _ = ray.wait(list(left), timeout=1)
            for number, text in ray.get(screen.take.remote()):
                if not text and number in begun:
                    text = "its process or node was lost; started again"
                begun.add(number)
                _show(bar, names[number], text)
            for each in done:
                number = left.pop(each)
                failure = _take(each, names[number], runs[number], workdir)
                if failure:
                    failures.append(failure)
                    _show(bar, names[number], f"failed: {failure}")
                bar.update()
    return failures


def _show(bar, name, text):
    """Prints lines above the bar, each with the name of its run."""
    # A bar that is still held back stays so.
    beside = contextlib.nullcontext if bar.delay else bar.external_write_mode
    with beside():
        for line in text.splitlines():
            line = line.removeprefix(f"{name}: ").removeprefix("  ")
            print(f"{name}: {line}", flush=True)


def _take(task, name, run_of_it, workdir):
    """Takes over what a task has returned; returns why it failed, or None."""
    try:
        error, files = ray.get(task)
    except ray.exceptions.RayTaskError:
        raise
    except ray.exceptions.RayError as lost:
        reason = " ".join(str(lost).split())
        return f"{name}: its process was lost {RETRIES + 1} times: {reason}"
    write_files(RunFolder.of(workdir, *run_of_it), files)
    if error is None or isinstance(error, TrainingFailed):
        return error and str(error)
    raise error


def _plan(runs, nodes, share):
    """For example "20 runs, 4 at a time, with 1 thread and no GPU each"."""
    cpus, gpus = share["num_cpus"], share["num_gpus"]
    room = sum(
        int(
            min(
                node.get("CPU", 0) // cpus,
                node.get("GPU", 0) // gpus if gpus else math.inf,
            )
        )
        for node in nodes
    )
    return (
        f"{len(runs)} runs, {min(room, len(runs))} at a time, with "
        f"--threads={cpus} and {gpus or 'no'} GPU{'s' if gpus > 1 else ''} each"
    )
