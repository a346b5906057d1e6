"""Signs that an arm was not trained to its end, or not well."""

from typing import NamedTuple

import numpy as np

# The last part of training that is looked at, and the gain in points of
# accuracy that as long again would bring, were it to go on like that.
LAST_PART = 0.2
STEEP = 1.0


class Signs(NamedTuple):
    """What the curves of an arm tell.

    Attributes:
        still_rising: Points of validation accuracy that another fifth of the
            training would bring at the pace of the last one; None if fewer
            than five epochs tell.
        undertrained: Whether that is more than `STEEP`.
        diverged: Seeds whose loss ended above that of guessing.
    """

    still_rising: float | None
    undertrained: bool
    diverged: tuple


def read_signs(arm):
    """The `Signs` of an `arms.Arm`."""
    length = min(len(run.history) for run in arm.runs)
    curves = np.array(
        [
            [row["val_accuracy"] for row in run.history[:length]]
            for run in arm.runs
        ]
    )
    rising = _pace(100 * curves.mean(0))
    # A network whose training loss ends above that of guessing has not
    # learned; its rate is the likely reason.
    guessing = [np.log(len(run.predictions.class_names)) for run in arm.runs]
    return Signs(
        still_rising=rising,
        undertrained=rising is not None and rising > STEEP,
        diverged=tuple(
            run.seed
            for run, most in zip(arm.runs, guessing, strict=True)
            if run.history[-1]["loss"] > most
        ),
    )


def _pace(curve):
    """What a straight line through the last part gains over its length."""
    if len(curve) < 5:
        return None
    part = max(3, round(LAST_PART * len(curve)))
    slope = np.polyfit(np.arange(part), curve[-part:], 1)[0]
    return float(slope * part)
