"""How the command line's `--set` changes an experiment's config."""

import ast
import dataclasses
import difflib
import types
import typing
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic import ValidationError

from experiments.configs.schema import Experiment
from experiments.errors import AbsentPart, ConfigError


def override(experiment, assignments):
    """Applies `--set` assignments such as `optimizer.learning_rate=0.05`.

    Raises:
        ConfigError: if a field is unknown, or a value has the wrong type or
            is outside its range.
    """
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        if not equals:
            raise ConfigError(
                f"--set expects FIELD=VALUE. Received: {assignment!r}."
            )
        experiment = _assign(experiment, path.split("."), text.strip(), path)
    return experiment


def override_arms(experiments, assignments):
    """`override` for the arms of a study.

    An assignment to a layer, or to another part that only some arms have,
    changes these.

    Raises:
        ConfigError: as `override`, or if no arm has the part.
    """
    for assignment in assignments:
        changed, absent = [], []
        for experiment in experiments:
            try:
                changed.append(override(experiment, [assignment]))
            except AbsentPart as error:
                changed.append(experiment)
                absent.append(error)
        if len(absent) == len(experiments):
            raise absent[0]
        experiments = changed
    return experiments


def _assign(config, keys, text, path):
    key, rest = keys[0].strip(), keys[1:]
    if isinstance(config, tuple):
        return _assign_layer(config, key, rest, text, path)
    fields = [f.name for f in dataclasses.fields(config)]
    if isinstance(config, Experiment):
        fields = [f for f in fields if f not in ("name", "summary")]
    if key not in fields:
        raise _unknown(path, key, fields)
    value = getattr(config, key)
    hints = typing.get_type_hints(type(config), include_extras=True)
    kind = hints[key]
    if value is None and rest and _part_of(kind):
        raise AbsentPart(
            f"--set {path}={text}: this experiment has no {key}, so there is "
            "nothing to change in it."
        )
    nested = dataclasses.is_dataclass(value) or key == "augment"
    if nested != bool(rest):
        hint = (
            f"{path} has fields of its own: set {path}.NAME=VALUE"
            if nested
            else f"{key} has no fields"
        )
        raise ConfigError(f"--set {path}={text}: {hint}.")
    value = _assign(value, rest, text, path) if nested else _parse(text, kind)
    return _replace(config, key, value, kind, text, path)


def _assign_layer(layers, key, rest, text, path):
    """`augment.SaliencyMix.alpha=0.5`; the layer's class checks the value."""
    names = [layer.layer for layer in layers]
    if key not in names:
        raise _unknown(path, key, names, AbsentPart)
    if len(rest) != 1:
        raise ConfigError(
            f"--set {path}={text}: expected augment.LAYER.OPTION=VALUE."
        )
    index = names.index(key)
    value = _literal(text)
    options = layers[index].options
    # JSON would make another number of it, and "another config" of the run.
    if type(value) is int and type(options.get(rest[0])) is float:
        value = float(value)
    options = {**options, rest[0]: value}
    changed = _replace(layers[index], "options", options, dict, text, path)
    return (*layers[:index], changed, *layers[index + 1 :])


def _replace(config, key, value, kind, text, path):
    try:
        return dataclasses.replace(config, **{key: value})
    except ValidationError as error:
        found = error.errors()[0]
        # What the fields' own checks say, without pydantic's introduction.
        said = found.get("ctx", {}).get("error")
        expected = said or f"expected {_expected(kind, found['type'])}"
        text = text if len(text) < 100 else f"{text[:97]}..."
        received = "" if "Received" in str(said) else f". Received: {text!r}"
        raise ConfigError(
            f"--set {path} {str(expected).replace('expected', 'expects', 1)}"
            f"{received}."
        ) from error


def _part_of(kind):
    """Whether a field may hold fields of its own."""
    return any(map(dataclasses.is_dataclass, typing.get_args(kind)))


def _unknown(path, key, known, kind=ConfigError):
    close = difflib.get_close_matches(key, known, cutoff=0.5) or known
    return kind(
        f"--set {path}: there is no field {key!r}. "
        + (f"Known: {', '.join(close)}." if close else "There are none.")
    )


def _literal(text):
    try:
        return ast.literal_eval(text)
    # The last three at what looks like Python, such as {[]: 1} or ((((.
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return {"true": True, "false": False, "none": None}.get(
            text.lower(), text
        )


def _parse(text, kind):
    """The value that the text stands for in a field of this kind."""
    value = _literal(text)
    kinds = _alternatives(kind)
    if str in kinds and not isinstance(value, str | None):
        # A class may be called 1 or true.
        return text
    if isinstance(value, list) and typing.get_origin(kinds[0]) is tuple:
        return tuple(value)
    return value


def _alternatives(kind):
    """The types that a field takes, without their ranges."""
    union = typing.get_origin(kind) in (types.UnionType, typing.Union)
    return [
        typing.get_args(each)[0]
        if typing.get_origin(each) is Annotated
        else each
        for each in (typing.get_args(kind) if union else (kind,))
    ]


def _expected(kind, problem):
    """What a field takes, in words.

    Args:
        kind: Its type, with its range.
        problem: Pydantic's name of what is wrong. Whoever typed a word for a
            number need not hear of the range.
    """
    if typing.get_origin(kind) in (types.UnionType, typing.Union):
        return " or ".join(
            _expected(each, problem) for each in typing.get_args(kind)
        )
    if typing.get_origin(kind) is Annotated:
        base, *limits = typing.get_args(kind)
        words = [] if problem.endswith("_type") else map(_in_words, limits)
        return ", ".join([_expected(base, problem), *filter(None, words)])
    options = typing.get_args(kind)
    if typing.get_origin(kind) is Literal:
        return "one of " + ", ".join(map(str, options))
    if typing.get_origin(kind) is tuple:
        _, _, limits = _expected(options[0], problem).partition(", ")
        numbers = f"{len(options)} numbers separated by commas"
        return f"{numbers}, each {limits}" if limits else numbers
    return "none" if kind is type(None) else kind.__name__


def _in_words(limit):
    if isinstance(limit, MinLen):
        return "not empty"
    words = {Ge: "at least", Gt: "above", Le: "at most", Lt: "below"}
    for kind, word in words.items():
        if isinstance(limit, kind):
            (bound,) = dataclasses.astuple(limit)
            return f"{word} {bound}"
    return None
