"""The numbers of a report, before they are put into words."""

import math
import statistics as summary
from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from sklearn.metrics import confusion_matrix

from experiments.metrics import (
    balanced_accuracy,
    calibration_error,
    classification_metrics,
)
from experiments.report.design import Design, select_design
from experiments.report.diagnostics import (
    compare_environments,
    read_signs,
    same_predictions,
)
from experiments.report.settings import Settings, compare_settings
from experiments.statistics.comparison import (
    CONFIDENCE,
    compare_all_pairs,
    compare_arms,
)
from experiments.statistics.cross_validation import (
    compare_all_fold_pairs,
    compare_folds,
)
from experiments.statistics.equivalence import judge_relevance
from experiments.statistics.noise import (
    assume_noise,
    measure_fold_noise,
    measure_noise,
)
from experiments.statistics.power import Power, measure_power, plan_power

# Among five classes or fewer the right one is always in the top 5.
_FEWEST_FOR_TOP5 = 6
# Share of an arm's trainings without which its verdict needs a caveat.
_MOST_LOST = 0.2


class Spread(NamedTuple):
    """A figure over seeds.

    Attributes:
        mean: float.
        deviation: Sample standard deviation; None with one seed.
        values: list[float], one a seed.
    """

    mean: float
    deviation: float | None
    values: list


class ClassDifference(NamedTuple):
    """Difference of an arm to the reference on the images of one class."""

    class_name: str
    images: int
    difference: float


@dataclass(frozen=True, eq=False)
class ArmFindings:
    """Numbers of one arm.

    Attributes:
        name: Of the experiment.
        seeds: list[int].
        epochs: list[int], as many as its runs have.
        lost: {"failed", "unfinished" or "left out": number of runs} that the
            comparison lacks.
        figures: {name: `Spread`}; errors, precision, recall and the
            calibration error in %, loss in nats, seconds of the whole run.
        chosen_on: Images that picked the epoch of "chosen_top1_error":
            "selection", or "val", which flatters it.
        signs: `diagnostics.Signs`.
        confusion: int (classes, classes), rows are labels, over all seeds.
        classes: list[`ClassDifference`] against the reference, largest gain
            first; None for the reference itself.
    """

    name: str
    seeds: list
    epochs: list
    lost: dict
    figures: dict
    chosen_on: str
    signs: object
    confusion: np.ndarray
    classes: list | None

    @property
    def is_decimated(self):
        """True if more than a fifth of its trainings are lost."""
        lost = sum(self.lost.values())
        return lost > _MOST_LOST * (lost + len(self.seeds))


@dataclass(frozen=True, eq=False)
class Findings:
    """Numbers of the comparison of a group.

    Attributes:
        title: Of the group.
        images: Number of images that all arms judged.
        crossed: True if seeds are folds of a cross-validation.
        class_names: tuple[str].
        positive_class: The one that precision and recall are of, or None.
        judged: "last", "best" or "ema", see
            `experiments.configs.schema.Experiment`.
        arms: list[`ArmFindings`], the reference first.
        absent: {arm: as `ArmFindings.lost`} of arms without any run of use.
        planned_reference: Name of the study's reference, also if it is
            absent.
        differences: list[`statistics.comparison.Difference`] in top-1
            accuracy, the placebos' first.
        pairs: As `differences`, of every two arms; empty for two arms.
        margin: Points of a difference that matters, or None.
        power: `statistics.power.Power`, or None without differences.
        placebos: Names of arms that are the reference trained again.
        settings: `settings.Settings`.
        is_cosine: True if the reference's learning rate follows a cosine.
        same_predictions: {(arm, other): seeds}, see `diagnostics`.
        doubles: `LeftOut`s, second runs of a name and a seed.
        environments: Sentences of `diagnostics.compare_environments`.
        design: `design.Design`, or None if it is not known. With looks, the
            differences are those of each arm's last look, and there are
            neither `pairs` nor `power`.
    """

    title: str
    images: int
    crossed: bool
    class_names: tuple
    positive_class: str | None
    judged: str
    arms: list
    absent: dict
    planned_reference: str | None
    differences: list
    pairs: list
    margin: float | None
    power: Power | None
    placebos: list
    settings: Settings
    is_cosine: bool
    same_predictions: dict
    environments: list
    doubles: list
    design: Design | None = None

    @property
    def is_looked_at(self):
        """True if the study is looked at while its seeds come in."""
        return self.design is not None and self.design.looks is not None

    def decision(self, difference):
        """The decision at the arm's last look; None without looks."""
        if not self.is_looked_at or difference not in self.differences:
            return None
        _, result = self.design.results[difference.arm]
        return result.decision

    def relevance(self, difference):
        """`judge_relevance` beside the margin; None without one."""
        if self.margin is None:
            return None
        return judge_relevance(difference, self.margin)

    @property
    def alarms(self):
        """Differences of placebos that are told apart from the reference."""
        return [
            each
            for each in self.differences
            if each.arm in self.placebos and each.verdict in ("better", "worse")
        ]


def compute_findings(group, margin=None, designs=()):
    """The `Findings` of a `groups.Group`.

    Args:
        group: `groups.Group`.
        margin: Points of a difference that matters, stated beforehand; a
            design with looks has its own.
        designs: `design.Design`s that the group may be of.
    """
    design = select_design(designs, [arm.name for arm in group.arms])
    is_looked_at = design is not None and design.looks is not None
    settings = compare_settings(group)
    positive = _positive_class(group)
    matrices = {arm.name: _confusion(group, arm) for arm in group.arms}
    reference = matrices[group.reference.name]
    same = same_predictions(group)
    copies = {other for arm, other in same if arm == group.reference.name}
    # A copy of the reference's runs is no second training of it.
    placebos = [arm for arm in settings.placebos if arm not in copies]
    if is_looked_at:
        margin = design.looks.margin
        differences = _select_differences(group, design)
    else:
        differences = compute_differences(group, placebos)
    present = {arm.name for arm in group.arms}
    signs = {arm.name: read_signs(group, arm) for arm in group.arms}
    all_guess = all(each.guesses for each in signs.values())
    return Findings(
        title=group.title,
        images=group.images,
        crossed=group.crossed,
        class_names=group.class_names,
        positive_class=positive,
        judged=group.reference.config["judged"],
        arms=[
            ArmFindings(
                name=arm.name,
                seeds=arm.seeds,
                epochs=arm.epochs,
                lost=_count_lost(group, arm.name),
                figures=_figures(group, arm, positive),
                chosen_on=arm.runs[0].metrics.best_selected_on,
                signs=signs[arm.name],
                confusion=matrices[arm.name],
                classes=None
                if arm is group.reference
                else _class_differences(
                    reference, matrices[arm.name], group.class_names
                ),
            )
            for arm in group.arms
        ],
        absent={
            each.arm: _count_lost(group, each.arm)
            for each in group.lost
            if each.arm not in present
        },
        planned_reference=group.planned_reference,
        differences=differences,
        # Their intervals hold for one look alone.
        pairs=[] if is_looked_at else _pairs(group),
        margin=margin,
        power=None if is_looked_at else _power(group, differences, all_guess),
        placebos=placebos,
        settings=settings,
        is_cosine=group.reference.config["optimizer"]["schedule"] == "cosine",
        same_predictions=same,
        environments=list(compare_environments(group)),
        doubles=[each for each in group.left_out if each.kind == "second"],
        design=design,
    )


def _count_lost(group, name):
    return dict(Counter(each.kind for each in group.lost if each.arm == name))


def _select_differences(group, design):
    """Differences of the last looks, of arms that have an interval."""
    found = (
        design.results[arm.name][1].difference
        for arm in group.arms
        if arm.name in design.results
    )
    return [each for each in found if each is not None]


def compute_differences(group, placebos, confidence=CONFIDENCE):
    """`Difference`s of a `groups.Group` against its reference.

    Args:
        group: `groups.Group`.
        placebos: Names of arms that are the reference trained again.
        confidence: Of all intervals together, in (0, 1).
    """
    if not group.images or len(group.arms) < 2:
        return []
    if not group.crossed:
        return compare_arms(
            group.correct, confidence=confidence, placebos=placebos
        )
    images = {seed: ids for seed, ids in group.judged.items() if ids}
    return compare_folds(
        group.correct, images, group.folds, confidence=confidence
    )


def _pairs(group):
    if not group.images or len(group.arms) < 3:
        return []
    if not group.crossed:
        return compare_all_pairs(group.correct)
    images = {seed: ids for seed, ids in group.judged.items() if ids}
    return compare_all_fold_pairs(group.correct, images, group.folds)


def _power(group, differences, all_guess):
    if not differences:
        return None
    data = group.reference.runs[0].data
    images = sum((data.splits.get(data.train) or {}).values())
    assumed = assume_noise(max(1, images))
    measure = measure_fold_noise if group.crossed else measure_noise
    noise = measure(group.correct, assumed)
    if all_guess and noise.seed_deviation < assumed.seed_deviation:
        # Networks that name one class agree as those that learn do not.
        arms, seeds = len(group.arms), min(len(a.seeds) for a in group.arms)
        return plan_power(arms, seeds, group.images, group.folds, assumed)
    return measure_power(differences, group.folds, noise)


def _positive_class(group):
    """The config's; of two classes, the second if the config names none."""
    named = group.reference.config["positive_class"]
    if named in group.class_names:
        return named
    return group.class_names[1] if len(group.class_names) == 2 else None


def _figures(group, arm, positive):
    columns = {}
    for run in arm.runs:
        outcomes = group.outcomes.get(run)
        if outcomes is None:
            continue
        for name, value in _measure(group, run, outcomes, positive).items():
            columns.setdefault(name, []).append(value)
    runs = len(group.predictions(arm))
    return {
        name: found
        for name, values in columns.items()
        if len(values) == runs and (found := spread(values)) is not None
    }


def _measure(group, run, outcomes, positive):
    found = {"top1_error": 100 * (1 - outcomes.right.mean())}
    if group.has_unequal_classes:
        balanced = balanced_accuracy(outcomes.labels, outcomes.predicted)
        found["balanced_error"] = 100 * (1 - balanced)
    if len(group.class_names) >= _FEWEST_FOR_TOP5:
        found["top5_error"] = 100 * (1 - outcomes.in_top5.mean())
    found["loss"] = outcomes.nll.mean()
    found["calibration_error"] = 100 * calibration_error(
        outcomes.confidence, outcomes.right
    )
    if run.metrics.plain_train is not None:
        found["train_error"] = 100 * (1 - run.metrics.plain_train.accuracy)
    best = run.metrics.best
    if best is not None:
        found["chosen_top1_error"] = 100 * (1 - best.val_accuracy)
        found["chosen_loss"] = best.val_loss
        if best.val_top5_accuracy is not None and "top5_error" in found:
            found["chosen_top5_error"] = 100 * (1 - best.val_top5_accuracy)
    if positive is not None:
        scores = classification_metrics(
            _known(outcomes.labels, outcomes, group),
            _known(outcomes.predicted, outcomes, group),
            group.class_names,
            positive,
        )
        for name in ("precision", "recall", "f1"):
            value = scores[name]
            found[name] = None if value is None else 100 * value
    seconds = [row["seconds"] for row in run.history if "seconds" in row]
    if len(seconds) == len(run.history):
        found["seconds"] = sum(seconds)
        if run.data.steps_per_epoch and summary.median(seconds) > 0:
            images = run.data.steps_per_epoch * run.config["data"]["batch_size"]
            found["images_per_second"] = images / summary.median(seconds)
    return found


def spread(values):
    """The `Spread` of numbers, one a seed; None if one is none or infinite."""
    values = [math.nan if value is None else float(value) for value in values]
    if not all(map(math.isfinite, values)):
        return None
    deviation = summary.stdev(values) if len(values) > 1 else None
    return Spread(summary.fmean(values), deviation, values)


def _known(indices, outcomes, group):
    """Class indices in the order of the group; -1 for outputs of no class."""
    order = {name: index for index, name in enumerate(group.class_names)}
    table = [order.get(name, -1) for name in outcomes.class_names]
    outputs = max(indices.max() + 1, len(table))
    table += [-1] * (outputs - len(table))
    return np.array(table)[indices]


def _confusion(group, arm):
    count = len(group.class_names)
    total = np.zeros((count, count + 1), int)
    for outcomes in group.predictions(arm):
        total += confusion_matrix(
            _known(outcomes.labels, outcomes, group),
            _known(outcomes.predicted, outcomes, group),
            labels=[*range(count), -1],
        )[:-1]
    return total


def _class_differences(reference, matrix, class_names):
    totals = matrix.sum(1), reference.sum(1)
    accuracies = [
        100 * np.diagonal(each)[: len(class_names)] / np.maximum(total, 1)
        for each, total in zip((matrix, reference), totals, strict=True)
    ]
    gains = accuracies[0] - accuracies[1]
    return [
        ClassDifference(class_names[index], int(totals[0][index]), gains[index])
        for index in np.argsort(-gains, kind="stable").tolist()
    ]
