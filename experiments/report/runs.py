"""Runs as the report sees them: read once and whole, or left out."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from experiments.configs.schema import as_json, read_config
from experiments.errors import ConfigError
from experiments.history import best_row
from experiments.report import records
from experiments.report.records import Unusable, read_history, read_json
from pipelines.files.arrays import Damaged, read_arrays

# How far accuracies of the same predictions may lie apart: metrics are
# computed in float32, batch by batch.
TOLERANCE = 1e-4
# How far the probabilities of an image may sum to something else than 1.
_SUM_TOLERANCE = 1e-3


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
        config: config.json, a dictionary without the seed.
        history: Rows of history.csv, dictionaries of numbers.
        metrics, data, environment: Records of the JSON files of these names.
        predictions: `Predictions`, of the weights that are judged.
        digest: Of what the network said of which images; the same for runs
            that made the same predictions bit for bit.
    """

    path: Path
    seed: int
    config: dict
    history: list
    metrics: records.Metrics
    data: records.Data
    environment: records.Environment
    predictions: Predictions
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
        kind: "failed", "unfinished", "copy", "second" (another run of a name
            and a seed that are there already) or "left out".
    """

    path: Path
    reason: str
    arm: str = ""
    kind: str = "left out"

    @property
    def is_lost(self):
        """True for a training that the comparison lacks."""
        return self.kind in ("failed", "unfinished", "left out")


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
                "copy",
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
        return as_json(read_config(content)), seed
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
        if abs(value - measured) > TOLERANCE:
            raise Unusable(
                f"{where} says {value:.4f} accuracy and predictions.npz "
                f"{measured:.4f}: they are not of one run"
            )


def _read_predictions(path):
    """`Predictions` and the digest of what they were made from."""
    try:
        content = read_arrays(path)
    except FileNotFoundError:
        raise Unusable("predictions.npz is missing") from None
    except Damaged:
        raise Unusable("predictions.npz is damaged") from None
    missing = {"probabilities", "labels", "ids", "class_names"} - set(content)
    if missing:
        raise Unusable(
            f"predictions.npz has no {', '.join(sorted(missing))}; train the "
            "run again"
        )
    probabilities, labels = content["probabilities"], content["labels"]
    ids, names = _as_text(content["ids"]), _as_text(content["class_names"])
    _check_table(probabilities, labels, ids, names)
    chosen = np.arange(len(labels))
    probabilities = probabilities.astype(np.float64)
    of_label = probabilities[chosen, labels]
    predicted = probabilities.argmax(1)
    predictions = Predictions(
        class_names=tuple(names.tolist()),
        ids=ids,
        labels=labels.astype(int),
        predicted=predicted,
        confidence=probabilities[chosen, predicted],
        in_top5=(probabilities > of_label[:, None]).sum(1) < 5,
        surprise=-np.log(np.maximum(of_label, 1e-30)),
    )
    digest = hashlib.sha256("\n".join(ids.tolist()).encode(errors="replace"))
    digest.update(np.ascontiguousarray(probabilities).tobytes())
    return predictions, digest.hexdigest()


def _as_text(column):
    """Names as strings, also where they are numbers."""
    if column.ndim != 1 or column.dtype.kind not in "USiu":
        raise Unusable("predictions.npz holds columns that do not fit")
    try:
        return column.astype(str)
    except UnicodeDecodeError:
        raise Unusable("predictions.npz holds names that are no text") from None


def _check_table(probabilities, labels, ids, names):
    if probabilities.ndim != 2 or probabilities.dtype.kind != "f":
        raise Unusable("predictions.npz holds no table of probabilities")
    same = len(probabilities) == len(labels) == len(ids) > 0
    if not same or labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise Unusable("predictions.npz holds columns that do not fit")
    if probabilities.shape[1] < len(names):
        raise Unusable(
            f"predictions.npz holds probabilities of {probabilities.shape[1]} "
            f"classes, and names {len(names)}"
        )
    if not np.isfinite(probabilities).all():
        raise Unusable("predictions.npz holds values that are no numbers")
    sums = probabilities.sum(1, dtype=np.float64)
    if probabilities.min() < 0 or abs(sums - 1).max() > _SUM_TOLERANCE:
        raise Unusable(
            "predictions.npz holds no probabilities: those of an image sum "
            f"to {sums[abs(sums - 1).argmax()]:.4g}, not to 1"
        )
    if labels.min() < 0 or labels.max() >= len(names):
        raise Unusable("predictions.npz holds labels that are no class")
    for what, column in (("image", ids), ("class", names)):
        if len(set(column.tolist())) < len(column):
            raise Unusable(f"predictions.npz names {what} twice")
