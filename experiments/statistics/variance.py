"""Variances of differences between arms, over seeds and over images.

References:
    Welch, "The generalization of 'Student's' problem when several different
    population variances are involved", 1947, and Satterthwaite, "An
    approximate distribution of estimates of variance components", 1946, for
    degrees of freedom.
"""

import math
from typing import NamedTuple

import numpy as np
from scipy.special import chdtri, stdtrit

POWER = 0.8


class Variance(NamedTuple):
    """Variance of a difference in accuracy, which is in [-1, 1].

    Attributes:
        images: Number of distinct images, N.
        over_images: I, or all variance if trained once.
        over_seeds: S; None if trained once.
        degrees_over_seeds: Of S, by which `detectable` corrects it; None if
            trained once.
        degrees: g.
    """

    images: int
    over_images: float
    over_seeds: float | None
    degrees_over_seeds: float | None
    degrees: float

    @property
    def error(self):
        """Standard error of the difference in points.

        Not below one image in N: otherwise predictions that all agree would
        have an interval of no width.
        """
        total = (self.over_seeds or 0) + self.over_images
        return 100 * max(math.sqrt(total), 1 / self.images)

    def detectable(self, reach):
        """The difference in points that is found in 80 % of studies.

            (c + t(0.8, g)) sqrt(S f / chi2(0.5, f) + I)

        S f / chi2(0.5, f) is the median-unbiased estimate: S itself is too
        small in more than half of the studies with few seeds. With many arms
        S can have far more degrees of freedom here than in a repetition
        whose `own` is the larger, so f is at most n_a + n_0 - 2.

        Args:
            reach: c, in standard errors.

        Returns:
            Points; None if trained once, or if more than 100.
        """
        if self.over_seeds is None:
            return None
        f = self.degrees_over_seeds
        over_seeds = self.over_seeds * f / float(chdtri(f, 0.5))
        error = self._replace(over_seeds=over_seeds).error
        points = (reach + float(stdtrit(self.degrees, POWER))) * error
        return points if points <= 100 else None


def combine_variance(images, over_images, over_seeds, degrees_over_seeds):
    """`Variance` whose degrees of freedom are Satterthwaite's.

    Args:
        images: N.
        over_images: I, with N - 1 degrees of freedom.
        over_seeds: S, or None if trained once.
        degrees_over_seeds: f, or None.
    """
    parts = [(float(over_images), max(1, images - 1))]
    if over_seeds is not None:
        over_seeds = float(over_seeds)
        degrees_over_seeds = float(degrees_over_seeds)
        parts.append((over_seeds, degrees_over_seeds))
    _, degrees = satterthwaite(*parts)
    return Variance(
        images,
        float(over_images),
        over_seeds,
        degrees_over_seeds,
        float(degrees),
    )


def satterthwaite(*parts):
    """Adds independent estimates of variances.

    Args:
        parts: (variance, degrees of freedom) of each.

    Returns:
        The sum and its effective degrees of freedom; the fewest of all
        parts if all are 0.

    Example:
        >>> satterthwaite((1.0, 4), (1.0, 4))
        (2.0, 8.0)
    """
    total = sum(variance for variance, _ in parts)
    if total == 0:
        return total, min(degrees for _, degrees in parts)
    # Shares, because squares of tiny variances are 0.
    return total, 1 / sum((v / total) ** 2 / degrees for v, degrees in parts)


def compute_variance_of_mean(values):
    """Variance of the mean of float (n,); 0 for one value."""
    return values.var(ddof=1) / len(values) if len(values) > 1 else 0.0


class Accuracies(NamedTuple):
    """Accuracies of an arm, and their variance over seeds.

    Attributes:
        seeds: Number of seeds.
        shares: Of the seeds that have an image right, float (N,).
        variance: s2, of the accuracy; nan with one seed.
        chance: v, the least that errors independent of each other make of
            s2; nan with one seed.
    """

    seeds: int
    shares: np.ndarray
    variance: float
    chance: float

    @classmethod
    def measure(cls, right):
        """Measures bool (seeds, images)."""
        seeds, images = right.shape
        shares = right.mean(0)
        if seeds == 1:
            return cls(1, shares, math.nan, math.nan)
        chance = (shares * (1 - shares)).mean() * seeds / (seeds - 1) / images
        return cls(seeds, shares, right.mean(1).var(ddof=1), chance)


def share_variance(arms):
    """The variance over seeds of all arms together.

    Args:
        arms: `Accuracies` of each.

    Returns:
        Variance and nu, its degrees of freedom; zeros if all arms were
        trained once.
    """
    repeated = [arm for arm in arms if arm.seeds > 1]
    if not repeated:
        return 0.0, 0
    degrees = [arm.seeds - 1 for arm in repeated]
    estimates = [(arm.variance, arm.chance) for arm in repeated]
    pooled = np.average(estimates, axis=0, weights=degrees).max()
    return pooled, sum(degrees)


def estimate_difference(arm, reference, shared, balanced):
    """The difference of two arms in accuracy, and its `Variance`.

    The formulas are those of `comparison.compare_arms`.

    Args:
        arm, reference: `Accuracies`.
        shared: From `share_variance`.
        balanced: True if all arms have equal numbers of seeds, so that
            degrees of freedom of own and shared are blended.
    """
    gains = arm.shares - reference.shares
    difference, images = gains.mean(), len(gains)
    total = compute_variance_of_mean(gains)
    if min(arm.seeds, reference.seeds) == 1:
        return difference, combine_variance(images, total, None, None)
    own = satterthwaite(
        *(
            (max(one.variance, one.chance) / one.seeds, one.seeds - 1)
            for one in (arm, reference)
        )
    )
    pooled, nu = shared
    pooled *= 1 / arm.seeds + 1 / reference.seeds
    over_seeds = max(own[0], pooled)
    if balanced and over_seeds > 0:
        weight = (pooled / over_seeds) ** 2
        degrees = 1 / (weight / nu + (1 - weight) / own[1])
    else:
        # If rounding alone tells the variances apart, own has fewer degrees.
        degrees = nu if pooled > own[0] * (1 + 1e-9) else own[1]
    chance = arm.chance / arm.seeds + reference.chance / reference.seeds
    interaction = max(0.0, total - chance)
    variance = combine_variance(images, interaction, over_seeds, degrees)
    least = min(variance.degrees_over_seeds, arm.seeds + reference.seeds - 2)
    return difference, variance._replace(degrees_over_seeds=float(least))
