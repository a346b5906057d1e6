"""A few steps of each experiment with its data, which leave nothing behind."""

from typing import NamedTuple

from experiments.formatting import markdown_table
from experiments.quantities import counted, duration
from experiments.run_folder import RunFolder
from experiments.runtime import devices
from experiments.training.disk import needed_bytes
from experiments.training.optimizers import check_replicas
from experiments.training.run import open_session
from experiments.training.spec import RunSpec

_GIB = 2**30


class Trial(NamedTuple):
    """What a few steps of an experiment tell of a whole run.

    Attributes:
        name: Of the experiment.
        batch_size: Images in a step.
        steps: Of a run.
        evaluated: Batches that a run evaluates.
        start: Seconds until the first step and evaluation are done.
        train, evaluate: Seconds of a step, and of evaluating a batch.
        waiting: Share of the steps' time that is spent waiting for images.
        bytes: That a run writes.
    """

    name: str
    batch_size: int
    steps: int
    evaluated: int
    start: float
    train: float
    evaluate: float
    waiting: float
    bytes: int

    @property
    def seconds(self):
        """Of a run."""
        return (
            self.start
            + self.steps * self.train
            + self.evaluated * self.evaluate
        )


def dry_run(
    experiments, *, seeds, workdir, location, strategy, allow_overlap=False, **_
):
    """Builds everything, trains three steps and evaluates one batch.

    Prints what steps take, and what time and disk the runs would.

    Args:
        experiments: `experiments.configs.schema.Experiment`s.
        seeds: Integers; the first is tried.
        workdir, location, strategy, allow_overlap: As for
            `experiments.training.run.run`.

    Returns:
        `Trial`s.

    Raises:
        ConfigError: if a config cannot be run, or the disk is too small.
        DataError: if the data is missing or broken.
    """
    trials = []
    for experiment in experiments:
        print(f"trying {experiment.name}, seed {seeds[0]}", flush=True)
        devices.check_shares(experiment.data.batch_size, strategy)
        check_replicas(experiment.optimizer, strategy.num_replicas_in_sync)
        # No run's, and never made.
        folder = RunFolder.of(workdir, experiment, f"{seeds[0]}_dry_run")
        spec = RunSpec(
            experiment,
            seeds[0],
            folder,
            location,
            strategy,
            allow_overlap=allow_overlap,
        )
        with open_session(spec) as session:
            trials.append(_try(session))
    runs = len(trials) * len(seeds)
    seconds = len(seeds) * sum(trial.seconds for trial in trials)
    gib = len(seeds) * sum(trial.bytes for trial in trials) / _GIB
    print(
        "",
        *markdown_table([_row(trial) for trial in trials]),
        "",
        f"{counted(runs, 'run')}: about {duration(seconds)}, and at most "
        f"{gib:.2f} GiB of disk; nothing was written.",
        sep="\n",
        flush=True,
    )
    return trials


def _try(session):
    experiment, data = session.spec.experiment, session.data
    batch_size = experiment.data.batch_size
    start, train, evaluate, waiting = session.try_out()
    val, selection = (
        0 if split is None else -(-len(split.labels) // batch_size)
        for split in (data.val, data.selection)
    )
    an_epoch = val * (1 + (experiment.ema is not None)) + selection
    return Trial(
        experiment.name,
        batch_size,
        steps=session.steps_per_epoch * experiment.epochs,
        # At the end, predictions are written.
        evaluated=experiment.epochs * an_epoch + val,
        start=start,
        train=train,
        evaluate=evaluate,
        waiting=waiting,
        bytes=needed_bytes(experiment, session.trainer, data, session.classes),
    )


def _row(trial):
    return {
        "arm": trial.name,
        "steps of a run": f"{trial.steps:,}",
        "ms a step": f"{1000 * trial.train:,.0f}",
        "images/s": f"{trial.batch_size / trial.train:,.0f}",
        "waiting": f"{trial.waiting:.0%}",
        "a run takes": duration(trial.seconds),
        "disk of a run": f"{trial.bytes / _GIB:.2f} GiB",
    }
