"""Differences that a study detects with 80 % power, before and after it runs.

A finished study states, for each arm, the difference that its own noise lets
it detect: `comparison.Difference.detectable`. Before a study runs, the same
formulas take what is expected in place of what was measured. For accuracy p
and agreement A, the share of images on which two seeds of an arm are both
right or both wrong:

    v  = (1 - A) / 2 / N
    s2 = v + seed_deviation^2
    S  = 2 / n times the mean of max(v, s2 as estimated from n seeds); with
         three or more arms and seeds the mean of max(s2, s2 as estimated),
         with 2 (n - 1) degrees of freedom
    I  = 2 arm_share (p (1 - p) - (1 - A) / 2) / N

Being right has the variance p (1 - p). (1 - A) / 2 of it is luck of the
training; the rest is that some images are easy and others hard, of which
`arm_share` is not the same in another arm. In cross-validation with F folds:

    x  = seed_deviation^2 + F / N times ((1 - A) / 2
                          + arm_share (p (1 - p) - (1 - A) / 2))
    S  = 2 x / n + 0.25 * 2 x / (F - 1), with n - 1 degrees of freedom
    I  = 2 arm_share (p (1 - p) - (1 - A) / 2) (1 / N - F / (n N)), or 0

This is an approximation: neither S nor I varies as estimates do.
`benchmarks/false_claims.py` measures how often a difference planned here is
found in fact.
"""

import bisect
import math
from typing import NamedTuple

from scipy.stats import chi2

from experiments.statistics.comparison import CONFIDENCE, LEAST_SEEDS
from experiments.statistics.cross_validation import OVERLAP
from experiments.statistics.noise import (
    ARM_SHARE,
    LUCK,
    SEED_DEVIATION,
    Noise,
)
from experiments.statistics.quantiles import reach_reference
from experiments.statistics.variance import Variance, combine_variance

MOST_SEEDS = 1000


class Power(NamedTuple):
    """Differences that a study finds in 80 % of cases, if they are there.

    Attributes:
        arms, images, folds: As for `compute_detectable`.
        seeds: Of the arm that has the fewest; 1 ranks nothing.
        noise: A `Noise`.
        detectable: Points; None with one seed, or if more than 100. Of a
            finished study it is the smallest in its table of differences.
        detectable_most: The largest in the table, in the same manner; of a
            plan the same as `detectable`.
        seeds_for_a_point: Seeds of each arm that detect 1 point in all arms;
            None if `MOST_SEEDS`, 1,000, do not.
    """

    arms: int
    seeds: int
    images: int
    folds: int | None
    noise: Noise
    detectable: float | None
    detectable_most: float | None
    seeds_for_a_point: int | None

    def as_json(self):
        """All of it, for comparison.json."""
        return self._asdict() | {"noise": self.noise._asdict()}


def plan_power(arms, seeds, images, folds, noise, confidence=CONFIDENCE):
    """The `Power` to expect of a study that has not been run.

    Args:
        arms, images, folds, confidence: As for `compute_detectable`.
        seeds: Of each arm; at least 1.
        noise: A `Noise`.
    """
    assumed = _assumptions(noise, folds) | {"confidence": confidence}
    detectable = None
    if seeds > 1:
        detectable = compute_detectable(arms, seeds, images, **assumed)
    needed = count_seeds_needed(1, arms, images, **assumed)
    return Power(
        arms, seeds, images, folds, noise, detectable, detectable, needed
    )


def measure_power(differences, folds, noise):
    """The `Power` of a finished study, by its own noise.

    Detectable differences are those of the table. For other numbers of seeds
    they change as planned ones do: 1 point takes as many seeds as the plan
    needs for 1 point times (planned / measured at the present number).

    Args:
        differences: List of `comparison.Difference`, at least one.
        folds: As for `compute_detectable`.
        noise: The `Noise` measured on the same runs.
    """
    arms = len(differences) + 1
    images = max(each.variance.images for each in differences)
    ranked = [each for each in differences if each.verdict != "trained_once"]
    if not ranked:
        return plan_power(arms, 1, images, folds, noise)
    seeds = min(min(each.seeds, each.reference_seeds) for each in ranked)
    plan = plan_power(arms, seeds, images, folds, noise)
    points = [each.detectable or math.inf for each in ranked]
    return _scale(plan, min(points), max(points))


def extend_power(power, **changes):
    """The `Power` of a study with other numbers.

    Detectable differences change as planned ones do.

    Args:
        power: From `plan_power` or `measure_power`.
        **changes: Arguments of `plan_power` that differ.

    Example:
        >>> power = plan_power(2, 5, 10_000, None, Noise())
        >>> round(extend_power(power, seeds=10).detectable, 2)
        0.67
    """
    numbers = {
        "arms": power.arms,
        "seeds": power.seeds,
        "images": power.images,
        "folds": power.folds,
        "noise": power.noise,
    }
    before = plan_power(**numbers)
    plan = plan_power(**numbers | changes)
    if None in (plan.detectable, before.detectable, power.detectable):
        return plan
    ratio = plan.detectable / before.detectable
    most = power.detectable_most or math.inf
    return _scale(plan, ratio * power.detectable, ratio * most)


def plan_last_look(power, level):
    """The `Power` of the last look of a study, see `sequential`.

    Args:
        power: From `plan_power` or `extend_power`.
        level: Error probability of the look's interval.
    """
    # Each interval holds by itself, as that of a study of two arms.
    detectable = compute_detectable(
        2,
        power.seeds,
        power.images,
        confidence=1 - level,
        **_assumptions(power.noise, power.folds),
    )
    return power._replace(detectable=detectable, detectable_most=detectable)


def count_seeds_to_detect(power, points):
    """Seeds of each arm that detect a difference; None if 1,000 do not.

    Args:
        power: From `plan_power` or `extend_power`.
        points: The difference, more than 0.
    """
    assumed = _assumptions(power.noise, power.folds)
    return count_seeds_needed(points, power.arms, power.images, **assumed)


def _scale(plan, least, most):
    """A plan with measured detectable differences in place of its own."""
    needed = plan.seeds_for_a_point
    if plan.detectable is not None and most < math.inf:
        needed = count_seeds_needed(
            plan.detectable / most,
            plan.arms,
            plan.images,
            **_assumptions(plan.noise, plan.folds),
        )
    return plan._replace(
        detectable=least if least <= 100 else None,
        detectable_most=most if most <= 100 else None,
        seeds_for_a_point=needed,
    )


def _assumptions(noise, folds):
    values = noise._asdict()
    del values["runs"]
    return values | {"folds": folds}


def compute_detectable(
    arms,
    seeds,
    images,
    accuracy,
    agreement=None,
    seed_deviation=SEED_DEVIATION,
    arm_share=ARM_SHARE,
    folds=None,
    confidence=CONFIDENCE,
):
    """The difference that a study will find in 80 % of cases, if it is there.

    Args:
        arms: Number of arms, the reference included; at least 2.
        seeds: Trainings of each arm; at least 2.
        images: Number of images that all are evaluated on.
        accuracy: About what is expected, p in [0, 1].
        agreement: The share of images, in [0, 1], on which two seeds of an
            arm are both right or both wrong, whatever wrong class they
            name; by default 1 - 0.85 p (1 - p).
        seed_deviation: Of the accuracy, in points, beyond independent errors.
        arm_share: In [0, 1], see above; at 0 an arm is better by the same
            on all images.
        folds: In cross-validation, the number of parts, of which each seed
            evaluates one; at least 2.
        confidence: Of all intervals of the study together.

    Returns:
        Points of accuracy; None if more than 100.

    Raises:
        ValueError: if a number is out of its range; if two seeds agree less
            than they do by luck, 1 - 2 p (1 - p).

    Example:
        >>> round(compute_detectable(2, 5, 10_000, 0.62), 2)
        0.96
    """
    _check("arms", arms, 2)
    _check("seeds", seeds, 2)
    _check("images", images, 1)
    _check("accuracy", accuracy, 0, 1)
    _check("seed_deviation", seed_deviation, 0)
    _check("arm_share", arm_share, 0, 1)
    variance = accuracy * (1 - accuracy)
    if agreement is None:
        agreement = 1 - 2 * LUCK * variance
    _check("agreement", agreement, 1 - 2 * variance, 1)
    chance = (1 - agreement) / 2
    interaction = arm_share * (variance - chance)
    beyond = (seed_deviation / 100) ** 2
    if folds is None:
        expected = _expect(arms, seeds, images, chance, beyond, interaction)
    else:
        _check("folds", folds, 2)
        expected = _expect_in_folds(
            seeds, images, folds, chance, beyond, interaction
        )
    # With two arms this is Student's quantile.
    reach = reach_reference(arms - 1, confidence)
    return expected.detectable(reach(expected.degrees))


def _expect(arms, seeds, images, chance, beyond, interaction):
    """The `Variance` to expect if all seeds evaluate the same images."""
    chance /= images
    total = chance + beyond
    degrees = own = 2 * (seeds - 1)
    blended = arms > 2 and seeds >= LEAST_SEEDS
    mean = _mean_of_larger(total if blended else chance, total, own)
    if blended and mean > 0:
        weight = (total / mean) ** 2
        shared = arms * (seeds - 1)
        degrees = 1 / (weight / shared + (1 - weight) / own)
    expected = combine_variance(
        images, 2 * interaction / images, 2 / seeds * mean, degrees
    )
    return expected._replace(degrees_over_seeds=float(own))


def _expect_in_folds(seeds, images, folds, chance, beyond, interaction):
    of_a_seed = 2 * (beyond + folds * (chance + interaction) / images)
    over_seeds = of_a_seed / seeds + OVERLAP * of_a_seed / (folds - 1)
    # Of images that are evaluated again.
    over_images = max(0, 2 * interaction * (1 - folds / seeds) / images)
    degrees = float(seeds - 1)
    return Variance(images, over_images, over_seeds, degrees, degrees)


def count_seeds_needed(difference, arms, images, accuracy, **assumptions):
    """The number of seeds that find a difference in 80 % of cases.

    Args:
        difference: In points of accuracy, more than 0.
        arms, images, accuracy: As in `compute_detectable`.
        **assumptions: Further arguments of `compute_detectable`.

    Returns:
        Seeds of each arm; None if 1,000 are not enough, because more
        trainings do not make up for few images.

    Raises:
        ValueError: if a number is out of its range.

    Example:
        >>> count_seeds_needed(1, 2, 10_000, 0.62)
        5
        >>> count_seeds_needed(2, 2, 140, 0.62) is None
        True
    """
    if not difference > 0:
        raise ValueError(
            "Expected a difference of more than 0 points, such as 1. "
            f"Received: difference={difference!r}."
        )

    def detectable(seeds):
        found = compute_detectable(arms, seeds, images, accuracy, **assumptions)
        return math.inf if found is None else found

    candidates = range(2, MOST_SEEDS + 1)
    # More seeds find less: negated, what they find is in ascending order.
    index = bisect.bisect_left(
        candidates, -difference, key=lambda seeds: -detectable(seeds)
    )
    return candidates[index] if index < len(candidates) else None


def _mean_of_larger(least, total, degrees):
    """The mean of max(least, s2), where s2 has the mean `total`.

    s2 is an estimate of a variance, so chi-square distributed.
    """
    if total == 0:
        return 0.0
    limit = degrees * least / total
    return float(
        least * chi2.cdf(limit, degrees) + total * chi2.sf(limit, degrees + 2)
    )


def _check(name, value, least, most=math.inf):
    if not least <= value <= most:
        raise ValueError(
            f"Expected {name} of at least {least:g}"
            f"{'' if math.isinf(most) else f' and at most {most:g}'}. "
            f"Received: {name}={value!r}."
        )
