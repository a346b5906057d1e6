"""Size and time of a study's runs, from steps measured now, for --plan."""

from typing import NamedTuple

from experiments.formatting import counted, duration, markdown_table
from experiments.planning.image_counts import Counts, count_images
from experiments.planning.prospects import (
    compute_power,
    describe_changes,
    describe_sweep,
    is_finished,
)
from experiments.planning.side_by_side import time_side_by_side
from experiments.planning.step_timing import Step, build_stand_in, time_arms
from experiments.report import wording
from experiments.runtime import devices
from experiments.statistics.power import count_seeds_to_detect
from experiments.training.data import count_steps
from experiments.training.length import check_length

# Two processes of one thread each trained the study `demo` 1.55 times as fast
# as one process of two threads.
_GAIN = 0.55
# Seconds that go by before the first step, and that files and figures of a run
# take, on a small study.
_BEGIN, _FILES = 10, 3


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


def estimate_study(
    experiments, *, seeds, workdir, location, strategy, jobs=None, threads=1
):
    """Estimates the runs of each arm of a study.

    Args:
        experiments, seeds, workdir, location, strategy: As for
            `experiments.study.run_study`.
        jobs, threads: As for `experiments.training.jobs.run_side_by_side`;
            None: this process trains one run after the other.

    Returns:
        A list of `ArmPlan`s.

    Raises:
        ConfigError: if a config cannot be run.
        DataError: if the data is broken.
    """
    plans = [_plan(each, seeds, workdir, location) for each in experiments]
    counts = [plan.counts for plan in plans]
    if jobs is None:
        steps = time_arms(experiments, counts, strategy)
    else:
        steps = time_side_by_side(experiments, counts, jobs, threads)
    return [
        plan._replace(run=plan.run._replace(step=step))
        for plan, step in zip(plans, steps, strict=True)
    ]


def sum_seconds(plans, jobs):
    """Sums the time of the runs that are left, in so many processes.

    Args:
        plans: `ArmPlan`s.
        jobs: As for `estimate_study`.
    """
    left = sum(plan.left for plan in plans)
    seconds = sum(plan.left * plan.run.seconds for plan in plans)
    return seconds / max(1, min(jobs or 1, left))


def estimate_left(
    experiments, *, seeds, workdir, location, strategy, jobs=None
):
    """Estimates the time of a study's runs, by some steps of its first arm.

    In a sweep, by some steps of the first arm of each network.

    Args:
        experiments, seeds, workdir, location, strategy, jobs: As for
            `estimate_study`; this process times the steps in any case.

    Returns:
        Seconds; None if all runs are finished.

    Raises:
        ConfigError, DataError: As `estimate_study`.
    """
    plans = [_plan(each, seeds, workdir, location) for each in experiments]
    if not any(plan.left for plan in plans):
        return None
    networks = [
        repr((each.model, each.data.image_size, each.data.batch_size))
        for each in experiments
    ]
    firsts = [networks.index(each) for each in dict.fromkeys(networks)]
    timed = time_arms(
        [experiments[place] for place in firsts],
        [plans[place].counts for place in firsts],
        strategy,
    )
    # Runs that follow each other share what the first has traced.
    later = {
        networks[place]: step._replace(start=0.0)
        for place, step in zip(firsts, timed, strict=True)
    }
    seconds = sum(step.start for step in timed) + sum(
        plan.left * (_FILES + plan.run._replace(step=later[network]).seconds)
        for plan, network in zip(plans, networks, strict=True)
    )
    return _BEGIN + seconds / (1 + _GAIN * ((jobs or 1) - 1))


def plan_study(
    design, *, location, strategy, jobs=None, threads=1, margin=None
):
    """Prints runs, steps, time and detectable difference; trains nothing.

    Args:
        design, location, margin: As for `experiments.study.run_study`.
        strategy, jobs, threads: As for `estimate_study`.

    Raises:
        ConfigError, DataError: As `estimate_study`.
    """
    plans = estimate_study(
        design.experiments,
        seeds=design.seeds,
        workdir=design.workdir,
        location=location,
        strategy=strategy,
        jobs=jobs,
        threads=threads,
    )
    names = wording.Names(each.name for each in design.experiments)
    kind = "arm" if design.sweep is None else "config"
    most = "at most " if design.looks else ""
    print(
        f"\nPlan of study {design.name}: {counted(len(plans), kind)}, "
        f"{most}{counted(len(design.seeds), 'seed')} each",
        *("", *markdown_table([_plan_row(each, names) for each in plans]), ""),
        sep="\n",
    )
    _print_list(
        *_describe_size(plans, strategy, jobs),
        *_describe_range(plans, design.looks, jobs),
        *_describe_trials(plans, design, location, jobs),
        *dict.fromkeys(plan.counts.origin for plan in plans),
        *dict.fromkeys(note for plan in plans for note in plan.notes),
    )
    if design.sweep is not None:
        counts = {plan.run.name: plan.counts for plan in plans}
        _print_list(*describe_sweep(design, counts))
    elif len(plans) > 1:
        power = compute_power(design, plans[0].counts)
        _print_list(
            *_describe_power(power, design.looks, margin),
            *describe_changes(power, design.experiments[0], location),
        )


def _print_list(*sentences):
    for each in sentences:
        print(f"- {each.removesuffix('.')}.", flush=True)


def _describe_size(plans, strategy, jobs):
    left = sum(plan.left for plan in plans)
    runs = left + sum(plan.finished for plan in plans)
    steps = sum(plan.left * plan.run.steps for plan in plans)
    yield (
        f"{left} of {runs} runs are to be made: {steps:,} steps, about "
        f"{duration(sum_seconds(plans, jobs))}"
    )
    together = ""
    if jobs is not None:
        together = f", in {jobs} processes at once, as the runs train"
    yield (
        f"Timed here and now on {devices.in_words(strategy)}{together}: each "
        "arm's own steps, on a drawn image of the config's size in place of "
        "the data; reading data and writing files come on top"
    )


def _describe_power(power, looks, margin):
    sentences = wording.power(power)
    if looks is not None:
        sentences[0] = wording.last_look(power)
    elif margin is not None:
        needed = count_seeds_to_detect(power, margin)
        sentences.append(wording.margin_needs(margin, needed))
    return sentences


def _describe_trials(plans, design, location, jobs):
    """Trials come before these runs, and the tuned arms after them."""
    # A trial's steps are those of the first arm.
    step = plans[0].run.step
    trials = [
        plan._replace(run=plan.run._replace(step=step))
        for plan in (
            _plan(each, [seed], design.workdir, location)
            for each, seed in design.list_trials()
        )
    ]
    if not trials:
        return
    seconds = sum_seconds(trials, jobs)
    yield (
        f"Before them come {counted(len(trials), 'trial')}, about "
        f"{duration(seconds)}, and after them at most as many runs of tuned "
        f"arms: all together about "
        f"{duration(seconds + 2 * sum_seconds(plans, jobs))}"
    )


def _describe_range(plans, looks, jobs):
    """The fewest and the most runs of a study with looks."""
    if looks is None:
        return
    first, last = looks.seeds[0], looks.seeds[-1]
    a_seed = sum(plan.run.seconds for plan in plans)
    a_seed /= min(jobs or 1, first * len(plans))
    yield (
        f"Looks at {', '.join(map(str, looks.seeds))} seeds: at least "
        f"{first * len(plans)} and at most {last * len(plans)} runs in all, "
        f"about {duration(first * a_seed)} to {duration(last * a_seed)}"
    )


def _plan(experiment, seeds, workdir, location):
    """Builds an `ArmPlan` whose steps are not timed yet."""
    config = experiment.data
    counts = count_images(config, location)
    steps = count_steps(config, build_stand_in(config, counts))
    notes = check_length(experiment, counts.train, steps)
    finished = sum(is_finished(workdir, experiment, each) for each in seeds)
    return ArmPlan(
        left=len(seeds) - finished,
        finished=finished,
        notes=notes,
        counts=counts,
        run=estimate_run(experiment, steps, counts.val, counts.selection, None),
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
