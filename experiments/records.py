"""Records of the files of a run: fields, types and ranges.

The report uses a run whose files fit their records, and no other, see
`experiments.report.reading`. Training and evaluation read the same files as
dictionaries whose types are right, see `find_wrong_type`.
"""

import json
import re
from typing import Annotated, Literal

from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic import (
    BaseModel,
    ConfigDict,
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


class _Record(BaseModel):
    model_config = ConfigDict(
        strict=True, frozen=True, extra="ignore", allow_inf_nan=False
    )


class Config(_Record):
    """Fields of config.json that are used before it is read as a config."""

    name: str
    seed: int
    epochs: int
    precision: str


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
    # {name: digest} of the results.
    files: dict[str, str] = {}


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


class Tracking(_Record):
    """tracking.json."""

    tensorboard: dict = {}
    mlflow: dict = {}
    wandb: dict = {}


# Of files that are read while a run is made or goes on.
RECORDS = {
    "config.json": Config,
    "metrics.json": Metrics,
    "data.json": Data,
    "environment.json": Environment,
    "tracking.json": Tracking,
}


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


def find_wrong_type(content, record):
    """Describes the first field that has another type than in its record.

    A missing field is none, nor a number out of its range, such as the loss
    of a run that diverged.

    Args:
        content: Of a JSON file, a dictionary.
        record: Of `RECORDS`.

    Returns:
        str; None if there is no such field.
    """
    try:
        validate(content, record)
    except ValidationError as error:
        for fault in error.errors():
            if fault["type"].endswith("_type"):
                return _describe_fault(fault)
    return None


def validate(content, record):
    """Returns the record of a JSON file's content.

    Raises:
        ValidationError: if it does not fit.
    """
    text = json.dumps(content, ensure_ascii=False)
    return record.model_validate_json(escape_surrogates(text, "\\\\u"))


def escape_surrogates(text, prefix="\\u"):
    """Text with codes in place of bytes of file names that are no text."""
    return re.sub(
        "[\ud800-\udfff]", lambda found: f"{prefix}{ord(found[0]):04x}", text
    )


def describe(error):
    """The first fault that pydantic found, on one line."""
    if not isinstance(error, ValidationError):
        return " ".join(str(error).split())[:200]
    return _describe_fault(error.errors()[0])


def _describe_fault(fault):
    field = ".".join(map(str, fault["loc"])) or "the file"
    received = str(fault["input"])
    received = received if len(received) < 60 else f"{received[:57]}..."
    return f"{field}: {fault['msg'].lower()}. Received: {received}"
