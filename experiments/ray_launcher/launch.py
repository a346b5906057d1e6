"""Runs side by side on a Ray cluster, each in a process of its own."""

import contextlib
import os
import secrets
from pathlib import Path

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from experiments.errors import TrainingFailed
from experiments.ray_launcher.cluster import cluster, in_words, nodes, resources
from experiments.ray_launcher.worker import (
    RETRIES,
    Screen,
    Surroundings,
    train,
    write_files,
)
from experiments.run_folder import RunFolder
from experiments.runtime.interruption import requests
from experiments.runtime.startup import ONEDNN
from experiments.training.run import run
from pipelines.progress import progress_bar


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
        strategy: As for `experiments.runtime.devices.make_strategy`.
        **options: Further ones of `experiments.training.run.run`.

    Returns:
        (folders, failures): the `RunFolder`s of runs that are finished, in
        the order of `runs`, and a line on each that is not.

    Raises:
        ConfigError: if there is no such cluster, or no node for a run; and,
            like DataError, as `experiments.training.run.run`, whereupon the
            other runs end, too.
        Interrupted: after SIGINT or SIGTERM, when the runs have saved a
            checkpoint.
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
        with cluster(address), _marker(workdir) as marker:
            share = resources(nodes(), threads, strategy)
            here = Surroundings(
                folder=os.getcwd(),
                marker=marker,
                threads=share["num_cpus"],
                strategy=strategy,
                onednn=os.environ[ONEDNN],
            )
            failures = _train(left, options, here, share)
    return [each for each in folders if each.is_finished()], failures


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


def _train(runs, options, here, share):
    """Returns a line on each run that failed."""
    print(in_words(runs, nodes(), share), flush=True)
    screen = Screen.options(
        # On this node, which is not lost without this process.
        scheduling_strategy=NodeAffinitySchedulingStrategy(
            ray.get_runtime_context().get_node_id(), soft=False
        )
    ).remote()
    names = [f"{experiment.name}, seed {seed}" for experiment, seed in runs]
    tasks = {
        train.options(name=name, **share).remote(
            number, *each, options, here, screen
        ): number
        for number, (name, each) in enumerate(zip(names, runs, strict=True))
    }
    # Not raised at once, as Ray makes something else of it while it waits.
    with requests() as request:
        try:
            return _follow(
                tasks, names, runs, options["workdir"], screen, request
            )
        finally:
            _end(tasks)


def _end(tasks):
    """Lets runs save the step they are at; what takes longer is killed.

    Whoever starts again at once finds nobody at work.
    """
    left = list(tasks)
    for force in (False, True):
        for each in left:
            ray.cancel(each, force=force)
        _, left = ray.wait(left, num_returns=len(left), timeout=30)
        if not left:
            return


def _follow(tasks, names, runs, workdir, screen, request):
    """Shows what the runs print until all have ended; as `_train`.

    Raises:
        Interrupted: as `request` says.
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
