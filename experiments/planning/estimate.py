"""Estimates of what runs take, for --plan and --dry_run."""

from pathlib import Path
from typing import NamedTuple

from experiments.configs.schema import as_json, fill_defaults
from experiments.formatting import counted, duration, markdown_table
from experiments.planning.image_counts import Counts, count_images
from experiments.planning.step_timing import Step, StepTimer, build_stand_in
from experiments.report import wording
from experiments.report.findings import compute_findings
from experiments.report.groups import group_runs
from experiments.report.runs import read_runs
from experiments.run_folder import RunFolder
from experiments.runtime import devices
from experiments.statistics.noise import (
    Noise,
    measure_fold_noise,
    measure_noise,
)
from experiments.statistics.power import (
    extend_power,
    plan_power,
    seeds_to_detect,
)
from experiments.training.data import epoch_steps
from experiments.training.disk import needed_bytes
from experiments.training.length import check_length
from experiments.training.optimizers import check_replicas
from experiments.training.run import open_session
from experiments.training.spec import RunSpec
from pipelines.config import compare_configs

_GIB = 2**30


class Estimate(NamedTuple):
    """Size and time of one run of an arm.

    Attributes:
        name: Name of the experiment.
        batch_size: Images in a step.
        steps: Training steps.
        evaluations: Batches that are evaluated.
        step: A `step_timing.Step`.
    """

    name: str
    batch_size: int
    steps: int
    evaluations: int
    step: Step

    @property
    def seconds(self):
        """Time of the run."""
        return (
            self.step.start
            + self.steps * self.step.train
            + self.evaluations * self.step.evaluate
        )

    def cells(self):
        """Returns cells of a table."""
        return {
            "steps of a run": f"{self.steps:,}",
            "ms a step": f"{1000 * self.step.train:,.0f}",
            "images/s": f"{self.batch_size / self.step.train:,.0f}",
            "a run takes": duration(self.seconds),
        }


class ArmPlan(NamedTuple):
    """Runs of one arm of a planned study.

    Attributes:
        left: Number of runs that are to be made.
        finished: Number of runs that are there.
        notes: Sentences of `check_length`.
        counts: `image_counts.Counts`.
        run: The `Estimate` of a run.
    """

    left: int
    finished: int
    notes: list
    counts: Counts
    run: Estimate


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


def estimate_run(experiment, epoch_steps, val, selection, step):
    """Estimates one run.

    Args:
        experiment: An `experiments.configs.schema.Experiment`.
        epoch_steps: Training steps of an epoch.
        val, selection: Numbers of images that are evaluated in an epoch.
        step: A `step_timing.Step`.

    Returns:
        An `Estimate`.
    """
    batch_size = experiment.data.batch_size
    val, selection = (-(-images // batch_size) for images in (val, selection))
    an_epoch = val * (1 + (experiment.ema is not None)) + selection
    return Estimate(
        experiment.name,
        batch_size,
        steps=experiment.epochs * epoch_steps,
        # At the end, predictions are written.
        evaluations=experiment.epochs * an_epoch + val,
        step=step,
    )


def plan_study(
    name, experiments, *, seeds, workdir, location, strategy, margin=None
):
    """Prints runs, steps, time and what the study can show; trains nothing.

    Args:
        name, experiments, seeds, workdir, location, strategy, margin: As for
            `experiments.study.run_study`.

    Raises:
        ConfigError: if a config cannot be run.
        DataError: if the data is broken.
    """
    timer = StepTimer(strategy)
    plans = [
        _plan(experiment, seeds, workdir, location, timer)
        for experiment in experiments
    ]
    names = wording.Names(each.name for each in experiments)
    left = sum(plan.left for plan in plans)
    steps = sum(plan.left * plan.run.steps for plan in plans)
    seconds = sum(plan.left * plan.run.seconds for plan in plans)
    remarks = [
        f"{left} of {len(plans) * len(seeds)} runs are to be made: "
        f"{steps:,} steps, about {duration(seconds)}",
        f"Timed here and now on {devices.in_words(strategy)}: each arm's own "
        "steps, on a drawn image of the config's size in place of the data; "
        "reading data and writing files come on top",
        *dict.fromkeys(plan.counts.origin for plan in plans),
        *dict.fromkeys(note for plan in plans for note in plan.notes),
    ]
    print(
        f"\nPlan of study {name}: {counted(len(plans), 'arm')}, "
        f"{counted(len(seeds), 'seed')} each",
        *("", *markdown_table([_plan_row(each, names) for each in plans]), ""),
        *(f"- {remark}." for remark in remarks),
        sep="\n",
        flush=True,
    )
    if len(plans) > 1:
        images = plans[0].counts.evaluated(len(seeds))
        power = _plan_power(name, experiments, len(seeds), images, workdir)
        for sentence in wording.power(power):
            print(f"- {sentence}", flush=True)
        if margin is not None:
            needed = seeds_to_detect(power, margin)
            print(f"- {wording.margin_needs(margin, needed)}", flush=True)


def _plan(experiment, seeds, workdir, location, timer):
    config = experiment.data
    counts = count_images(config, location)
    data = build_stand_in(config, counts)
    steps = epoch_steps(config, data)
    notes = check_length(experiment, counts.train, steps)
    finished = sum(_is_finished(experiment, each, workdir) for each in seeds)
    step = timer.time(experiment, data)
    return ArmPlan(
        left=len(seeds) - finished,
        finished=finished,
        notes=notes,
        counts=counts,
        run=estimate_run(experiment, steps, counts.val, counts.selection, step),
    )


def _plan_row(plan, names):
    return {
        "arm": names(plan.run.name),
        "to be made": plan.left,
        "finished": plan.finished,
        "train images": f"{plan.counts.train:,}",
        "val images": f"{plan.counts.val:,}",
        **plan.run.cells(),
    }


def _is_finished(experiment, seed, workdir):
    folder = RunFolder.of(workdir, experiment, seed)
    return _has_config(folder, experiment) and folder.is_finished()


def _has_config(folder, experiment):
    """Tells if the config in a folder is this one, whatever the seed."""
    there = folder.read_json("config.json")
    if there is None:
        return False
    there.pop("seed", None)
    return not compare_configs(fill_defaults(there), as_json(experiment))


def _plan_power(name, experiments, seeds, images, workdir):
    """Computes the plan's `Power`, by the noise of its finished runs."""
    runs, _ = read_runs(
        path
        for experiment in experiments
        for path in sorted((Path(workdir) / experiment.name).glob("seed_*"))
        if _has_config(RunFolder(path), experiment)
    )
    groups, _ = group_runs(runs, name)
    folds, noise = experiments[0].data.folds, Noise()
    if groups:
        measured = compute_findings(groups[0]).power
        if measured is not None:
            return extend_power(measured, len(experiments), seeds, images)
        measure = measure_noise if folds is None else measure_fold_noise
        noise = measure(groups[0].correct)
    return plan_power(len(experiments), seeds, images, folds, noise)


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
    trials = [
        _try(each, seeds[0], workdir, location, strategy, allow_overlap)
        for each in experiments
    ]
    runs = len(trials) * len(seeds)
    seconds = len(seeds) * sum(trial.run.seconds for trial in trials)
    gib = len(seeds) * sum(trial.bytes for trial in trials) / _GIB
    print(
        "",
        *markdown_table([_trial_row(trial) for trial in trials]),
        "",
        *dict.fromkeys(f"- {note}." for each in trials for note in each.notes),
        f"{counted(runs, 'run')}: about {duration(seconds)}, and at most "
        f"{gib:.2f} GiB of disk; nothing was written.",
        sep="\n",
        flush=True,
    )
    return trials


def _try(experiment, seed, workdir, location, strategy, allow_overlap):
    print(f"trying {experiment.name}, seed {seed}", flush=True)
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
        *seconds, waiting = session.try_out()
        size = needed_bytes(experiment, session.trainer, data, session.classes)
        val, selection = (
            0 if split is None else len(split.labels)
            for split in (data.val, data.selection)
        )
        steps = session.steps_per_epoch
        notes = check_length(experiment, len(data.train.labels), steps)
    run = estimate_run(experiment, steps, val, selection, Step(*seconds))
    return Trial(run, waiting, size, notes)


def _trial_row(trial):
    return {
        "arm": trial.run.name,
        **trial.run.cells(),
        "waiting": f"{trial.waiting:.0%}",
        "disk of a run": f"{trial.bytes / _GIB:.2f} GiB",
    }
