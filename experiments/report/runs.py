"""Runs as the report sees them: read once and whole, or left out."""

import hashlib
import json
import math
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from experiments.configs.schema import completed
from experiments.history import best_row
from experiments.run_folder import HISTORY_FIELDS, RunFolder, foreign_field
from pipelines.files.arrays import Damaged, read_arrays

# How far accuracies of the same predictions may lie apart: metrics are
# computed in float32, batch by batch.
TOLERANCE = 1e-4
# What data.json has in runs of all versions.
_DATA = {"name", "train", "splits"}


class Predictions(NamedTuple):
    """What a network said of each validation image.

    Attributes:
        class_names: tuple[str].
        ids: str (N,), each once.
        labels, predicted: int (N,).
        confidence: float (N,), the probability of the predicted class.
        in_top5: bool (N,), whether the label is among the five likeliest.
        surprise: float (N,), -log of the label's probability.
    """

    class_names: tuple
    ids: np.ndarray
    labels: np.ndarray
    predicted: np.ndarray
    confidence: np.ndarray
    in_top5: np.ndarray
    surprise: np.ndarray

    @property
    def right(self):
        return self.labels == self.predicted


@dataclass(frozen=True, eq=False)
class Run:
    """A finished run with all of its files in order.

    Attributes:
        path: The folder.
        seed: int.
        config: config.json, a dictionary, with what fields it lacks.
        history: Rows of history.csv, dictionaries of numbers.
        metrics, data, environment: The JSON files of these names; the last
            two may be empty in runs of other programs.
        predictions: `Predictions`, of the weights that are judged.
    """

    path: Path
    seed: int
    config: dict
    history: list
    metrics: dict
    data: dict
    environment: dict
    predictions: Predictions

    @property
    def name(self):
        return self.config["name"]

    @cached_property
    def digest(self):
        """Of what the run is and what came out: copies have the same."""
        digest = hashlib.sha256(
            json.dumps([self.seed, self.config], sort_keys=True).encode()
        )
        for column in self.predictions[1:]:
            digest.update(np.ascontiguousarray(column).tobytes())
        return digest.hexdigest()


class LeftOut(NamedTuple):
    """A folder that the report makes no use of."""

    path: Path
    reason: str


class _Unusable(Exception):
    """Why a run is left out."""


def read_runs(paths):
    """The runs in these folders.

    Args:
        paths: Folders of runs, in the order of preference: of two copies the
            first is used.

    Returns:
        A list of `Run`s and a list of `LeftOut`s.
    """
    runs, left_out = [], []
    for path in paths:
        try:
            run = _read_run(Path(path))
            _check_is_new(run, runs)
            runs.append(run)
        except _Unusable as error:
            left_out.append(LeftOut(Path(path), str(error)))
    return runs, left_out


def _check_is_new(run, runs):
    for other in runs:
        if run.digest == other.digest:
            raise _Unusable(f"a copy of {other.path}")
        if (run.name, run.seed) == (other.name, other.seed):
            raise _Unusable(
                f"another run of {run.name} with seed {run.seed}; used is "
                f"{other.path}"
            )


def _read_run(path):
    metrics = _read_json(path, "metrics.json")
    config = _read_json(path, "config.json")
    if not isinstance(config.get("name"), str):
        raise _Unusable("config.json has no name: not a run of this program")
    _check_status(metrics)
    history = _read_history(path)
    which = "best" if config.get("judged") == "best" else "final"
    column = "val_accuracy"
    if config.get("judged") == "ema":
        column = "ema_val_accuracy"
    judged = metrics.get(which)
    if not isinstance(judged, dict) or not _is_number(judged.get(column)):
        raise _Unusable(f"metrics.json has no {which} accuracy")
    data = _read_json(path, "data.json", needed=False)
    if data and not _DATA <= set(data):
        raise _Unusable("data.json is not of this program")
    predictions = _read_predictions(path)
    measured = float(np.mean(predictions.right))
    row = best_row(history) if which == "best" else history[-1]
    for where, value in (
        ("metrics.json", judged[column]),
        ("history.csv", row.get(column, math.nan)),
    ):
        if not abs(value - measured) <= TOLERANCE:
            raise _Unusable(
                f"{where} says {value:.4f} accuracy and predictions.npz "
                f"{measured:.4f}: they are not of one run"
            )
    return Run(
        path=path,
        seed=_seed(path, config),
        config=completed({k: v for k, v in config.items() if k != "seed"}),
        history=history,
        metrics=metrics,
        data=data,
        environment=_read_json(path, "environment.json", needed=False),
        predictions=predictions,
    )


def _read_json(path, name, needed=True):
    try:
        content = json.loads((path / name).read_text())
    except FileNotFoundError:
        if not needed:
            return {}
        raise _Unusable(f"{name} is missing") from None
    except (OSError, ValueError):
        raise _Unusable(f"{name} is damaged") from None
    if not isinstance(content, dict):
        raise _Unusable(f"{name} is damaged")
    field = foreign_field(content)
    if field is not None:
        raise _Unusable(
            f"{name} is damaged: its {field} is none of this program"
        )
    return content


def _check_status(metrics):
    status = metrics.get("status")
    if status == "failed":
        raise _Unusable(f"it failed: {metrics.get('error')}")
    if status != "finished":
        done, epochs = metrics.get("epochs_done"), metrics.get("epochs")
        unit = "epoch" if epochs == 1 else "epochs"
        raise _Unusable(f"it is not finished: {done} of {epochs} {unit}")


def _seed(path, config):
    """That of the config; earlier versions have it in the folder's name."""
    if type(config.get("seed")) is int:
        return config["seed"]
    match = re.match(r"seed_(\d+)", path.name)
    if match is None:
        raise _Unusable("neither config.json nor the folder names its seed")
    return int(match[1])


def _is_number(value):
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value)


def _read_history(path):
    try:
        rows = RunFolder(path).history()
    except (OSError, ValueError, TypeError):
        raise _Unusable("history.csv is damaged") from None
    if not rows:
        raise _Unusable("history.csv is missing or has no epoch")
    needed = [name for name in HISTORY_FIELDS if not name.endswith("seconds")]
    for row in rows:
        lacking = [name for name in needed if not _is_number(row.get(name))]
        if lacking:
            raise _Unusable(
                f"history.csv has no number for {lacking[0]} in epoch "
                f"{row.get('epoch')}"
            )
    return rows


def _read_predictions(path):
    try:
        content = read_arrays(path / "predictions.npz")
    except FileNotFoundError:
        raise _Unusable("predictions.npz is missing") from None
    except Damaged:
        raise _Unusable("predictions.npz is damaged") from None
    missing = {"probabilities", "labels", "ids", "class_names"} - set(content)
    if missing:
        raise _Unusable(
            f"predictions.npz has no {', '.join(sorted(missing))}, as in "
            "earlier versions; train it again"
        )
    if any(content[n].ndim != 1 for n in ("labels", "ids", "class_names")):
        raise _Unusable("predictions.npz holds columns that do not fit")
    names = tuple(content["class_names"].tolist())
    probabilities, labels = content["probabilities"], content["labels"]
    ids = content["ids"].astype(str)
    _check_shapes(probabilities, labels, ids, names)
    chosen = np.arange(len(labels))
    of_label = probabilities[chosen, labels].astype(np.float64)
    predicted = probabilities.argmax(1)
    return Predictions(
        class_names=names,
        ids=ids,
        labels=labels.astype(int),
        predicted=predicted,
        confidence=probabilities[chosen, predicted].astype(np.float64),
        in_top5=(probabilities > of_label[:, None]).sum(1) < 5,
        surprise=-np.log(np.maximum(of_label, 1e-30)),
    )


def _check_shapes(probabilities, labels, ids, names):
    if probabilities.ndim != 2 or probabilities.dtype.kind != "f":
        raise _Unusable("predictions.npz holds no table of probabilities")
    if not np.isfinite(probabilities).all():
        raise _Unusable("predictions.npz holds values that are no numbers")
    same = len(probabilities) == len(labels) == len(ids) > 0
    if not same or labels.dtype.kind not in "iu":
        raise _Unusable("predictions.npz holds columns that do not fit")
    if labels.min() < 0 or labels.max() >= len(names):
        raise _Unusable("predictions.npz holds labels that are no class")
    if len(set(ids)) < len(ids):
        raise _Unusable("predictions.npz names an image twice")
