"""What a study will take and what it can show, before it is run."""

from pathlib import Path
from typing import NamedTuple

from experiments.configs.schema import as_json, completed
from experiments.errors import ConfigError
from experiments.formatting import markdown_table
from experiments.planning.image_counts import Counts, count_images
from experiments.planning.step_timing import Step, StepTimer, stand_in
from experiments.quantities import counted, duration
from experiments.report import wording
from experiments.report.findings import find
from experiments.report.groups import group_runs
from experiments.report.runs import read_runs
from experiments.run_folder import RunFolder
from experiments.runtime import devices
from experiments.statistics.noise import (
    Noise,
    measure_fold_noise,
    measure_noise,
)
from experiments.statistics.power import extend_power, plan_power
from experiments.training.data import epoch_steps
from pipelines.config import compare_configs


class ArmPlan(NamedTuple):
    """What an arm will take.

    Attributes:
        name: Of the experiment.
        left: Number of runs that are to be made.
        finished: Number of runs that are there.
        counts: `image_counts.Counts`.
        batch_size: Images in a step.
        steps: Of a run.
        evaluated: Batches that a run evaluates.
        step: A `step_timing.Step`.
    """

    name: str
    left: int
    finished: int
    counts: Counts
    batch_size: int
    steps: int
    evaluated: int
    step: Step

    @property
    def seconds(self):
        """Of a run."""
        return (
            self.step.start
            + self.steps * self.step.train
            + self.evaluated * self.step.evaluate
        )


def plan_study(name, experiments, *, seeds, workdir, location, strategy):
    """Prints runs, steps, time and what the study can show; trains nothing.

    Args:
        name, experiments, seeds, workdir, location, strategy: As for
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
    steps = sum(plan.left * plan.steps for plan in plans)
    seconds = sum(plan.left * plan.seconds for plan in plans)
    remarks = [
        f"{left} of {len(plans) * len(seeds)} runs are to be made: "
        f"{steps:,} steps, about {duration(seconds)}",
        f"Timed here and now on {devices.in_words(strategy)}: each arm's own "
        "steps, on a drawn image of the config's size in place of the data; "
        "reading data and writing files come on top",
        *dict.fromkeys(plan.counts.origin for plan in plans),
    ]
    print(
        f"\nPlan of study {name}: {counted(len(plans), 'arm')}, "
        f"{counted(len(seeds), 'seed')} each",
        *("", *markdown_table([_row(plan, names) for plan in plans]), ""),
        *(f"- {remark}." for remark in remarks),
        sep="\n",
        flush=True,
    )
    if len(plans) > 1:
        images = plans[0].counts.judged(len(seeds))
        power = _power(name, experiments, len(seeds), images, workdir)
        for sentence in wording.power(power):
            print(f"- {sentence}", flush=True)


def _plan(experiment, seeds, workdir, location, timer):
    config = experiment.data
    counts = count_images(config, location)
    data = stand_in(config, counts)
    an_epoch = epoch_steps(config, data)
    if an_epoch == 0:
        raise ConfigError(
            f"data.batch_size={config.batch_size} is larger than the "
            f"{counts.train} training images; set it lower."
        )
    finished = sum(_is_finished(experiment, each, workdir) for each in seeds)
    val, selection = (
        -(-images // config.batch_size)
        for images in (counts.val, counts.selection)
    )
    return ArmPlan(
        name=experiment.name,
        left=len(seeds) - finished,
        finished=finished,
        counts=counts,
        batch_size=config.batch_size,
        steps=an_epoch * experiment.epochs,
        # At the end, predictions are written.
        evaluated=experiment.epochs * (val + selection) + val,
        step=timer.time(experiment, data),
    )


def _row(plan, names):
    return {
        "arm": names(plan.name),
        "to be made": plan.left,
        "finished": plan.finished,
        "train images": f"{plan.counts.train:,}",
        "val images": f"{plan.counts.val:,}",
        "steps of a run": f"{plan.steps:,}",
        "ms a step": f"{1000 * plan.step.train:,.0f}",
        "images/s": f"{plan.batch_size / plan.step.train:,.0f}",
        "a run takes": duration(plan.seconds),
    }


def _is_finished(experiment, seed, workdir):
    folder = RunFolder.of(workdir, experiment, seed)
    return _is_of(folder, experiment) and folder.is_finished()


def _is_of(folder, experiment):
    """Whether the config there is this one, whatever the seed."""
    there = folder.read_json("config.json")
    if there is None:
        return False
    there.pop("seed", None)
    return not compare_configs(completed(there), as_json(experiment))


def _power(name, experiments, seeds, images, workdir):
    """Power of the plan, by the noise of this study's finished runs."""
    runs, _ = read_runs(
        path
        for experiment in experiments
        for path in sorted((Path(workdir) / experiment.name).glob("seed_*"))
        if _is_of(RunFolder(path), experiment)
    )
    groups, _ = group_runs(runs, name)
    folds, noise = experiments[0].data.folds, Noise()
    if groups:
        measured = find(groups[0]).power
        if measured is not None:
            return extend_power(measured, len(experiments), seeds, images)
        noise = (measure_noise if folds is None else measure_fold_noise)(
            groups[0].correct
        )
    return plan_power(len(experiments), seeds, images, folds, noise)
