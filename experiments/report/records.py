"""Records of the files of a run, validated as they are read.

A file that does not fit its record raises `Unusable` with its name, the field,
what was expected and what was received.
"""

import csv
import json
import re
from typing import Annotated, Literal

from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic import (
    BaseModel,
    ConfigDict,
    TypeAdapter,
    ValidationError,
    model_validator,
)

# A loss or a time beyond this is damage: sums of them must stay finite.
_Number = Annotated[float, Ge(-1e30), Le(1e30)]
_Share = Annotated[float, Ge(0), Le(1)]
_Percent = Annotated[float, Ge(0), Le(100)]
_Count = Annotated[int, Ge(0), Le(10**12)]
_Simple = str | int | float | bool | None


# (kind, level) of robustness.json that the report has columns for.
CONDITIONS = (
    ("clean", 0),
    ("occlusion_random", 30),
    ("occlusion_peak", 30),
    ("fgsm", 1),
)


class Unusable(Exception):
    """The reason why a folder is left out.

    Attributes:
        kind: As of `runs.LeftOut`.
    """

    def __init__(self, reason, kind="left out"):
        super().__init__(reason)
        self.kind = kind


class _Record(BaseModel):
    model_config = ConfigDict(
        strict=True, frozen=True, extra="ignore", allow_inf_nan=False
    )


class Epoch(_Record):
    """An epoch in metrics.json."""

    val_accuracy: _Share
    val_loss: _Number | None = None
    val_top5_accuracy: _Share | None = None
    ema_val_accuracy: _Share | None = None


class PlainTrain(_Record):
    """Accuracy on training images that are not augmented."""

    accuracy: _Share


class Metrics(_Record):
    """metrics.json."""

    status: str | None = None
    error: str | None = None
    epochs: _Count | None = None
    epochs_done: _Count | None = None
    final: Epoch | None = None
    best: Epoch | None = None
    best_selected_on: Literal["val", "selection"] = "val"
    plain_train: PlainTrain | None = None


class Data(_Record):
    """data.json."""

    name: str
    class_names: list[str]
    train: str
    splits: dict[str, dict[str, _Count] | None]
    fingerprints: dict[str, str] = {}
    steps_per_epoch: _Count | None = None
    notes: list[str] = []
    overlaps: list[str] = []


class Part(_Record):
    """The part of a run that was trained in one environment."""

    first_step: _Count = 0
    precision: str | None = None
    device: str | None = None
    accelerator: str | None = None
    processor: str | None = None
    replicas: _Count | None = None
    workers: _Count | None = None
    threads: _Count | None = None
    jit_compile: _Simple = None
    augment_on: str | None = None
    onednn: str | None = None
    python: str | None = None
    platform: str | None = None
    packages: dict[str, str | None] = {}
    devices: list[str] = []
    git_revision: str | None = None
    git_changes: str | None = None


class Environment(Part):
    """environment.json."""

    earlier_parts: list[Part] = []


class JudgedImages(_Record):
    """Images that a run was asked about after its training."""

    fingerprint: str | None
    count: _Count = 0


class Condition(_Record):
    """The error of a network on images that are changed in one way."""

    kind: str
    level: int | float
    top1_error: _Percent


class Calibration(_Record):
    """Calibration on clean or on corrupted images."""

    calibration_error: _Percent
    reliability: Annotated[list[tuple[_Share, _Share, _Share]], MinLen(1)]


class BothCalibrations(_Record):
    clean: Calibration
    corrupted: Calibration


class Robustness(_Record):
    """robustness.json."""

    images: JudgedImages
    settings: dict
    conditions: list[Condition]
    calibration: BothCalibrations

    @model_validator(mode="after")
    def _check_conditions(self):
        found = [(each.kind, each.level) for each in self.conditions]
        lacking = [
            " ".join(map(str, each)) for each in CONDITIONS if each not in found
        ]
        if lacking:
            raise ValueError(f"no condition {', '.join(lacking)}")
        if len(set(found)) < len(found):
            raise ValueError("a condition twice")
        return self


class FeatureMap(_Record):
    size: Annotated[list[_Count], MinLen(2), MaxLen(2)]


class Scores(_Record):
    """Mean probabilities of the class while its pixels go or come."""

    deletion: _Share
    insertion: _Share


class Explanations(_Record):
    """explanations.json."""

    images: JudgedImages
    layer: FeatureMap
    scores: Annotated[dict[str, Scores], MinLen(1)]


class HistoryRow(BaseModel):
    """A row of history.csv; further columns of numbers are kept."""

    model_config = ConfigDict(frozen=True, extra="allow", allow_inf_nan=False)
    __pydantic_extra__: dict[str, _Number]

    epoch: _Count
    loss: _Number
    accuracy: _Share
    top5_accuracy: _Share
    val_loss: _Number
    val_accuracy: _Share
    val_top5_accuracy: _Share
    learning_rate: _Number
    seconds: Annotated[float, Ge(0), Le(1e12)] | None = None


_History = TypeAdapter(list[HistoryRow])


def read_json(path, record):
    """The record of a JSON file.

    Args:
        path: Of the file.
        record: A class of this module, or dict for the content as it is.

    Raises:
        Unusable: if the file is missing, is no JSON object or does not fit.
    """
    try:
        # Editors on Windows write a byte-order mark.
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise Unusable(f"{path.name} is missing") from None
    except (OSError, ValueError, RecursionError):
        raise Unusable(f"{path.name} is damaged") from None
    if not isinstance(content, dict):
        raise Unusable(f"{path.name} is damaged")
    if record is dict:
        return content
    try:
        return record.model_validate_json(
            escape_surrogates(json.dumps(content, ensure_ascii=False), "\\\\u")
        )
    except (ValidationError, ValueError) as error:
        raise Unusable(f"{path.name}: {describe(error)}") from None


def escape_surrogates(text, prefix="\\u"):
    """Text with codes in place of bytes of file names that are no text."""
    return re.sub(
        "[\ud800-\udfff]", lambda found: f"{prefix}{ord(found[0]):04x}", text
    )


def read_added(run, name, record):
    """The record of a file that a finished run was given later.

    Args:
        run: `runs.Run`.
        name: Of the file in its folder.
        record: `Robustness` or `Explanations`.

    Returns:
        The record; None if there is no such file.

    Raises:
        Unusable: if it is damaged, or of other images than the run's.
    """
    if not (run.path / name).exists():
        return None
    found = read_json(run.path / name, record)
    judged_on = run.data.fingerprints.get("val")
    if judged_on is None or found.images.fingerprint != judged_on:
        raise Unusable(f"{name} is of other images than the run")
    return found


def read_history(path):
    """The rows of history.csv, as dictionaries of numbers.

    Raises:
        Unusable: if it is missing, has no epoch, lacks a number or does not
            count its epochs from 0.
    """
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            rows = [
                # An empty cell is of a column that is newer than its row.
                {key: value for key, value in row.items() if value != ""}
                for row in csv.DictReader(file, restkey="further")
            ]
    except FileNotFoundError:
        rows = []
    except (OSError, ValueError, csv.Error):
        raise Unusable("history.csv is damaged") from None
    if not rows:
        raise Unusable("history.csv is missing or has no epoch")
    try:
        found = [
            row.model_dump(exclude_none=True)
            for row in _History.validate_python(rows)
        ]
    except ValidationError as error:
        place, *field = error.errors()[0]["loc"]
        epoch = rows[place].get("epoch")
        raise Unusable(
            f"history.csv has no number for {'.'.join(map(str, field))} in "
            f"epoch {epoch}: {describe(error)}"
        ) from None
    if [row["epoch"] for row in found] != list(range(len(found))):
        raise Unusable("history.csv does not count its epochs 0, 1, 2, ...")
    return found


def describe(error):
    """The first fault that pydantic found, on one line."""
    if not isinstance(error, ValidationError):
        return " ".join(str(error).split())[:200]
    first = error.errors()[0]
    field = ".".join(map(str, first["loc"])) or "the file"
    received = str(first.get("input"))
    received = received if len(received) < 60 else f"{received[:57]}..."
    return f"{field}: {first['msg'].lower()}. Received: {received}"
