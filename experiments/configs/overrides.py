"""How the command line's `--set` changes an experiment's config."""

import ast
import dataclasses
import difflib
import types
import typing
from typing import Literal

from experiments.configs.schema import Experiment
from experiments.errors import AbsentPart, ConfigError


def override(experiment, assignments):
    """Applies `--set` assignments such as `optimizer.learning_rate=0.05`.

    Raises:
        ConfigError: if a field is unknown or a value has the wrong type.
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
    kind = typing.get_type_hints(type(config))[key]
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
    if nested:
        value = _assign(value, rest, text, path)
    else:
        value = _parse(text, kind, path)
    return dataclasses.replace(config, **{key: value})


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
    options = {**layers[index].options, rest[0]: _literal(text)}
    changed = dataclasses.replace(layers[index], options=options)
    return (*layers[:index], changed, *layers[index + 1 :])


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
    except (ValueError, SyntaxError):
        return {"true": True, "false": False, "none": None}.get(
            text.lower(), text
        )


def _parse(text, kind, path):
    value = _literal(text)
    options = typing.get_args(kind)
    origin = typing.get_origin(kind)
    if origin is Literal:
        if value in options:
            return value
        expected = "one of " + ", ".join(map(str, options))
    elif origin is tuple:
        items = value if isinstance(value, tuple | list) else None
        if items and all(_is(item, options[0]) for item in items):
            return tuple(float(item) for item in items)
        expected = "numbers separated by commas"
    else:
        kinds = options if origin is types.UnionType else (kind,)
        for candidate in kinds:
            if _is(value, candidate):
                return candidate(value) if candidate is float else value
        expected = " or ".join(
            "none" if k is type(None) else k.__name__ for k in kinds
        )
    raise ConfigError(f"--set {path} expects {expected}. Received: {text!r}.")


def _is(value, kind):
    if isinstance(value, bool):
        return kind is bool
    return isinstance(value, (int, float) if kind is float else kind)
