"""Everything that a report says in numbers, before it is put into words."""

import statistics as summary
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from sklearn.metrics import confusion_matrix

from experiments.metrics import calibration_error, classification_metrics
from experiments.report.diagnostics import remarks
from experiments.report.settings import Settings, compare_settings
from experiments.report.signs import read_signs
from experiments.statistics.comparison import compare_arms
from experiments.statistics.cross_validation import compare_folds

# Among five classes or fewer the right one is always in the top 5.
_FEWEST_FOR_TOP5 = 6


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
    """How an arm differs from the reference on the images of one class."""

    class_name: str
    images: int
    difference: float


@dataclass(frozen=True, eq=False)
class ArmFindings:
    """What one arm came to.

    Attributes:
        name: Of the experiment.
        seeds: list[int].
        epochs: list[int], as many as its runs have.
        figures: {name: `Spread`}; errors, precision, recall and the
            calibration error in %, loss in nats, seconds of the whole run.
        chosen_on: What picked the epoch of "chosen_top1_error": "selection",
            or "val", which flatters it.
        signs: `signs.Signs`.
        confusion: int (classes, classes), rows are labels, over all seeds.
        classes: list[`ClassDifference`] against the reference, largest gain
            first; None for the reference itself.
    """

    name: str
    seeds: list
    epochs: list
    figures: dict
    chosen_on: str
    signs: object
    confusion: np.ndarray
    classes: list | None


@dataclass(frozen=True, eq=False)
class Findings:
    """What the comparison of a group came to.

    Attributes:
        title: Of the group.
        images: Number of images that all arms judged.
        crossed: Whether seeds are folds of a cross-validation.
        class_names: tuple[str].
        positive_class: The one that precision and recall are of, or None.
        judged: "last" or "best", see `experiments.configs.schema.Experiment`.
        arms: list[`ArmFindings`], the reference first.
        differences: list[`statistics.Difference`] in top-1 accuracy.
        settings: `settings.Settings`.
        remarks: list[str], see `remarks.remarks`.
    """

    title: str
    images: int
    crossed: bool
    class_names: tuple
    positive_class: str | None
    judged: str
    arms: list
    differences: list
    settings: Settings
    remarks: list


def find(group):
    """The `Findings` of an `arms.Group`."""
    settings = compare_settings(group)
    positive = _positive_class(group)
    matrices = {arm.name: _confusion(group, arm) for arm in group.arms}
    reference = matrices[group.reference.name]
    return Findings(
        title=group.title,
        images=group.images,
        crossed=group.crossed,
        class_names=group.class_names,
        positive_class=positive,
        judged=group.reference.config.get("judged", "last"),
        arms=[
            ArmFindings(
                name=arm.name,
                seeds=arm.seeds,
                epochs=arm.epochs,
                figures=_figures(group, arm, positive),
                chosen_on=arm.runs[0].metrics.get("best_selected_on", "val"),
                signs=read_signs(arm, group.reference),
                confusion=matrices[arm.name],
                classes=None
                if arm is group.reference
                else _class_differences(
                    reference, matrices[arm.name], group.class_names
                ),
            )
            for arm in group.arms
        ],
        differences=_differences(group),
        settings=settings,
        remarks=list(remarks(group)),
    )


def _differences(group):
    if not group.images:
        return []
    correct = {
        arm.name: [said.right for said in group.predictions(arm)]
        for arm in group.arms
    }
    if group.crossed:
        return compare_folds(correct, list(group.judged.values()))
    return compare_arms({arm: np.array(c) for arm, c in correct.items()})


def _positive_class(group):
    """That of the config; of two classes, the second where it names none."""
    named = group.reference.config.get("positive_class")
    if named in group.class_names:
        return named
    return group.class_names[1] if len(group.class_names) == 2 else None


def _figures(group, arm, positive):
    columns = {}
    for run in arm.runs:
        said = group.said.get(run)
        if said is None:
            continue
        for name, value in _of_one_run(group, run, said, positive).items():
            columns.setdefault(name, []).append(value)
    return {
        name: spread(values)
        for name, values in columns.items()
        if None not in values
    }


def _of_one_run(group, run, said, positive):
    found = {"top1_error": 100 * (1 - said.right.mean())}
    if len(group.class_names) >= _FEWEST_FOR_TOP5:
        found["top5_error"] = 100 * (1 - said.in_top5.mean())
    found["loss"] = said.surprise.mean()
    found["calibration_error"] = 100 * calibration_error(
        said.confidence, said.right
    )
    plain = run.metrics.get("plain_train") or {}
    if "accuracy" in plain:
        found["train_error"] = 100 * (1 - plain["accuracy"])
    best = run.metrics.get("best") or {}
    if "val_accuracy" in best:
        found["chosen_top1_error"] = 100 * (1 - best["val_accuracy"])
    if "val_top5_accuracy" in best and "top5_error" in found:
        found["chosen_top5_error"] = 100 * (1 - best["val_top5_accuracy"])
    if "val_loss" in best:
        found["chosen_loss"] = best["val_loss"]
    if positive is not None:
        scores = classification_metrics(
            _known(said.labels, said, group),
            _known(said.predicted, said, group),
            group.class_names,
            positive,
        )
        for name in ("precision", "recall", "f1"):
            value = scores[name]
            found[name] = None if value is None else 100 * value
    seconds = [row["seconds"] for row in run.history]
    found["seconds"] = sum(seconds)
    steps = run.data.get("steps_per_epoch")
    if steps and summary.median(seconds):
        images = steps * run.config["data"]["batch_size"]
        found["images_per_second"] = images / summary.median(seconds)
    return found


def spread(values):
    """The `Spread` of numbers, one a seed."""
    values = [float(value) for value in values]
    deviation = summary.stdev(values) if len(values) > 1 else None
    return Spread(summary.fmean(values), deviation, values)


def _known(indices, said, group):
    """Class indices in the order of the group; -1 for outputs of no class."""
    order = {name: index for index, name in enumerate(group.class_names)}
    table = [order.get(name, -1) for name in said.class_names]
    outputs = max(indices.max() + 1, len(table))
    table += [-1] * (outputs - len(table))
    return np.array(table)[indices]


def _confusion(group, arm):
    count = len(group.class_names)
    total = np.zeros((count, count + 1), int)
    for said in group.predictions(arm):
        total += confusion_matrix(
            _known(said.labels, said, group),
            _known(said.predicted, said, group),
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
