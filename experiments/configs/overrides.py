"""Changes of an experiment's config by the command line's `--set`."""

import ast
import dataclasses
import difflib
import typing

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
    """Applies `override` to the arms of a study.

    An assignment to a layer, or to another part that only some arms have,
    changes these arms.

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
    if value is None and rest and _is_part(kind):
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
        return _replace(config, key, [value], kind, text, path)
    value = _literal(text)
    # A class may be called 1 or true.
    candidates = [value, tuple(value) if isinstance(value, list) else text]
    return _replace(config, key, candidates, kind, text, path)


def _assign_layer(layers, key, rest, text, path):
    """Applies `augment.SaliencyMix.alpha=0.5`; the layer checks the value."""
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
    # JSON tells 1 from 1.0, and the run would have another config.
    if type(value) is int and type(options.get(rest[0])) is float:
        value = float(value)
    options = {**options, rest[0]: value}
    changed = _replace(layers[index], "options", [options], dict, text, path)
    return (*layers[:index], changed, *layers[index + 1 :])


def _replace(config, key, candidates, kind, text, path):
    """Replaces a field by the first of some values that it takes."""
    errors = []
    for value in candidates:
        try:
            return dataclasses.replace(config, **{key: value})
        except ValidationError as error:
            errors.append(error)
    own = errors[0].errors()[0].get("ctx", {}).get("error")
    expected = str(own or _describe(errors[0], kind))
    text = text if len(text) < 100 else f"{text[:97]}..."
    received = "" if "Received" in expected else f". Received: {text!r}"
    expected = expected.removeprefix("expected ")
    raise ConfigError(
        f"--set {path} expects {expected}{received}."
    ) from errors[0]


def _describe(error, kind):
    """Describes the values that a field takes, in Pydantic's words."""
    words = []
    for problem in error.errors():
        word = problem["msg"].removeprefix("Input should be ")
        if word.startswith(("greater", "less")):
            word = f"a number {word}"
        if problem["type"] in ("tuple_type", "missing", "too_long"):
            count = len(typing.get_args(kind))
            word = f"{count} numbers separated by commas"
        words.append(word)
    if type(None) in typing.get_args(kind):
        words.append("none")
    return " or ".join(dict.fromkeys(words))


def _is_part(kind):
    """Tells if a field may hold fields of its own."""
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
    # The last three are raised by {[]: 1}, ((((, and the like.
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return {"true": True, "false": False, "none": None}.get(
            text.lower(), text
        )
