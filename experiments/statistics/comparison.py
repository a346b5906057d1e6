"""Whether arms of a study differ, by more than seeds and images explain.

Another training of the same arm gives another accuracy, and so would other
images. A test over images alone takes the luck of a training for an effect; a
test over seeds alone takes for one what an arm happens to gain on just these
images. Here both count, and the intervals hold for all arms together.
`benchmarks/false_claims.py` measures how often studies without any effect
claim one.

In the manner of rliable, a function takes what the runs of each arm scored
and gives estimates with intervals; words and figures are made elsewhere.
Differences, intervals and detectable effects are points of accuracy, positive
where the arm is better than its reference.

References:
    Agarwal et al., "Deep reinforcement learning at the edge of the
    statistical precipice", 2021, and its code, google-research/rliable.
    Bouthillier et al., "Accounting for variance in machine learning
    benchmarks", 2021, for the sources of variance.
    Welch, "The generalization of 'Student's' problem when several different
    population variances are involved", 1947, and Satterthwaite, "An
    approximate distribution of estimates of variance components", 1946, for
    degrees of freedom.
    Dunn, "Multiple comparisons among means", 1961, for Bonferroni's
    inequality in intervals.
"""

import math
from typing import NamedTuple

import numpy as np
from scipy.stats import t as student

CONFIDENCE = 0.95
POWER = 0.8


class Difference(NamedTuple):
    """How far an arm lies above its reference, in points of accuracy.

    Attributes:
        arm, reference: Names.
        difference: Accuracy of the arm minus that of the reference.
        low, high: The interval of that, within [-100, 100].
        verdict: "better" or "worse" where the interval leaves out 0, else
            "not_told_apart"; "trained_once" where one of both has a single
            seed, which allows no verdict.
        detectable: The true difference that a study with this much noise
            finds in 80 % of cases; None where that is unknown (trained
            once), or more than 100.
        covers: What varies in the interval: "seeds and images", or "images
            alone" where trained once.
    """

    arm: str
    reference: str
    difference: float
    low: float
    high: float
    verdict: str
    detectable: float | None
    covers: str


def compare_arms(correct, reference=None, confidence=CONFIDENCE):
    """Every arm beside a reference, all judged on the same images.

    With a the arm, 0 the reference, n seeds, N images, k arms beside it:

        D      = accuracy_a - accuracy_0
        s2     = variance over seeds of the accuracy
        v      = mean over images of the variance over seeds, / N
        own    = max(s2_a, v_a) / n_a + max(s2_0, v_0) / n_0, with Welch's
                 degrees of freedom
        shared = max(s2, v) (1 / n_a + 1 / n_0), both averaged over all arms
                 with weights n - 1, with sum(n - 1) degrees of freedom
        S, f   = the larger of the two, and its degrees of freedom
        I      = max(0, variance over images of (mean_a - mean_0) / N
                        - v_a / n_a - v_0 / n_0)
        g      = (S + I)^2 / (S^2 / f + I^2 / (N - 1))
        V      = max(S + I, 1 / N^2)
        interval:   D -/+ t(1 - (1 - confidence) / 2k, g) sqrt(V)
        detectable: (t(1 - (1 - confidence) / 2k, g) + t(0.8, g)) sqrt(V)

    The variance s2 of few seeds can be small by luck, yet accuracy varies at
    least as errors do that are independent of each other: by v. Pooled over
    arms it is known better, but one noisier arm makes that wrong: hence the
    larger of the two. I is what an arm gains on some images and loses on
    others, which more seeds do not make smaller. A standard error of less
    than one image in N is not believed: without that, predictions that all
    agree would have an interval of no width.

    With one seed in either arm the variance over images takes the place of
    S + I. The interval then says what other images might have given, not
    what another training might have, and there is no verdict.

    Args:
        correct: {arm: bool (seeds, images)}, which predictions are right;
            the same images in the same order in all arms. Arms may differ
            in their number of seeds.
        reference: Name of the arm that the others are compared with; by
            default the first.
        confidence: Of all intervals together, in (0, 1).

    Returns:
        List of `Difference`, in the order of the arms; empty for one arm.

    Raises:
        ValueError: if an array is not boolean, not of rank 2 or empty, if
            numbers of images differ, if the reference is not an arm.

    Example:
        >>> import numpy as np
        >>> images = np.arange(1000)
        >>> plain = images < np.array([[600], [604], [599]])
        >>> erased = images < np.array([[650], [655], [653]])
        >>> found = compare_arms({"plain": plain, "erased": erased})
        >>> [(d.arm, round(d.difference, 1), d.verdict) for d in found]
        [('erased', 5.2, 'better')]
    """
    check_study(correct, reference)
    arms = {name: _arm(name, right) for name, right in correct.items()}
    images = {name: len(arm.shares) for name, arm in arms.items()}
    if len(set(images.values())) > 1:
        raise ValueError(
            "Expected the same images in all arms. Received numbers of "
            f"images: {images}. Keep the images that all arms have judged, "
            "in one order."
        )
    repeated = [arm for arm in arms.values() if arm.seeds > 1]
    return differences(
        arms,
        reference,
        confidence,
        lambda arm, other: _noise(arm, other, repeated),
    )


class Noise(NamedTuple):
    """A difference in accuracy, in [-1, 1], and how much it varies.

    Attributes:
        difference: The mean.
        images: Number of distinct images, N.
        over_images: Variance of the mean: I, or all of it with one seed.
        over_seeds: S and f; None with one seed.
    """

    difference: float
    images: int
    over_images: float
    over_seeds: tuple | None = None


def differences(arms, reference, confidence, noise):
    """A `Difference` for every arm but the reference.

    Args:
        arms: {name: what `noise` takes}.
        reference: A name, or None for the first.
        confidence: Of all intervals together, in (0, 1).
        noise: From an arm and the reference to `Noise`.
    """
    first = next(iter(arms)) if reference is None else reference
    return [
        _difference(
            (name, first), noise(arm, arms[first]), len(arms) - 1, confidence
        )
        for name, arm in arms.items()
        if name != first
    ]


def _difference(names, noise, comparisons, confidence):
    once = noise.over_seeds is None
    parts = [(noise.over_images, max(1, noise.images - 1))]
    if not once:
        parts.append(noise.over_seeds)
    variance, degrees = satterthwaite(*parts)
    error = 100 * math.sqrt(max(variance, 1 / noise.images**2))
    reach, power = quantiles(comparisons, confidence, degrees)
    points = 100 * float(noise.difference)
    low = max(-100.0, points - reach * error)
    high = min(100.0, points + reach * error)
    detectable = (reach + power) * error
    if once:
        verdict = "trained_once"
    elif low <= 0 <= high:
        verdict = "not_told_apart"
    else:
        verdict = "better" if low > 0 else "worse"
    return Difference(
        *names,
        points,
        low,
        high,
        verdict,
        None if once or detectable > 100 else detectable,
        "images alone" if once else "seeds and images",
    )


def satterthwaite(*parts):
    """The sum of independent estimates of variances.

    Args:
        parts: (variance, degrees of freedom) of each.

    Returns:
        The sum and its effective degrees of freedom; the fewest of all
        parts where all are 0.

    Example:
        >>> satterthwaite((1.0, 4), (1.0, 4))
        (2.0, 8.0)
    """
    total = sum(variance for variance, _ in parts)
    if total == 0:
        return total, min(degrees for _, degrees in parts)
    return total, total**2 / sum(v**2 / degrees for v, degrees in parts)


def quantiles(comparisons, confidence, degrees):
    """How many standard errors intervals reach, and power demands besides.

    Args:
        comparisons: Number of intervals that are to hold together.
        confidence: Of all of them together, in (0, 1).
        degrees: Of freedom.

    Returns:
        t(1 - (1 - confidence) / (2 comparisons)) and t(0.8), as floats.

    Raises:
        ValueError: if the confidence is not between 0 and 1.
    """
    if not 0 < confidence < 1:
        raise ValueError(
            "Expected a confidence between 0 and 1, such as 0.95. "
            f"Received: confidence={confidence!r}."
        )
    tail = (1 - confidence) / (2 * comparisons)
    return (
        float(student.ppf(1 - tail, degrees)),
        float(student.ppf(POWER, degrees)),
    )


def variance_of_mean(values):
    """Of float (n,); 0 for one value, whose variance is unknown."""
    return values.var(ddof=1) / len(values) if len(values) > 1 else 0.0


def larger(own, shared):
    """Of two (variance, degrees of freedom) the one with more variance.

    Args:
        own: Of the two arms.
        shared: Of all arms, with at least as many degrees of freedom; where
            rounding alone tells the variances apart, `own` is taken.
    """
    return shared if shared[0] > own[0] * (1 + 1e-9) else own


def check_study(correct, reference):
    """ValueError without arms, or for a reference that is none of them."""
    if not correct:
        raise ValueError(
            "Expected at least one arm, as {name: predictions}. "
            f"Received: correct={correct!r}."
        )
    if reference is not None and reference not in correct:
        raise ValueError(
            f"Expected as reference one of the arms {', '.join(correct)}. "
            f"Received: reference={reference!r}."
        )


def checked(name, right, axes):
    """The predictions of an arm as an array, or a ValueError.

    Args:
        name: Of the arm.
        right: Bool, with at least one element in each of `axes`.
        axes: Their names.
    """
    try:
        right = np.asarray(right)
    except ValueError:  # Rows of different lengths.
        right = np.asarray(right, object)
    if right.dtype != bool or right.ndim != len(axes) or not right.size:
        raise ValueError(
            f"Expected for {name} a boolean array ({', '.join(axes)}), not "
            f"empty: which predictions are right. Received: {right.dtype} "
            f"{right.shape}. Compare predictions with labels: "
            "predicted == labels."
        )
    return right


class _Arm(NamedTuple):
    seeds: int
    shares: np.ndarray  # float (N,), of the seeds that have an image right
    variance: float  # of the accuracy over seeds
    chance: float  # what errors independent of each other make of it


def _arm(name, right):
    right = checked(name, right, ("seeds", "images"))
    seeds, images = right.shape
    shares = right.mean(0)
    if seeds == 1:
        return _Arm(1, shares, math.nan, math.nan)
    chance = (shares * (1 - shares)).mean() * seeds / (seeds - 1) / images
    return _Arm(seeds, shares, right.mean(1).var(ddof=1), chance)


def _noise(arm, other, repeated):
    """`Noise` of two arms; `repeated` are all that have several seeds."""
    gains = arm.shares - other.shares
    difference, images = gains.mean(), len(gains)
    total = variance_of_mean(gains)
    if min(arm.seeds, other.seeds) == 1:
        return Noise(difference, images, total)
    own = satterthwaite(
        *(
            (max(one.variance, one.chance) / one.seeds, one.seeds - 1)
            for one in (arm, other)
        )
    )
    degrees = [one.seeds - 1 for one in repeated]
    pooled = np.average(
        [(one.variance, one.chance) for one in repeated],
        axis=0,
        weights=degrees,
    ).max()
    shared = pooled * (1 / arm.seeds + 1 / other.seeds), sum(degrees)
    chance = arm.chance / arm.seeds + other.chance / other.seeds
    interaction = max(0.0, total - chance)
    return Noise(difference, images, interaction, larger(own, shared))
