"""Schema of comparison.json, the numbers of a report."""

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from experiments.errors import ConfigError
from experiments.formatting import flatten, markdown_table

_FILE = "comparison.json"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Spread(_Part):
    """A figure over seeds."""

    mean: float
    deviation: float | None = Field(
        description="sample standard deviation; null with one seed"
    )
    values: list[float] = Field(description="one a seed")


class Variance(_Part):
    """Variance behind an interval, of a difference in [-1, 1]."""

    images: int = Field(description="number of distinct images")
    over_images: float
    over_seeds: float | None = Field(description="null if trained once")
    degrees_over_seeds: float | None = Field(description="degrees of freedom")
    degrees: float = Field(description="degrees of freedom of the interval")


class Difference(_Part):
    """Accuracy of an arm minus that of its reference, in points."""

    arm: str
    reference: str
    difference: float
    low: float = Field(description="lower end of the interval")
    high: float = Field(description="upper end of the interval")
    verdict: Literal["better", "worse", "not_told_apart", "trained_once"]
    detectable: float | None = Field(
        description="true difference that is found in 80 % of such studies; "
        "null if more than 100, or trained once"
    )
    covers: Literal["seeds and images", "images alone"]
    seeds: int
    reference_seeds: int = Field(description="with those of pooled placebos")
    pooled: list[str] = Field(description="placebos that count as reference")
    variance: Variance


class StudyDifference(Difference):
    """A difference, and the comparison that it belongs to."""

    group: str = Field(description="title of its group")
    metric: Literal["accuracy"]
    relevance: str | None = Field(description="beside the margin")
    decision: str | None = Field(
        description="at the arm's last look: better, worse, "
        "no_relevant_difference, cannot_be_told or runs_on; null without looks"
    )


class Result(_Part):
    """An arm at a look."""

    decision: str
    difference: Difference | None


class Look(_Part):
    """One look at a study whose seeds come in."""

    seeds: int
    level: float = Field(description="error probability of its intervals")
    results: dict[str, Result] = Field(description="of the arms that ran")


class Design(_Part):
    """Numbers of seeds that were fixed before the first run."""

    study: str
    seeds: int = Field(description="of each arm; with looks the most")
    looks: list[int] | None = Field(description="numbers of seeds")
    first_seeds: int | None = Field(
        None, description="planned at first, if the study was extended"
    )
    is_tuned: bool = Field(
        False, description="arms have the best settings of trials"
    )
    levels: list[float] | None = None
    alpha: float | None = Field(None, description="of all looks and arms")
    margin: float | None = Field(None, description="in points")
    taken: list[Look] = Field([], description="looks so far")


class Noise(_Part):
    """Noise that detectable differences are computed from."""

    accuracy: float
    agreement: float = Field(description="of two seeds of an arm")
    seed_deviation: float = Field(description="in points")
    arm_share: float
    runs: int = Field(description="that it was measured on; 0: assumed")


class Power(_Part):
    """Differences that the study finds in 80 % of cases."""

    arms: int
    seeds: int
    images: int
    folds: int | None
    noise: Noise
    detectable: float | None = Field(description="the smallest, in points")
    detectable_most: float | None = Field(description="the largest, in points")
    seeds_for_a_point: int | None


class Signs(_Part):
    """Signs that an arm is not to be trusted."""

    still_rising: float | None = Field(description="in points")
    undertrained: bool
    diverged: list[int] = Field(description="seeds")
    fits_less_by: float | None = Field(description="in points")
    fits_less: bool
    guesses: bool
    one_class: str | None


class ClassDifference(_Part):
    """Difference of an arm to the reference on the images of one class."""

    class_name: str
    images: int
    difference: float = Field(description="in points")


class Arm(_Part):
    """Numbers of one arm."""

    name: str
    seeds: list[int]
    lost: dict[str, int] = Field(description="runs that are missing, by kind")
    epochs: list[int]
    chosen_on: Literal["val", "selection"]
    figures: dict[str, Spread] = Field(
        description="errors, precision, recall and calibration error in %, "
        "loss in nats, seconds of a run"
    )
    signs: Signs
    confusion: list[list[int]] = Field(description="rows are true classes")
    classes: list[ClassDifference] | None = Field(
        description="null for the reference"
    )


class Group(_Part):
    """Arms that were evaluated on the same images."""

    title: str
    placebos: list[str]
    answer: list[str] = Field(description="sentences")
    warnings: list[str] = Field(description="sentences")
    reference: str
    images: int = Field(description="that all arms evaluated")
    cross_validated: bool
    positive_class: str | None
    margin: float | None = Field(description="in points, stated beforehand")
    design: Design | None
    pairs: list[Difference] = Field(description="of every two arms")
    power: Power | None
    robustness: dict[str, Any] = Field(description="by arm")
    explanations: dict[str, Any] = Field(description="by arm")
    settings: dict[str, Any] = Field(description="fields that differ")
    arms: list[Arm] = Field(description="the reference first")


class LeftOut(_Part):
    """A folder that the report makes no use of."""

    folder: str
    reason: str


class Comparison(_Part):
    """The whole of comparison.json."""

    title: str
    alarms: list[str] = Field(description="reasons not to believe any of it")
    groups: list[Group]
    differences: list[StudyDifference] = Field(description="of all groups")
    runs: list[str] = Field(description="folders")
    left_out: list[LeftOut]

    def rows(self, part="differences"):
        """Lists a part as flat dictionaries, as `pandas.DataFrame` takes them.

        Args:
            part: "differences", or "figures": a row an arm and a figure.
        """
        if part == "differences":
            return [flatten(each.model_dump()) for each in self.differences]
        return [
            {"group": group.title, "arm": arm.name, "figure": name}
            | spread.model_dump()
            for group in self.groups
            for arm in group.arms
            for name, spread in arm.figures.items()
        ]


class Contrast(_Part):
    """A change of an effect with its interval, in points."""

    points: float
    low: float = Field(description="lower end of the interval")
    high: float = Field(description="upper end of the interval")
    verdict: Literal["changes", "not_told_apart", "trained_once"]
    variance: Variance


class Change(_Part):
    """The change of an arm's effect over the values of a field."""

    arm: str
    field: str
    scale: Literal["log", "linear", "pairs"] = Field(
        description="along a line through all effects, or between two values"
    )
    first: Any = Field(description="value of the field")
    last: Any = Field(description="value of the field")
    effects: list[float] = Field(description="at both, in points")
    contrast: Contrast


class Effect(_Part):
    """An arm against the reference at a value."""

    values: dict[str, Any] = Field(description="by field")
    arm: str
    error: float = Field(description="top-1, in %")
    reference_error: float = Field(description="top-1, in %")
    difference: Difference


class SweptField(_Part):
    """A field and its values."""

    name: str
    values: list[Any]
    places: list[Any] = Field(description="on an axis; null: not a number")
    scale: Literal["log", "linear", "pairs"]


class Value(_Part):
    """A value of each field, and its own page."""

    values: dict[str, Any] = Field(description="by field")
    page: str
    arms: dict[str, str] = Field(description="name of each arm's runs")
    compared: bool


class Dimension(_Part):
    """A field that was tuned."""

    field: str
    kind: Literal["log", "lin", "choice"]
    values: list[Any] = Field(description="bounds or choices")


class Trial(_Part):
    """One trial of an arm."""

    point: dict[str, Any] = Field(description="value of each field")
    error: float = Field(description="top-1 on held-out images, in %")
    has_diverged: bool


class TunedArm(_Part):
    """Trials of an arm."""

    trials: list[Trial]
    expected_best: list[float] = Field(
        description="expected lowest error of 1, 2, ... trials, in %"
    )
    tuned: str = Field(description="name of the runs of the best settings")


class Tuning(_Part):
    """Trials of a study."""

    space: list[Dimension]
    trial_epochs: int
    arms: dict[str, TunedArm]


class SweepComparison(_Part):
    """The whole of comparison.json of a sweep, or of a study with trials."""

    title: str
    fields: list[SweptField]
    answer: list[str] = Field(description="sentences")
    values: list[Value]
    effects: list[Effect]
    changes: list[Change]
    tuning: Tuning | None = None

    def rows(self, part="effects"):
        """Lists a part as flat dictionaries, as `pandas.DataFrame` takes them.

        Args:
            part: "effects" or "changes".
        """
        return [flatten(each.model_dump()) for each in getattr(self, part)]


def load(path):
    """Reads the numbers of a report.

    Args:
        path: comparison.json, or the folder of the report.

    Returns:
        A `Comparison`; of a sweep or a study with trials a
        `SweepComparison`.

    Raises:
        ConfigError: if the file is missing, damaged, or of another version of
            the program.
    """
    path = Path(path)
    path = path / _FILE if path.is_dir() else path
    try:
        content = path.read_bytes()
        kind = SweepComparison if _is_sweep(content) else Comparison
        return kind.model_validate_json(content)
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise ConfigError(
            f"{path}: {where}: {first['msg']}. It is damaged, or of another "
            "version of the program; --report writes it anew."
        ) from error


def _is_sweep(content):
    try:
        return "effects" in json.loads(content)
    except (ValueError, TypeError):
        return False


def describe_schema():
    """The description of comparison.json in Markdown."""
    whole = [each.model_json_schema() for each in (Comparison, SweepComparison)]
    parts = {each["title"]: each for each in whole}
    for each in whole:
        parts |= each["$defs"]
    lines = [
        "# comparison.json",
        "",
        "Numbers of a report, beside its page. These lines read them:",
        "",
        "```python",
        "from experiments.report import load",
        "",
        'study = load("runs/reports/demo")',
        'rows = study.rows("differences")  # or "figures"',
        "```",
        "",
        "`pandas.DataFrame(rows)` makes a table of them. "
        "`study.groups[0].arms` and the like are plain lists.",
    ]
    for name, part in parts.items():
        lines += ["", f"## {name}", "", part["description"], ""]
        lines += markdown_table(
            [
                {
                    "field": field,
                    "type": _describe_type(content),
                    "meaning": content.get("description", ""),
                }
                for field, content in part["properties"].items()
            ]
        )
    return "\n".join(lines) + "\n"


def _describe_type(content):
    if "$ref" in content:
        return content["$ref"].rpartition("/")[2]
    if "anyOf" in content:
        return " or ".join(map(_describe_type, content["anyOf"]))
    if "enum" in content or "const" in content:
        values = content.get("enum", [content.get("const")])
        return ", ".join(f'"{value}"' for value in values)
    if content.get("type") == "array":
        return f"list of {_describe_type(content['items'])}"
    if content.get("type") == "object":
        values = content.get("additionalProperties")
        named = isinstance(values, dict) and values
        return f"object of {_describe_type(values)}" if named else "object"
    return {"string": "text", "null": "null"}.get(
        content.get("type"), content.get("type", "any")
    )
