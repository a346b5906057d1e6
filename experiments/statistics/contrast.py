"""Changes of an arm's effect over the values of a field of the config.

A cell is the accuracies of one config over its seeds: of one arm at one value.
A contrast adds up cells with coefficients whose sum is 0, such as +1 and -1
for an effect, and -1, +1, +1, -1 for the change of an effect between two
values. `benchmarks/sweep_claims.py` measures the share of sweeps that claim a
change where there is none.

References:
    Welch, "On the comparison of several mean values", 1951, for contrasts
    of cells with variances of their own.
"""

from typing import NamedTuple

import numpy as np

from experiments.statistics.comparison import CONFIDENCE, read_right
from experiments.statistics.cross_validation import estimate_from_folds
from experiments.statistics.quantiles import reach_independently
from experiments.statistics.variance import (
    Accuracies,
    Variance,
    combine_variance,
    compute_variance_of_mean,
    satterthwaite,
    share_variance,
)

# Values that differ by this factor or more get a logarithmic axis.
_SPREAD = 3


class Contrast(NamedTuple):
    """A contrast with its interval, in points.

    Attributes:
        points: The sum of the cells.
        low, high: The interval around it.
        verdict: "changes" if the interval leaves out 0, else "not_told_apart";
            "trained_once" if a cell has a single seed, which allows no
            verdict: the interval is then over the images alone.
        variance: The `Variance` behind the interval.
    """

    points: float
    low: float
    high: float
    verdict: str
    variance: Variance

    def as_json(self):
        """All of it as plain numbers, for comparison.json."""
        return self._asdict() | {"variance": self.variance._asdict()}


class Cells(NamedTuple):
    """Cells that are evaluated on the same images.

    Attributes:
        correct: {cell: bool (seeds, images)}, which predictions are right;
            in cross-validation {cell: {seed: bool (images of the seed,)}}.
        images: In cross-validation {seed: ids (images of the seed,)}.
        folds: In cross-validation its number of parts, otherwise None.
    """

    correct: dict
    images: dict | None = None
    folds: int | None = None


def choose_scale(values):
    """Chooses the axis along which effects may change.

    Returns:
        "log" for positive numbers that are at least 3 times apart, "linear"
        for other numbers, and "pairs" for values that are not numbers.

    Example:
        >>> choose_scale([500, 5000]), choose_scale([0.0, 0.5])
        ('log', 'linear')
        >>> choose_scale(["he_normal", "glorot_uniform"])
        'pairs'
    """
    if any(
        isinstance(each, bool) or not isinstance(each, int | float)
        for each in values
    ):
        return "pairs"
    if min(values) > 0 and max(values) >= _SPREAD * min(values):
        return "log"
    return "linear"


def weigh_line(values, scale):
    """Coefficients of the change along a fitted line.

    The sum of effects with these coefficients is the slope of their
    least-squares line, times the distance from the least to the largest
    value.

    Args:
        values: Different numbers, at least two.
        scale: "log" or "linear".

    Returns:
        float (values,).

    Example:
        >>> weigh_line([100, 1000, 10_000], "log").round(3).tolist()
        [-1.0, 0.0, 1.0]
    """
    places = np.log(values) if scale == "log" else np.array(values, float)
    centered = places - places.mean()
    return centered * np.ptp(places) / (centered**2).sum()


def estimate_contrast(
    parts, coefficients, comparisons=1, confidence=CONFIDENCE
):
    """Estimates a contrast of cells.

    With c the coefficient of a cell, n its seeds, N its images, s2 and v as
    in `comparison.compare_arms`:

        C      = sum of c accuracy
        own    = sum of c^2 max(s2, v) / n, with Welch's degrees of freedom
        shared = max(s2, v) sum of c^2 / n, both averaged over these cells
                 with weights n - 1, with sum(n - 1) degrees of freedom
        S      = the larger of the two, with its own degrees of freedom f
        I      = max(0, variance over images of (sum of c mean) / N
                        - sum of c^2 v / n)
        V      = max(S + I, 1 / N^2)
        g      = (S + I)^2 / (S^2 / f + I^2 / (N - 1))
        interval: C -/+ t(1 - (1 - confidence) / 2k, g) sqrt(V), k comparisons

    For two cells this is `compare_arms` with two arms. In cross-validation
    seeds are blocks: C of each seed takes the place of x_a - x_0 in
    `cross_validation.compare_folds`, with f = g = n - 1, over the seeds that
    all cells have.

    Cells of different parts are evaluated on different images, which are
    taken for independent: C and V are sums over the parts.

    Args:
        parts: List of `Cells`.
        coefficients: {cell: float}; a cell that stands for several values has
            the sum of its coefficients. Cells with 0, or without one, do not
            count.
        comparisons: Number of intervals that hold together, k (Bonferroni).
        confidence: Of all of them, in (0, 1).

    Returns:
        The `Contrast`; None if cells of a part have no seed in common in
        cross-validation, or if no cell counts.

    Raises:
        ValueError: if an array is not boolean, has another rank or is empty.

    Example:
        >>> images = np.arange(1000)
        >>> cells = Cells({
        ...     "plain, 500": images < np.array([[500], [504], [499]]),
        ...     "erased, 500": images < np.array([[600], [605], [603]]),
        ...     "plain, 5000": images < np.array([[700], [704], [699]]),
        ...     "erased, 5000": images < np.array([[702], [705], [703]]),
        ... })
        >>> found = estimate_contrast([cells], {
        ...     "plain, 500": 1, "erased, 500": -1,
        ...     "plain, 5000": -1, "erased, 5000": 1,
        ... })
        >>> round(found.points, 1), found.verdict
        (-9.9, 'changes')
    """
    estimates = []
    for part in parts:
        counted = {
            name: coefficients[name]
            for name in part.correct
            if abs(coefficients.get(name, 0)) > 1e-12
        }
        if not counted:
            continue
        estimate = _estimate if part.folds is None else _estimate_folds
        found = estimate(part, counted)
        if found is None:
            return None
        estimates.append(found)
    if not estimates:
        return None
    return _describe(*_add(estimates), comparisons, confidence)


def _estimate(part, coefficients):
    """A part of the contrast in accuracy, and its `Variance`."""
    cells = [
        (
            factor,
            Accuracies.measure(
                read_right(name, part.correct[name], ("seeds", "images"))
            ),
        )
        for name, factor in coefficients.items()
    ]
    gains = sum(factor * cell.shares for factor, cell in cells)
    images, total = len(gains), compute_variance_of_mean(gains)
    if any(cell.seeds == 1 for _, cell in cells):
        return gains.mean(), combine_variance(images, total, None, None)
    own = satterthwaite(
        *(
            (
                factor**2 * max(cell.variance, cell.chance) / cell.seeds,
                cell.seeds - 1,
            )
            for factor, cell in cells
        )
    )
    pooled, nu = share_variance(cell for _, cell in cells)
    pooled *= sum(factor**2 / cell.seeds for factor, cell in cells)
    # If rounding alone tells the variances apart, own has fewer degrees.
    over_seeds = (pooled, nu) if pooled > own[0] * (1 + 1e-9) else own
    chance = sum(f**2 * cell.chance / cell.seeds for f, cell in cells)
    interaction = max(0.0, total - chance)
    return gains.mean(), combine_variance(images, interaction, *over_seeds)


def _estimate_folds(part, coefficients):
    cells = [part.correct[name] for name in coefficients]
    seeds = [seed for seed in cells[0] if all(seed in cell for cell in cells)]
    if not seeds:
        return None
    gains = {
        seed: sum(
            factor * read_right(name, part.correct[name][seed], ("images",))
            for name, factor in coefficients.items()
        )
        for seed in seeds
    }
    return estimate_from_folds(gains, part.images, part.folds)


def _add(estimates):
    """Adds parts of a contrast that are evaluated on different images."""
    if len(estimates) == 1:
        return estimates[0]
    points = sum(each for each, _ in estimates)
    variances = [variance for _, variance in estimates]
    images = min(each.images for each in variances)
    total, degrees = satterthwaite(
        *((each.error**2, each.degrees) for each in variances)
    )
    if any(each.over_seeds is None for each in variances):
        total /= 100**2
        return points, Variance(images, total, None, None, degrees)
    over_seeds, degrees_over_seeds = satterthwaite(
        *((each.over_seeds, each.degrees_over_seeds) for each in variances)
    )
    over_images = sum(each.over_images for each in variances)
    return points, Variance(
        images, over_images, over_seeds, degrees_over_seeds, degrees
    )


def _describe(change, variance, comparisons, confidence):
    reach = reach_independently(comparisons, confidence)
    width = reach(variance.degrees) * variance.error
    points = 100 * float(change)
    low, high = points - width, points + width
    if variance.over_seeds is None:
        verdict = "trained_once"
    else:
        verdict = "not_told_apart" if low <= 0 <= high else "changes"
    return Contrast(points, low, high, verdict, variance)
