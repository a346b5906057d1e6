"""Trials: a few steps of a run, on its data."""

import time
from typing import NamedTuple

from experiments.formatting import counted, duration, markdown_table
from experiments.planning.estimate import Estimate, estimate_run
from experiments.planning.step_timing import Step
from experiments.run_folder import RunFolder
from experiments.runtime import devices
from experiments.training.disk import compute_bytes
from experiments.training.length import check_length
from experiments.training.optimizers import check_replicas
from experiments.training.run import open_session
from experiments.training.spec import RunSpec
from experiments.training.timing import Clock

_GIB = 2**30


class Trial(NamedTuple):
    """A few steps of an experiment, and what follows for a run.

    Attributes:
        run: The `Estimate` of a run.
        waiting: Share of the steps' time that is spent waiting for images.
        bytes: Bytes that the run writes.
        notes: Sentences of `check_length`.
    """

    run: Estimate
    waiting: float
    bytes: int
    notes: list


def dry_run(
    experiments, *, seeds, workdir, location, strategy, allow_overlap=False
):
    """Builds everything, trains three steps and evaluates one batch.

    Prints what steps take, and the time and the disk of the runs. Writes
    nothing.

    Args:
        experiments: `experiments.configs.schema.Experiment`s.
        seeds: Integers; the first is tried.
        workdir, location, strategy, allow_overlap: As for
            `experiments.training.run.run`.

    Returns:
        A list of `Trial`s.

    Raises:
        ConfigError: if a config cannot be run, or the disk is too small.
        DataError: if the data is missing or broken.
    """
    trials = []
    for each in experiments:
        print(f"trying {each.name}, seed {seeds[0]}", flush=True)
        trials.append(
            try_run(each, seeds[0], workdir, location, strategy, allow_overlap)
        )
    runs = len(trials) * len(seeds)
    seconds = len(seeds) * sum(trial.run.seconds for trial in trials)
    gib = len(seeds) * sum(trial.bytes for trial in trials) / _GIB
    print(
        "",
        *markdown_table([_trial_row(trial) for trial in trials]),
        "",
        *dict.fromkeys(f"- {note}." for each in trials for note in each.notes),
        f"{counted(runs, 'run')}: about {duration(seconds)} one after the "
        f"other, and at most {gib:.2f} GiB of disk; nothing was written.",
        sep="\n",
        flush=True,
    )
    return trials


def try_run(experiment, seed, workdir, location, strategy, allow_overlap):
    """Trains a few steps of a run and evaluates a batch; writes nothing.

    Args:
        experiment, seed, workdir, location, strategy, allow_overlap: As for
            `experiments.training.run.run`.

    Returns:
        A `Trial`.

    Raises:
        ConfigError, DataError: As `dry_run`.
    """
    devices.check_shares(experiment.data.batch_size, strategy)
    check_replicas(experiment.optimizer, strategy.num_replicas_in_sync)
    spec = RunSpec(
        experiment,
        seed,
        # The folder of no run; never made.
        RunFolder.of(workdir, experiment, f"{seed}_dry_run"),
        location,
        strategy,
        allow_overlap=allow_overlap,
    )
    with open_session(spec) as session:
        data = session.data
        *seconds, waiting = _time_steps(session)
        size = compute_bytes(experiment, session.trainer, data, session.classes)
        val, selection = (
            0 if split is None else len(split.labels)
            for split in (data.val, data.selection)
        )
        steps = session.steps_per_epoch
        notes = check_length(experiment, len(data.train.labels), steps)
    run = estimate_run(experiment, steps, val, selection, Step(*seconds))
    return Trial(run, waiting, size, notes)


def _time_steps(session, steps=3):
    """Trains a few steps, evaluates a batch, and keeps nothing.

    Returns:
        Seconds until a first step and evaluation are done, of a step, and of
        evaluating a batch; share of the steps that is waiting.
    """
    trainer, clock, start = session.trainer, Clock(), time.perf_counter()
    batches = session.batches(0, 1)
    one = session.eval_batches(session.data.val).take(1)
    trainer.fit(batches, shuffle=False, verbose=0)
    trainer.evaluate(one, verbose=0)
    start = time.perf_counter() - start
    batches = session.waiting.timed(session.batches(1, steps - 1))
    trainer.fit(batches, callbacks=[clock], shuffle=False, verbose=0)
    train, waited = clock.seconds, session.waiting.seconds
    clock = Clock()
    trainer.evaluate(one, callbacks=[clock], verbose=0)
    return start, train, clock.seconds, min(waited / (steps - 1) / train, 1.0)


def _trial_row(trial):
    return {
        "arm": trial.run.name,
        **trial.run.cells(),
        "waiting": f"{trial.waiting:.0%}",
        "disk of a run": f"{trial.bytes / _GIB:.2f} GiB",
    }
