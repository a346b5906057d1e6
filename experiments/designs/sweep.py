"""A study at each of several values of a field, for --sweep."""

import dataclasses
import hashlib
import itertools
import re
from dataclasses import replace
from typing import NamedTuple

from experiments.configs.arms import VALUE_MARK
from experiments.configs.overrides import override
from experiments.errors import AbsentPart, ConfigError
from experiments.report.effects import Point, show_value

MOST_FIELDS = 2
# More letters of a value would be no name any more.
_MOST_LETTERS = 40
_ABSENT = object()


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

    A config that is not changed keeps its name, and one that equals another
    experiment has the name of that one: their runs are the same. All others
    are called ARM@FIELD=VALUE. A layer's option changes the arms that have
    the layer.

    Args:
        name: Of the study.
        arms: `experiments.configs.schema.Experiment`s, the reference first,
            with all other changes made.
        texts: As for `parse_sweeps`.
        complete: Function of a list of `Experiment`s and of the fields that
            are swept, which returns the list with what follows from both.
        known: Further `Experiment`s that have names.

    Returns:
        The `Sweep`.

    Raises:
        ConfigError: as `parse_sweeps` and `override`; if no arm has a
            layer, if two values or two arms become the same.
    """
    fields = parse_sweeps(texts)
    complete = complete or (lambda configs, fields: configs)
    before = complete(arms, ())
    labels = {
        _spell(each): (each.name, each.summary) for each in (*known, *before)
    }
    points, combinations = [], itertools.product(*fields.values())
    for combination in combinations:
        chosen = dict(zip(fields, combination, strict=True))
        after = arms
        for field, text in chosen.items():
            after = _override(after, field, text)
        after = complete(after, tuple(fields))
        values = {field: _read_first(after, field) for field in fields}
        named = {
            arm.name: _name(arm, config, values, labels)
            for arm, config in zip(before, after, strict=True)
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


def _override(arms, field, text):
    """Changes the arms that have the part that the field is in."""
    changed, absent = [], []
    for arm in arms:
        try:
            changed.append(override(arm, [f"{field}={text}"]))
        except AbsentPart as error:
            absent.append(error)
            changed.append(arm)
        except ConfigError as error:
            raise _as_sweep(error) from error
    if len(absent) == len(arms):
        raise _as_sweep(absent[0]) from absent[0]
    return changed


def _as_sweep(error):
    return ConfigError(str(error).replace("--set ", "--sweep ", 1))


def _name(arm, config, values, labels):
    """Gives the config a name, that of an equal one if there is one.

    Args:
        arm: The config without the sweep.
        config: The config at the values.
        values: {field: value}.
        labels: {config as text: (name, summary)}; new ones are added.
    """
    spelled = _spell(config)
    if spelled not in labels:
        there = {f: v for f, v in values.items() if _has(config, f)}
        changed = {f: v for f, v in there.items() if _read(arm, f) != v}
        tail = ",".join(
            f"{field}={_shorten(value)}"
            for field, value in (changed or there).items()
        )
        name = f"{arm.name}{VALUE_MARK}{tail.replace('/', '-')}"
        labels[spelled] = name, arm.summary
    name, summary = labels[spelled]
    return replace(config, name=name, summary=summary)


def _spell(experiment):
    """A config as text without its labels."""
    return repr(replace(experiment, name="", summary=""))


def _shorten(value):
    """A value as a part of a file's name, no other value having the same."""
    shown = show_value(value)
    short = re.sub(r"[^A-Za-z0-9_.+-]+", "-", shown)[:_MOST_LETTERS]
    if short == shown:
        return short
    return f"{short}-{hashlib.sha256(shown.encode()).hexdigest()[:6]}"


def _has(config, field):
    return _read(config, field) is not _ABSENT


def _read(config, field):
    """The value of a field; `_ABSENT` if the config has no such part."""
    for position, key in enumerate(parts := field.split(".")):
        if isinstance(config, tuple):
            layers = [each for each in config if each.layer == key.strip()]
            options = layers[0].options if layers else {}
            return options.get(parts[position + 1], _ABSENT)
        if not dataclasses.is_dataclass(config):
            return _ABSENT
        config = getattr(config, key.strip())
    return config


def _read_first(configs, field):
    found = (_read(config, field) for config in configs)
    return next(value for value in found if value is not _ABSENT)


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
