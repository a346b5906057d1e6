"""Differences that a study can detect, and changes that would help."""

from pathlib import Path

from experiments.configs.schema import as_json
from experiments.formatting import counted, duration
from experiments.planning.fitting import FOLDS
from experiments.planning.image_counts import ImageCounter
from experiments.report.findings import compute_findings
from experiments.report.groups import group_runs
from experiments.report.runs import read_runs
from experiments.run_folder import RunFolder
from experiments.statistics.comparison import CONFIDENCE
from experiments.statistics.noise import (
    LUCK,
    assume_noise,
    measure_fold_noise,
    measure_noise,
)
from experiments.statistics.power import (
    extend_power,
    plan_last_look,
    plan_power,
)
from pipelines.config import compare_configs
from pipelines.loading import FOLDERS

# A change helps if it lowers the detectable difference by so large a share.
_HELPS = 0.1
# Accuracy for which transfer is planned; nothing says that it gets there.
_TRANSFER_ACCURACY = 0.9


def describe_study(design, counts, seconds=None):
    """Says in one line what a study evaluates, can detect and takes.

    Args:
        design: `experiments.designs.base.StudyDesign` without a sweep.
        counts: `image_counts.Counts` of the first arm.
        seconds: Time of the runs that are left; None: not known.

    Example of the line:
        10 runs of each of 5 arms, 140 images evaluated (5 folds): detects
        differences of about 18 points or more; about 25 min
    """
    arms, seeds, looks = (
        len(design.experiments),
        len(design.seeds),
        design.looks,
    )
    images, folds = counts.evaluated(seeds), design.experiments[0].data.folds
    line = counted(seeds, "run")
    if looks is not None:
        line = f"{looks.seeds[0]} to {line}"
    if arms > 1:
        line += f" of each of {arms} arms"
    line += f", {counted(images, 'image')} evaluated"
    if folds is not None:
        line += f" ({folds} folds)"
    if arms > 1:
        power = compute_power(design, counts)
        line += f": {_describe_power(power)}"
        if looks is not None and power.detectable is not None:
            line += f" with {seeds}"
    if seconds is None:
        return line
    most = "about" if looks is None else "at most about"
    return f"{line}; {most} {duration(seconds)}"


def describe_sweep(design, counts, seconds=None):
    """Says what a sweep trains, and what each of its values can detect.

    Args:
        design: `experiments.designs.sweep.Swept`.
        counts: {name of an experiment: its `image_counts.Counts`}, of the
            reference of each value.
        seconds: As for `describe_study`.

    Returns:
        A list of sentences without a full stop: of the whole, then of each
        value.
    """
    points, seeds = design.sweep.points, len(design.seeds)
    arms = len(points[0].arms)
    lines = [
        f"{counted(len(design.experiments) * seeds, 'run')}: "
        f"{counted(arms, 'arm')} at {design.sweep.describe()}, "
        f"{counted(seeds, 'seed')} each"
    ]
    if seconds is not None:
        lines[0] += f"; about {duration(seconds)}"
    if arms == 1:
        return lines
    for point, study in zip(points, design.studies, strict=True):
        power = compute_power(study, counts[point.reference.name])
        confidence = 1 - (1 - CONFIDENCE) / len(points)
        power = extend_power(power, confidence=confidence)
        images = counted(power.images, "image")
        # What would help is said of studies alone.
        detects, _, _ = _describe_power(power).partition(";")
        lines.append(f"{point.title}: {images} evaluated, {detects}")
    return lines


def _describe_power(power):
    if power.seeds < 2:
        return "ranks nothing, as one run an arm does not tell luck from effect"
    if power.detectable is None:
        return "detects no difference; --plan says what would help"
    about = "" if power.noise.runs else "about "
    return f"detects differences of {about}{_points(power)} or more"


def _points(power):
    points = power.detectable
    return f"{points:.{0 if points >= 10 else 1}f} points"


def compute_power(design, counts):
    """Computes the `Power` of a study, by the noise of its finished runs.

    Args:
        design: `experiments.designs.base.StudyDesign` without a sweep.
        counts: `image_counts.Counts` of the first arm.

    Returns:
        `statistics.power.Power`; of a study with looks that of the last one.
    """
    power = _compute_power(design, counts)
    if design.looks is None:
        return power
    return plan_last_look(power, design.looks.levels[-1])


def _compute_power(design, counts):
    arms, seeds = len(design.experiments), len(design.seeds)
    images, workdir = counts.evaluated(seeds), Path(design.workdir)
    runs, _ = read_runs(
        path
        for experiment in design.experiments
        for path in sorted((workdir / experiment.name).glob("seed_*"))
        if _has_config(RunFolder(path), experiment)
    )
    groups, _ = group_runs(runs, design.name)
    folds = design.experiments[0].data.folds
    noise = assume_noise(counts.train)
    if groups:
        measured = compute_findings(groups[0]).power
        if measured is not None:
            return extend_power(measured, arms=arms, seeds=seeds, images=images)
        measure = measure_noise if folds is None else measure_fold_noise
        noise = measure(groups[0].correct, noise)
    return plan_power(arms, seeds, images, folds, noise)


def is_finished(workdir, experiment, seed):
    """Tells if a run of this config is finished."""
    folder = RunFolder.of(workdir, experiment, seed)
    return _has_config(folder, experiment) and folder.is_finished()


def _has_config(folder, experiment):
    """Tells if the config in a folder is this one, whatever the seed."""
    there = folder.read_json("config.json")
    if there is None:
        return False
    there.pop("seed", None)
    return not compare_configs(there, as_json(experiment))


def describe_changes(power, experiment, location):
    """Says which changes would lower the detectable difference, and which not.

    Args:
        power: The `Power` of the plan.
        experiment: The first arm.
        location: A `pipelines.location.Location` of the data.

    Returns:
        A list of sentences.
    """
    told = {True: [], False: []}
    for text, changed in _list_changes(power, experiment, location):
        if changed.detectable is None:
            told[False].append(text)
            continue
        before = power.detectable or float("inf")
        helps = changed.detectable <= (1 - _HELPS) * before
        told[helps].append(f"{text}: {_points(changed)}")
    return [
        f"{title}: {'; '.join(texts)}."
        for title, texts in (
            ("Would help", told[True]),
            ("Would not help", told[False]),
        )
        if texts
    ]


def _list_changes(power, experiment, location):
    """Yields changes of a study, each with the `Power` that it would have."""
    data, images = experiment.data, power.images
    if data.folds is None and data.name in FOLDERS and data.selection is None:
        whole = ImageCounter(data, location).count_split("all")
        yield (
            f"{FOLDS} folds, which evaluate all {whole:,} images (--set "
            f"data.folds={FOLDS} --set data.train=all --set data.val=all)",
            extend_power(power, images=whole, folds=FOLDS),
        )
    for seeds in dict.fromkeys(
        max(times * power.seeds, 5 * times // 2) for times in (2, 4)
    ):
        yield (
            f"{seeds} seeds, in {seeds / power.seeds:.3g} times the time",
            extend_power(power, seeds=seeds),
        )
    for times in (2, 4):
        yield (
            f"{times * images:,} evaluated images, {times} times as many",
            extend_power(power, images=times * images),
        )
    if power.arms > 2:
        yield "2 arms", extend_power(power, arms=2)
    if (
        experiment.model.weights is None
        and power.noise.accuracy < _TRANSFER_ACCURACY
    ):
        variance = _TRANSFER_ACCURACY * (1 - _TRANSFER_ACCURACY)
        noise = power.noise._replace(
            accuracy=_TRANSFER_ACCURACY, agreement=1 - 2 * LUCK * variance
        )
        yield (
            "transfer (--recipe=large --set model.weights=imagenet), if it "
            f"reaches an accuracy of {100 * _TRANSFER_ACCURACY:.0f} %",
            extend_power(power, noise=noise),
        )
