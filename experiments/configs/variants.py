"""Variants of experiments: other values of fields, which their names tell."""

import dataclasses
import hashlib
import re
from dataclasses import replace
from typing import NamedTuple

from experiments.configs.arms import VALUE_MARK
from experiments.configs.overrides import override
from experiments.errors import AbsentPart, ConfigError

# More letters of a value would be no name any more.
_MOST_LETTERS = 40
# Drawn values are rounded to so many digits, so that they can be read.
_DIGITS = 3


class Dimension(NamedTuple):
    """Values that a field of a config may take in trials.

    Attributes:
        field: As `--set` names it.
        kind: "log" or "lin", spread evenly over the logarithm or over the
            number; or "choice".
        values: The bounds, or the choices.
    """

    field: str
    kind: str
    values: tuple

    def locate(self, share):
        """Returns the value at a share of the range.

        Whole numbers are drawn between bounds that both are whole.

        Args:
            share: In [0, 1).

        Example:

        >>> Dimension("optimizer.learning_rate", "log", (0.01, 1.0)).locate(0.5)
        0.1
        """
        if self.kind == "choice":
            return self.values[int(share * len(self.values))]
        low, high = self.values
        if self.kind == "log":
            value = low * (high / low) ** share
        else:
            value = low + (high - low) * share
        if all(isinstance(each, int) for each in self.values):
            return round(value)
        return float(f"{value:.{_DIGITS}g}")

    def place(self, value):
        """Returns a value's place on an axis; of a choice its number."""
        return self.values.index(value) if self.kind == "choice" else value


def vary(experiment, values, option="--set"):
    """Sets fields of an experiment, and adds their values to its name.

    So the runs of a variant have a folder of their own, the same in all
    studies. A part that the experiment lacks, such as a layer, is left out.

    Args:
        experiment: An `experiments.configs.schema.Experiment`.
        values: {field: value}, as `--set FIELD=VALUE` takes them.
        option: Flag of the command line that errors name.

    Returns:
        An `Experiment`; the same if its config is not changed.

    Raises:
        ConfigError: if a field is unknown, or refuses its value.

    Example:

    >>> from experiments.configs.registry import get_experiment
    >>> from experiments.configs.variants import vary
    >>> baseline = get_experiment("demo_baseline")
    >>> vary(baseline, {"optimizer.learning_rate": 0.02}).name
    'demo_baseline@optimizer.learning_rate=0.02'
    >>> vary(baseline, {"epochs": baseline.epochs}).name
    'demo_baseline'
    """
    after, changed = experiment, {}
    for field, value in values.items():
        before = after
        try:
            after = override(before, [f"{field}={value}"])
        except AbsentPart:
            continue
        except ConfigError as error:
            message = str(error).replace("--set ", f"{option} ", 1)
            raise ConfigError(message) from error
        if after != before:
            changed[field] = read_field(after, field)
    return replace(after, name=name_variant(experiment.name, changed))


def name_variant(name, values):
    """Adds values of fields to an experiment's name.

    The name is one of a file, and no other values have the same.

    Args:
        name: Of the experiment.
        values: {field: value}.

    Example:

    >>> name_variant("demo_cutmix", {"data.limit_train": 500, "epochs": 5})
    'demo_cutmix@data.limit_train=500,epochs=5'
    """
    tail = ",".join(
        f"{field.replace('/', '-')}={_shorten(value)}"
        for field, value in values.items()
    )
    return f"{name}{VALUE_MARK}{tail}" if tail else name


def show_value(value):
    """A value as a command line has it."""
    if value is None or isinstance(value, bool):
        return str(value).lower()
    return str(value)


def has_field(experiment, field):
    """Tells if an experiment has the part that a field belongs to."""
    try:
        override(experiment, [f"{field}=none"])
    except AbsentPart:
        return False
    except ConfigError:
        pass
    return True


def read_field(experiment, field):
    """Reads the value of a field; None if the experiment lacks it."""
    config = experiment
    for key in (keys := [each.strip() for each in field.split(".")]):
        if isinstance(config, tuple):
            layers = [each for each in config if each.layer == key]
            return layers[0].options.get(keys[-1]) if layers else None
        if not dataclasses.is_dataclass(config):
            return None
        config = getattr(config, key)
    return config


def _shorten(value):
    """A value as a part of a file's name, different from any other's."""
    shown = show_value(value)
    short = re.sub(r"[^A-Za-z0-9_.+-]+", "-", shown)[:_MOST_LETTERS]
    if short == shown:
        return short
    return f"{short}-{hashlib.sha256(shown.encode()).hexdigest()[:6]}"
