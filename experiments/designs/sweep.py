"""A study at each of several values of a field, for --sweep."""

import itertools
from dataclasses import replace
from typing import NamedTuple

from experiments.configs.arms import VALUE_MARK
from experiments.configs.overrides import override
from experiments.configs.schema import drop_labels
from experiments.configs.variants import (
    has_field,
    name_variant,
    read_field,
    show_value,
    vary,
)
from experiments.designs.base import StudyDesign
from experiments.designs.fixed import Fixed
from experiments.errors import AbsentPart, ConfigError
from experiments.formatting import counted
from experiments.report.effects import Point
from experiments.report.sweep import write_sweep

MOST_FIELDS = 2


class Sweep(NamedTuple):
    """Arms at each value of a field, or at each pair of values of two.

    Attributes:
        name: Of the study.
        fields: {field: list of its values}.
        points: `experiments.report.effects.Point`s, one for each value or pair.
    """

    name: str
    fields: dict
    points: list

    @property
    def experiments(self):
        """All different `Experiment`s, value by value."""
        return list(
            {
                each.name: each
                for point in self.points
                for each in point.arms.values()
            }.values()
        )

    def describe(self):
        """For example "3 values of data.limit_train (500, 1000, none)"."""
        return " and ".join(
            f"{len(values)} values of {field} "
            f"({', '.join(map(show_value, values))})"
            for field, values in self.fields.items()
        )


class Swept(StudyDesign):
    """Trains all arms at all values with every seed.

    Args:
        sweep: `Sweep`.
        seeds, workdir: As for `StudyDesign`.

    Attributes:
        studies: `Fixed`, for each point of the sweep.
    """

    def __init__(self, sweep, *, seeds, workdir):
        super().__init__(
            sweep.name, sweep.experiments, seeds=seeds, workdir=workdir
        )
        self.sweep = sweep
        arms = counted(len(sweep.points[0].arms), "arm")
        listed = ", ".join(map(str, self.seeds))
        self.title = f"{arms} at {sweep.describe()}, seeds {listed}"
        self.studies = [
            Fixed(
                f"{sweep.name}-{point.folder}",
                point.arms.values(),
                seeds=seeds,
                workdir=workdir,
            )
            for point in sweep.points
        ]

    def claim(self):
        for study in self.studies:
            study.claim()

    def write_report(self, folders, folder, title, **options):
        """Writes the pages, see `experiments.report.sweep.write_sweep`."""
        write_sweep(
            folders,
            folder,
            title,
            points=self.sweep.points,
            designs=[study.record for study in self.studies],
            **options,
        )


def parse_sweeps(texts):
    """Reads texts such as "data.limit_train=500,5000".

    Commas in brackets divide no values.

    Returns:
        {field: list of the values' texts}.

    Raises:
        ConfigError: if a text is no sweep, if a field or a value is given
            twice, or if there are more than two fields.

    Example:
        >>> parse_sweeps(["augment.RandomErasing.scale=(0.1,0.2),(0.1,0.4)"])
        {'augment.RandomErasing.scale': ['(0.1,0.2)', '(0.1,0.4)']}
    """
    fields = {}
    for text in texts:
        field, _, values = text.partition("=")
        field, values = field.strip(), _split(values)
        if len(values) < 2 or not all([field, *values]):
            raise ConfigError(
                "--sweep expects FIELD=VALUE,VALUE,... with two values or "
                f"more. Received: {text!r}."
            )
        if field in fields:
            raise ConfigError(
                f"--sweep {field} is given twice; give all values in one."
            )
        _refuse_doubles(field, values)
        fields[field] = values
    if len(fields) > MOST_FIELDS:
        raise ConfigError(
            f"--sweep takes {MOST_FIELDS} fields at most. Received: "
            f"{', '.join(fields)}."
        )
    return fields


def _split(text):
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]


def _refuse_doubles(field, values):
    for position, value in enumerate(values):
        if value in values[:position]:
            raise ConfigError(f"--sweep {field}: {value} is there twice.")


def build_sweep(name, arms, texts, complete=None, known=()):
    """Builds the configs of all arms at all values.

    An unchanged config keeps its name. A config that equals another experiment
    gets the name of that experiment, as their runs are the same. All others
    are called ARM@FIELD=VALUE. A layer's option changes the arms that have
    the layer.

    Args:
        name: Of the study.
        arms: `experiments.configs.schema.Experiment`s, the reference first,
            with all other changes made.
        texts: As for `parse_sweeps`.
        complete: Function of a list of `Experiment`s and the swept fields. It
            returns the list with the fields that follow from their images.
        known: Further `Experiment`s whose names configs can get.

    Returns:
        The `Sweep`.

    Raises:
        ConfigError: as `parse_sweeps` and `override`; if no arm has a
            layer, if two values or two arms become the same.
    """
    fields = parse_sweeps(texts)
    complete = complete or (lambda configs, fields: configs)
    having = {field: _find_arm(arms, field) for field in fields}
    before = complete(arms, ())
    labels = {
        _spell(each): (each.name, each.summary) for each in (*known, *before)
    }
    points = []
    for combination in itertools.product(*fields.values()):
        chosen = dict(zip(fields, combination, strict=True))
        after = [vary(arm, chosen, "--sweep") for arm in arms]
        after = complete(after, tuple(fields))
        values = {
            field: read_field(after[having[field]], field) for field in fields
        }
        named = {
            arm.name: _label(config, values, labels)
            for arm, config in zip(arms, after, strict=True)
        }
        _refuse_alike(named, values)
        points.append(Point(values, named))
    values = {
        field: _collect(point.values[field] for point in points)
        for field in fields
    }
    for field, texts in fields.items():
        if len(values[field]) < len(texts):
            raise ConfigError(
                f"--sweep {field}={','.join(texts)}: two of the values are "
                "the same."
            )
    _check_names(points)
    return Sweep(name, values, points)


def name_sweep(study, texts):
    """For example "demo_sweep_data.limit_train"."""
    fields = "_".join(parse_sweeps(texts))
    return f"{study}_sweep_{fields.replace('/', '-')}"


def _find_arm(arms, field):
    """Place of the first arm that has a field.

    Raises:
        ConfigError: if none has.
    """
    for place, arm in enumerate(arms):
        if has_field(arm, field):
            return place
    try:
        override(arms[0], [f"{field}=none"])
    except AbsentPart as error:
        message = str(error).replace("--set ", "--sweep ", 1)
        raise ConfigError(message) from error


def _label(config, values, labels):
    """Gives a config the name and the summary of an equal one, if there is.

    Args:
        config: `Experiment`.
        values: {field: value}.
        labels: {config as text: (name, summary)}; new ones are added.
    """
    spelled = _spell(config)
    if spelled not in labels:
        name = config.name
        if VALUE_MARK not in name:
            # Only fields that follow from the values have changed.
            there = {f: v for f, v in values.items() if has_field(config, f)}
            name = name_variant(name, there)
        labels[spelled] = name, config.summary
    name, summary = labels[spelled]
    return replace(config, name=name, summary=summary)


def _spell(experiment):
    """A config as text without its labels."""
    return repr(drop_labels(experiment))


def _collect(values):
    """Different values in their order; 1 and True are different."""
    return list({repr(value): value for value in values}.values())


def _refuse_alike(arms, values):
    """Refuses two arms that have become one config."""
    names = {}
    for arm, experiment in arms.items():
        if experiment.name in names:
            raise ConfigError(
                f"--sweep: with {Point(values, arms).title} the arms "
                f"{names[experiment.name]} and {arm} are the same."
            )
        names[experiment.name] = arm


def _check_names(points):
    """Refuses two configs of one name."""
    taken = {}
    for point in points:
        for each in point.arms.values():
            if _spell(taken.setdefault(each.name, each)) != _spell(each):
                raise ConfigError(
                    f"--sweep: two configs have the name {each.name!r}; "
                    "choose another name for the arm."
                )
