"""What a study can show, before it is run.

The formulas of `experiments.statistics.comparison.compare_arms`, with what is
expected in place of what was measured. For accuracy p and agreement A, the
share of images on which two seeds of an arm are both right or both wrong:

    v  = (1 - A) / 2 / N
    s2 = v + seed_deviation^2
    S  = 2 / n times the mean of max(v, s2 as estimated from n seeds), with
         2 (n - 1) degrees of freedom
    I  = 2 arm_share (p (1 - p) - (1 - A) / 2) / N

Being right has the variance p (1 - p). (1 - A) / 2 of it is luck of the
training; the rest is that some images are easy and others hard, of which
`arm_share` is not the same in another arm. In cross-validation with K folds,
for the formulas of `experiments.statistics.cross_validation.compare_folds`:

    S  = 2 / n times (seed_deviation^2 + K / N times ((1 - A) / 2
                      + arm_share (p (1 - p) - (1 - A) / 2))), with n - 1
         degrees of freedom
    I  = 2 arm_share (p (1 - p) - (1 - A) / 2) (1 / N - K / (n N)), or 0

This is an approximation: S is that of `own` alone, though with many arms
`shared` can be the larger, and neither S nor I varies as estimates do.
`benchmarks/false_claims.py` measures how often a difference planned here is
found in fact.

References:
    Jordan, "On the variance of neural network training with respect to test
    sets and distributions", ICLR 2024: errors of trainings on CIFAR-10 and
    ImageNet are nearly independent of each other, and accuracy on unlimited
    images deviates little over seeds.
"""

import bisect
import math

from scipy.stats import chi2

from experiments.statistics.comparison import (
    CONFIDENCE,
    quantiles,
    satterthwaite,
)

# Deviation of accuracy over seeds, in points, beyond independent errors. An
# assumption until a study has measured its own: on the careful side for
# networks trained to convergence (Jordan, 2024), not for short trainings.
SEED_DEVIATION = 0.3
# Assumptions, too. Of p (1 - p), the share that is luck of the training: at
# an accuracy of 62 %, two seeds are both right or both wrong on 80 %.
LUCK = 0.425
# Of what makes images easy or hard, the share that another arm changes.
ARM_SHARE = 0.05
MOST_SEEDS = 1000


def detectable_difference(
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
        images: Number of images that all are judged on.
        accuracy: About what is expected, p in [0, 1].
        agreement: The share of images, in [0, 1], on which two seeds of an
            arm are both right or both wrong, whatever wrong class they
            name; by default 1 - 0.85 p (1 - p).
        seed_deviation: Of the accuracy, in points, beyond independent errors.
        arm_share: In [0, 1], see above; at 0 an arm is better by the same
            on all images.
        folds: In cross-validation, the number of parts, of which each seed
            judges one; at least 2.
        confidence: Of all intervals of the study together.

    Returns:
        Points of accuracy; None if more than 100.

    Raises:
        ValueError: if a number is out of its range; if two seeds agree less
            than they do by luck, 1 - 2 p (1 - p).

    Example:
        >>> round(detectable_difference(2, 5, 10_000, 0.62), 2)
        0.94
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
        over_seeds = _expected(chance / images, beyond, seeds - 1)
        over_seeds = 2 / seeds * over_seeds, 2 * (seeds - 1)
        over_images = 2 * interaction / images
    else:
        _check("folds", folds, 2)
        over_seeds = beyond + folds * (chance + interaction) / images
        over_seeds = 2 / seeds * over_seeds, seeds - 1
        # Of images that are judged again.
        over_images = max(0, 2 * interaction * (1 - folds / seeds) / images)
    total, degrees = satterthwaite(
        over_seeds, (over_images, max(1, images - 1))
    )
    error = 100 * math.sqrt(max(total, 1 / images**2))
    points = sum(quantiles(arms - 1, confidence, degrees)) * error
    return None if points > 100 else points


def seeds_needed(difference, arms, images, accuracy, **assumptions):
    """How many seeds it takes to find a difference in 80 % of cases.

    Args:
        difference: In points of accuracy, more than 0.
        arms, images, accuracy: As in `detectable_difference`.
        **assumptions: Further arguments of `detectable_difference`.

    Returns:
        Seeds of each arm; None where 1,000 are not enough, because more
        trainings do not make up for few images.

    Raises:
        ValueError: if a number is out of its range.

    Example:
        >>> seeds_needed(1, 2, 10_000, 0.62)
        5
        >>> seeds_needed(2, 2, 140, 0.62) is None
        True
    """
    if not difference > 0:
        raise ValueError(
            "Expected a difference of more than 0 points, such as 1. "
            f"Received: difference={difference!r}."
        )

    def detectable(seeds):
        found = detectable_difference(
            arms, seeds, images, accuracy, **assumptions
        )
        return math.inf if found is None else found

    candidates = range(2, MOST_SEEDS + 1)
    # More seeds find less: negated, what they find is in ascending order.
    index = bisect.bisect_left(
        candidates, -difference, key=lambda seeds: -detectable(seeds)
    )
    return candidates[index] if index < len(candidates) else None


def _expected(chance, beyond, degrees):
    """The mean of max(s2, chance), where s2 is chi-square distributed."""
    total = chance + beyond
    if total == 0:
        return 0.0
    limit = degrees * chance / total
    return chance * chi2.cdf(limit, degrees) + total * chi2.sf(
        limit, degrees + 2
    )


def _check(name, value, least, most=math.inf):
    if not least <= value <= most:
        raise ValueError(
            f"Expected {name} of at least {least:g}"
            f"{'' if math.isinf(most) else f' and at most {most:g}'}. "
            f"Received: {name}={value!r}."
        )
