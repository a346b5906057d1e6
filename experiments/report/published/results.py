"""Published results that stand beside the measured ones."""

import csv
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import scipy.stats

from experiments.configs.registry import EXPERIMENTS
from experiments.configs.schema import as_json
from experiments.errors import ConfigError
from experiments.report.settings import differing_fields

_FOLDER = Path(__file__).parent


class Published(NamedTuple):
    """A result that others published.

    Attributes:
        epochs: int.
        figures: {name: float}, as in `findings.ArmFindings.figures`.
        curve: Rows with epoch, val_top1_error, val_top5_error (%), val_loss;
            None where only the end was published.
        confusion: int (classes, classes), rows are labels; or None.
        class_names: Of the confusion matrix.
        differs: Fields in which the run beside it differs from the recipe
            that was published.
    """

    epochs: int
    figures: dict
    curve: list | None
    confusion: np.ndarray | None
    class_names: tuple
    differs: list


def read_published(config):
    """The `Published` result that a run's config names, or None.

    Raises:
        ConfigError: if there is no such published result.
    """
    name = config.get("published")
    if name is None:
        return None
    differs = _differs(config)
    if (_FOLDER / f"{name}.csv").is_file():
        return _from_curve(_FOLDER / f"{name}.csv", differs)
    if (_FOLDER / f"{name}.json").is_file():
        return _from_confusion(_FOLDER / f"{name}.json", differs)
    raise ConfigError(
        f"published={name}: expected {name}.csv or {name}.json in {_FOLDER}, "
        "which is not there; set it to none."
    )


def _differs(config):
    for recipe in EXPERIMENTS.values():
        if recipe.published == config["published"]:
            return differing_fields(as_json(recipe), config)
    return []


def _from_curve(path, differs):
    with open(path, newline="") as file:
        rows = [
            {key: float(value) for key, value in row.items()}
            for row in csv.DictReader(file)
        ]
    figures = {
        "top1_error": rows[-1]["val_top1_error"],
        "top5_error": rows[-1]["val_top5_error"],
        "loss": rows[-1]["val_loss"],
        "chosen_top1_error": min(row["val_top1_error"] for row in rows),
    }
    return Published(len(rows), figures, rows, None, (), differs)


def _from_confusion(path, differs):
    content = json.loads(path.read_text())
    matrix = np.array(content["confusion"])
    metrics = content["metrics"]
    figures = {"top1_error": 100 * (1 - np.trace(matrix) / matrix.sum())}
    figures |= {n: 100 * metrics[n] for n in ("precision", "recall", "f1")}
    return Published(
        content["epochs"],
        figures,
        None,
        matrix,
        tuple(content["class_names"]),
        differs,
    )


def published_notes(published, names):
    """Sentences on the conclusions that published counts of images allow.

    Args:
        published: {arm: `Published`}.
        names: `wording.Names`.

    Returns:
        A list of sentences.
    """
    counted = {
        arm: each
        for arm, each in published.items()
        if each.confusion is not None
    }
    parts, values, intervals = [], [], []
    for arm, each in counted.items():
        right, images = int(np.trace(each.confusion)), int(each.confusion.sum())
        found = scipy.stats.binomtest(right, images)
        low, high = found.proportion_ci(method="wilson")
        values.append(right / images)
        intervals.append((low, high))
        parts.append(
            f"{names(arm)} {right} of {images} images right "
            f"({100 * right / images:.1f} %, 95 % interval of Wilson "
            f"{100 * low:.0f} to {100 * high:.0f})"
        )
    if not parts:
        return []
    sentence = f"As published: {'; '.join(parts)}."
    if len(parts) > 1 and all(
        low <= value <= high for low, high in intervals for value in values
    ):
        sentence += (
            " Each interval holds the other's value: these counts cannot tell "
            "the arms apart."
        )
    return [sentence]
