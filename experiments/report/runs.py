"""Runs as the report sees them: read once and whole, or left out."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from experiments import records
from experiments.configs.schema import as_json, read_config
from experiments.errors import ConfigError
from experiments.history import best_row
from experiments.metrics import ACCURACY_TOLERANCE, read_predictions
from experiments.report.published.results import read_published
from experiments.report.reading import Unusable, read_history, read_json
from pipelines.files.arrays import Damaged


class Outcomes(NamedTuple):
    """Columns of `metrics.Predictions` without the probabilities.

    Those of all runs of a large study would not fit into memory.
    """

    class_names: tuple
    ids: np.ndarray
    labels: np.ndarray
    predicted: np.ndarray
    confidence: np.ndarray
    in_top5: np.ndarray
    nll: np.ndarray

    @property
    def right(self):
        return self.labels == self.predicted


@dataclass(frozen=True, eq=False)
class Run:
    """A finished run with all of its files in order.

    Attributes:
        path: The folder.
        seed: int.
        config: config.json, a dictionary without the seed.
        history: Rows of history.csv, dictionaries of numbers.
        metrics, data, environment: Records of the JSON files of these names.
        predictions: `Outcomes` of the weights that are judged.
        digest: Digest of the images and their probabilities; the same for runs
            that made the same predictions bit for bit.
    """

    path: Path
    seed: int
    config: dict
    history: list
    metrics: records.Metrics
    data: records.Data
    environment: records.Environment
    predictions: Outcomes
    digest: str

    @property
    def name(self):
        return self.config["name"]


class LeftOut(NamedTuple):
    """A folder that the report makes no use of.

    Attributes:
        path: The folder.
        reason: str, without a full stop.
        arm: Name of the experiment, as far as it can be read.
        kind: "failed", "unfinished", "repeated" (the predictions of another
            seed), "copy" (of a run and its seed), "second" (another run of a
            name and a seed that are there already), "folder" (no run) or
            "left out".
    """

    path: Path
    reason: str
    arm: str = ""
    kind: str = "left out"

    @property
    def is_lost(self):
        """True for a training that the comparison lacks."""
        return self.kind not in ("copy", "second", "folder")


def read_runs(paths):
    """The runs in these folders.

    Args:
        paths: Folders of runs, in the order of preference: of two copies the
            first is used.

    Returns:
        A list of `Run`s and a list of `LeftOut`s.
    """
    runs, left_out = [], []
    for path in map(Path, paths):
        try:
            run = _read_run(path)
            _check_is_new(run, runs)
            runs.append(run)
        except Unusable as error:
            left_out.append(
                LeftOut(path, str(error), _read_name(path), error.kind)
            )
    return runs, left_out


def _check_is_new(run, runs):
    for other in runs:
        if run.name != other.name:
            continue
        if run.digest == other.digest:
            if run.seed == other.seed:
                raise Unusable(f"a copy of {other.path}", "copy")
            raise Unusable(
                "its predictions are bit for bit those of "
                f"{other.path}: one training, not two",
                "repeated",
            )
        if run.seed == other.seed:
            raise Unusable(
                f"another run of {run.name} with seed {run.seed}; used is "
                f"{other.path}",
                "second",
            )


def _read_name(path):
    """The experiment's name, or else that of the folder above."""
    try:
        name = read_json(path / "config.json", dict).get("name")
    except Unusable:
        name = None
    return name if isinstance(name, str) and name else path.parent.name


def _read_run(path):
    metrics = read_json(path / "metrics.json", records.Metrics)
    config, seed = _read_config(path / "config.json")
    _check_status(metrics)
    history = read_history(path / "history.csv")
    data = read_json(path / "data.json", records.Data)
    environment = records.Environment()
    if (path / "environment.json").exists():
        environment = read_json(path / "environment.json", records.Environment)
    predictions, digest = _read_predictions(path / "predictions.npz")
    named = set(map(records.escape_surrogates, predictions.class_names))
    if named != set(data.class_names):
        raise Unusable(
            "predictions.npz names other classes than data.json: they are not "
            "of one run"
        )
    _check_accuracy(config["judged"], metrics, history, predictions)
    return Run(
        path,
        seed,
        config,
        history,
        metrics,
        data,
        environment,
        predictions,
        digest,
    )


def _read_config(path):
    """The config with every field, as JSON, and the seed."""
    content = read_json(path, dict)
    seed = content.pop("seed", None)
    if not isinstance(content.get("name"), str):
        raise Unusable("config.json has no name: not a run of this program")
    if type(seed) is not int:
        raise Unusable(f"config.json: seed: expected a number, not {seed!r}")
    try:
        config = as_json(read_config(content))
        # One run that names no published result must not cost the page.
        read_published(config)
        return config, seed
    except (ConfigError, ValueError) as error:
        raise Unusable(f"config.json: {error}") from None


def _check_status(metrics):
    if metrics.status == "failed":
        reason = metrics.error or "it does not say why"
        raise Unusable(f"it failed: {reason}", "failed")
    if metrics.status != "finished":
        if None in (metrics.epochs, metrics.epochs_done):
            raise Unusable("it is not finished", "unfinished")
        unit = "epoch" if metrics.epochs == 1 else "epochs"
        raise Unusable(
            f"it is not finished: {metrics.epochs_done} of "
            f"{metrics.epochs} {unit}",
            "unfinished",
        )


def _check_accuracy(judged, metrics, history, predictions):
    """Checks that the files of a folder are of one run."""
    which = "best" if judged == "best" else "final"
    column = "ema_val_accuracy" if judged == "ema" else "val_accuracy"
    epoch = getattr(metrics, which)
    stated = None if epoch is None else getattr(epoch, column)
    if stated is None:
        raise Unusable(f"metrics.json has no {which} accuracy")
    row = best_row(history) if which == "best" else history[-1]
    if column not in row:
        raise Unusable(f"history.csv has no {column}")
    measured = float(np.mean(predictions.right))
    for where, value in (
        ("metrics.json", stated),
        ("history.csv", row[column]),
    ):
        if abs(value - measured) > ACCURACY_TOLERANCE:
            raise Unusable(
                f"{where} says {value:.4f} accuracy and predictions.npz "
                f"{measured:.4f}: they are not of one run"
            )


def _read_predictions(path):
    """`Outcomes`, and the digest of the probabilities and their images."""
    try:
        found = read_predictions(path)
    except FileNotFoundError:
        raise Unusable("predictions.npz is missing") from None
    except Damaged as error:
        raise Unusable(f"predictions.npz {error}") from None
    outcomes = Outcomes(
        *(getattr(found, column) for column in Outcomes._fields)
    )
    digest = hashlib.sha256("\n".join(found.ids).encode(errors="replace"))
    digest.update(np.ascontiguousarray(found.probabilities).tobytes())
    return outcomes, digest.hexdigest()
