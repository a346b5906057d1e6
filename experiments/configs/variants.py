"""Variants of experiments: other values of fields, which their names tell."""

import re
from dataclasses import replace
from typing import NamedTuple

from experiments.configs.overrides import override
from experiments.errors import AbsentPart, ConfigError

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
    'demo_baseline_learning_rate_0.02'
    >>> vary(baseline, {"epochs": baseline.epochs}).name
    'demo_baseline'
    """
    changed, tail = experiment, ""
    for field, value in values.items():
        before = changed
        try:
            changed = override(changed, [f"{field}={value}"])
        except AbsentPart:
            continue
        except ConfigError as error:
            message = str(error).replace("--set", option, 1)
            raise ConfigError(message) from error
        if changed != before:
            tail += f"_{_shorten(field)}_{_shorten(str(value))}"
    return replace(changed, name=experiment.name + tail)


def has_field(experiment, field):
    """Tells if an experiment has the part that a field belongs to."""
    try:
        override(experiment, [f"{field}=none"])
    except AbsentPart:
        return False
    except ConfigError:
        pass
    return True


def _shorten(text):
    """Leaves what goes into names of files: of a field, its last parts."""
    text = re.sub(
        r"^(augment|data|model|optimizer|checkpoint)\.", "", str(text)
    )
    return re.sub(r"[^\w.+-]+", "-", text.strip())
