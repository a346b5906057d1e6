"""Signs that an arm was not trained to its end, or not well."""

from typing import NamedTuple

import numpy as np

from experiments.history import has_diverged, is_steep, still_rising

# Points of accuracy on plain training images that an arm lacks against the
# reference, from which on it is likely to need more epochs than that.
_FITS_LESS = 10.0


class Signs(NamedTuple):
    """What the curves of an arm tell.

    Attributes:
        still_rising: Points of validation accuracy that another fifth of the
            training would bring at the pace of the last one; None if fewer
            than five epochs tell.
        undertrained: Whether that is more than a point.
        diverged: Seeds whose loss ended above that of guessing.
        fits_less_by: Points of accuracy on plain training images below the
            reference's; None where that was not measured.
        fits_less: Whether that is more than 10.
    """

    still_rising: float | None
    undertrained: bool
    diverged: tuple
    fits_less_by: float | None
    fits_less: bool


def read_signs(arm, reference):
    """The `Signs` of an `arms.Arm`, beside the one that it is compared with."""
    length = min(len(run.history) for run in arm.runs)
    means = [
        {"val_accuracy": np.mean([row["val_accuracy"] for row in epoch])}
        for epoch in zip(
            *(run.history[:length] for run in arm.runs), strict=True
        )
    ]
    rising = still_rising(means)
    fits, its = _plain_accuracy(arm), _plain_accuracy(reference)
    less = None if fits is None or its is None else its - fits
    return Signs(
        still_rising=rising,
        undertrained=is_steep(rising),
        diverged=tuple(
            run.seed
            for run in arm.runs
            if has_diverged(run.history, len(run.predictions.class_names))
        ),
        fits_less_by=less,
        fits_less=less is not None and less > _FITS_LESS,
    )


def _plain_accuracy(arm):
    """Percent of plain training images that an arm has right, or None."""
    found = [
        run.metrics.get("plain_train", {}).get("accuracy") for run in arm.runs
    ]
    return None if None in found else float(100 * np.mean(found))
