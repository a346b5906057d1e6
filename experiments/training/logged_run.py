"""Runs of a study: what they print goes to their log and to the screen."""

import contextlib
import functools

from experiments.run_folder import RunFolder
from experiments.runtime.screen import RunLog
from experiments.runtime.workers import resolve_worker
from experiments.training.run import reuse_finished, run
from experiments.training.spec import RunSpec


def train(experiment, seed, send, *, workdir, with_stderr=False, **options):
    """Trains a run whose output goes to log.txt in its folder.

    It draws no plots, which would take longer than a short training does.

    Args:
        experiment, seed, workdir: As for `experiments.training.run.run`.
        send: Function of each line, and of
            `experiments.runtime.screen.RunProgress`.
        with_stderr: Whether what goes to stderr belongs to the output, too.
        **options: Other options of `experiments.training.run.run`.

    Returns:
        The `RunFolder`.
    """
    folder = None
    if resolve_worker(options.get("strategy")).is_chief:
        folder = RunFolder.of(workdir, experiment, seed)
    with contextlib.ExitStack() as stack:
        log = stack.enter_context(RunLog(folder, send))
        stack.enter_context(contextlib.redirect_stdout(log))
        if with_stderr:
            stack.enter_context(contextlib.redirect_stderr(log))
        return run(
            experiment,
            seed=seed,
            workdir=workdir,
            plots=False,
            report=log.report,
            **options,
        )


def list_unfinished(screen, location, log):
    """Places of the runs that are not finished; shows the others.

    Args:
        screen: The `experiments.runtime.screen.StudyScreen`.
        location, log: As for `experiments.training.run.run`.

    Raises:
        ConfigError, DataError: As `experiments.training.run.run`.
    """
    unfinished = []
    for number, (experiment, seed) in enumerate(screen.runs):
        spec = RunSpec(experiment, seed, screen.folder(number), location, None)
        send = functools.partial(screen.show, number)
        with RunLog(None, send) as lines, contextlib.redirect_stdout(lines):
            is_finished = reuse_finished(spec, log)
        if is_finished:
            screen.begin(number)
            screen.end(number)
        else:
            unfinished.append(number)
    return unfinished
