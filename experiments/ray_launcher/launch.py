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
    Mailbox,
    WorkerSettings,
    train_remotely,
    write_files,
)
from experiments.run_folder import RunFolder
from experiments.runtime.interruption import requests
from experiments.runtime.startup import ONEDNN
from experiments.tracking.tools import DEFAULT
from experiments.training.logged_run import list_unfinished


def run_on_ray(
    runs,
    *,
    screen,
    workdir,
    location,
    address=None,
    threads=None,
    runs_per_gpu=1,
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
        screen: The `experiments.runtime.screen.StudyScreen`.
        workdir, location, log: As for `experiments.training.run.run`.
        address: HOST:PORT of a running cluster; None: this machine alone.
        threads: Threads of a run; None: 1, or the processors for each GPU.
        runs_per_gpu: Runs that share a GPU.
        strategy: As for `experiments.runtime.devices.make_strategy`.
        **options: Other options of `experiments.training.run.run`.

    Returns:
        (folders, failures): the `RunFolder`s of finished runs, in the order of
        `runs`, and a line on each run that failed.

    Raises:
        ConfigError: if there is no such cluster, or no node for a run.
        ConfigError, DataError: As `experiments.training.run.run`; the other
            runs end, too.
        Interrupted: after one of `SIGNALS`, when the runs have saved a
            checkpoint.
    """
    options |= {"workdir": workdir, "location": location, "log": log}
    left = list_unfinished(screen, location, log)
    failures = []
    if left:
        with connect(address), _marker(workdir) as marker:
            share = compute_share(list_nodes(), threads, strategy, runs_per_gpu)
            settings = WorkerSettings(
                folder=os.getcwd(),
                marker=marker,
                threads=share["num_cpus"],
                strategy=strategy,
                onednn=os.environ[ONEDNN],
                shares_gpu=runs_per_gpu > 1,
            )
            failures = _train(left, screen, options, settings, share)
    folders = map(screen.folder, range(len(runs)))
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


def _train(left, screen, options, settings, share):
    """Returns a line on each run that failed."""
    print(describe_runs(left, list_nodes(), share), flush=True)
    mailbox = Mailbox.options(
        # On this node, which is only lost together with this process.
        scheduling_strategy=NodeAffinitySchedulingStrategy(
            ray.get_runtime_context().get_node_id(), soft=False
        )
    ).remote()
    tasks = {
        train_remotely.options(name=screen.name(number), **share).remote(
            number, *screen.runs[number], options, settings, mailbox
        ): number
        for number in left
    }
    # A request, as Ray replaces an exception that is raised while it waits.
    with requests() as request:
        try:
            return _follow(tasks, screen, mailbox, request)
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


def _follow(tasks, screen, mailbox, request):
    """Shows the runs until all have ended; returns as `_train`.

    Raises:
        Interrupted: if `request` has a signal.
    """
    left, begun, failures = dict(tasks), set(), []
    while left:
        done, _ = ray.wait(list(left), timeout=1)
        request.obey()
        for number, news in ray.get(mailbox.take.remote()):
            if news is not None:
                screen.show(number, news)
                continue
            if number in begun:
                lost = "its process or node was lost; started again"
                screen.say(number, lost)
            begun.add(number)
            screen.begin(number)
        for each in done:
            number = left.pop(each)
            failure = _take(each, number, screen)
            if failure:
                failures.append(failure)
                screen.fail(number, failure)
            else:
                screen.end(number)
        screen.draw()
    return failures


def _take(task, number, screen):
    """Writes the files that a task has returned; why it failed, or None."""
    try:
        error, files = ray.get(task)
    except ray.exceptions.RayTaskError:
        raise
    except ray.exceptions.RayError as lost:
        reason = " ".join(str(lost).split())
        name = screen.name(number)
        return f"{name}: its process was lost {RETRIES + 1} times: {reason}"
    write_files(screen.folder(number), files)
    if error is None or isinstance(error, TrainingFailed):
        return error and str(error)
    raise error
