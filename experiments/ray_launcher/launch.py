"""Runs side by side on a Ray cluster, each in a process of its own."""

import contextlib
import os
import secrets
from pathlib import Path

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from experiments.errors import TrainingFailed
from experiments.ray_launcher.cluster import (
    compute_share,
    connect,
    describe_runs,
    list_nodes,
)
from experiments.ray_launcher.worker import (
    RETRIES,
    Screen,
    WorkerSettings,
    train,
    write_files,
)
from experiments.run_folder import RunFolder
from experiments.runtime.interruption import requests
from experiments.runtime.startup import ONEDNN
from experiments.tracking.tools import DEFAULT
from experiments.training.run import reuse_finished
from experiments.training.spec import RunSpec
from pipelines.progress import progress_bar


def run_on_ray(
    runs,
    *,
    workdir,
    location,
    address=None,
    threads=None,
    strategy="auto",
    log=DEFAULT,
    **options,
):
    """Trains as many runs at a time as the cluster has room for.

    A run takes the processors of its threads, and a GPU if there are some;
    with the strategy "mirrored" it takes all GPUs of a node. A run whose node
    is lost is started again on another node, and goes on from its last
    checkpoint if that is there; on another model of processor only with
    `allow_moved`. Each node has Python, the packages, this
    project and the data under the same paths as this machine. Files on nodes
    that do not share `workdir` are copied to it when a run has ended.

    Args:
        runs: List of (`experiments.configs.schema.Experiment`, seed).
        workdir, location, log: As for `experiments.training.run.run`.
        address: HOST:PORT of a running cluster; None: this machine alone.
        threads: Threads of a run; None: 1, or the processors for each GPU.
        strategy: As for `experiments.runtime.devices.make_strategy`.
        **options: Other options of `experiments.training.run.run`.

    Returns:
        (folders, failures): the `RunFolder`s of finished runs, in the order of
        `runs`, and a line on each run that failed.

    Raises:
        ConfigError: if there is no such cluster, or no node for a run.
        ConfigError, DataError: As `experiments.training.run.run`; the other
            runs end, too.
        Interrupted: after SIGINT or SIGTERM, when the runs have saved a
            checkpoint.
    """
    options |= {"workdir": workdir, "location": location, "log": log}
    folders = [RunFolder.of(workdir, *each) for each in runs]
    left = [
        each
        for each, folder in zip(runs, folders, strict=True)
        if not reuse_finished(RunSpec(*each, folder, location, None), log)
    ]
    failures = []
    if left:
        with connect(address), _marker(workdir) as marker:
            share = compute_share(list_nodes(), threads, strategy)
            settings = WorkerSettings(
                folder=os.getcwd(),
                marker=marker,
                threads=share["num_cpus"],
                strategy=strategy,
                onednn=os.environ[ONEDNN],
            )
            failures = _train(left, options, settings, share)
    return [each for each in folders if each.is_finished()], failures


@contextlib.contextmanager
def _marker(workdir):
    """Yields the path of a file that exists on nodes that share `workdir`."""
    folder = RunFolder(workdir)
    name = f".shared-{secrets.token_hex(8)}"
    folder.replace(name, Path.touch)
    try:
        yield str(folder / name)
    finally:
        (folder / name).unlink(missing_ok=True)


def _train(runs, options, settings, share):
    """Returns a line on each run that failed."""
    print(describe_runs(runs, list_nodes(), share), flush=True)
    screen = Screen.options(
        # On this node, which is only lost together with this process.
        scheduling_strategy=NodeAffinitySchedulingStrategy(
            ray.get_runtime_context().get_node_id(), soft=False
        )
    ).remote()
    names = [f"{experiment.name}, seed {seed}" for experiment, seed in runs]
    tasks = {
        train.options(name=name, **share).remote(
            number, *each, options, settings, screen
        ): number
        for number, (name, each) in enumerate(zip(names, runs, strict=True))
    }
    # A request, as Ray replaces an exception that is raised while it waits.
    with requests() as request:
        try:
            return _follow(
                tasks, names, runs, options["workdir"], screen, request
            )
        finally:
            _end(tasks)


def _end(tasks):
    """Lets runs save a checkpoint, and kills those that take too long.

    After it, no process trains a run, and the same command can go on.
    """
    left = list(tasks)
    for force in (False, True):
        for each in left:
            ray.cancel(each, force=force)
        _, left = ray.wait(left, num_returns=len(left), timeout=30)
        if not left:
            return


def _follow(tasks, names, runs, workdir, screen, request):
    """Shows the output of runs until all have ended; returns as `_train`.

    Raises:
        Interrupted: if `request` has a signal.
    """
    left, begun, failures = dict(tasks), set(), []
    with progress_bar(desc="runs", total=len(runs), unit=" runs") as bar:
        while left:
            done, _ = ray.wait(list(left), timeout=1)
            request.obey()
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
    """Writes the files that a task has returned; why it failed, or None."""
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
