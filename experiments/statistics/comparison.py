"""Differences between arms, with intervals that count seeds and images.

Another training of the same arm gives another accuracy, and so would other
images. A test over images alone takes the luck of a training for an effect; a
test over seeds alone takes for one what an arm happens to gain on just these
images. Here both count, and the intervals hold for all arms together.
`benchmarks/false_claims.py` measures how often studies without any effect
claim one.

In the manner of rliable, a function takes what the runs of each arm scored
and gives estimates with intervals; words and figures are made elsewhere.
Differences, intervals and detectable effects are points of accuracy, positive
if the arm is better than its reference.

References:
    Agarwal et al., "Deep reinforcement learning at the edge of the
    statistical precipice", 2021, and its code, google-research/rliable.
    Bouthillier et al., "Accounting for variance in machine learning
    benchmarks", 2021, for the sources of variance.
"""

from itertools import combinations
from typing import NamedTuple

import numpy as np

from experiments.statistics.quantiles import (
    reach_independently,
    reach_pairs,
    reach_reference,
)
from experiments.statistics.variance import (
    Accuracies,
    Variance,
    estimate_difference,
    share_variance,
)

CONFIDENCE = 0.95
# With 2 seeds a reference that is noisier than the arms would make up to 8 %
# false claims if degrees of freedom were blended.
LEAST_SEEDS = 3


class Difference(NamedTuple):
    """The accuracy of an arm minus that of its reference, in points.

    Attributes:
        arm, reference: Names.
        difference: Accuracy of the arm minus the reference's, in [-100, 100].
        low, high: The interval around it, within [-100, 100].
        verdict: "better" or "worse" if the interval leaves out 0, else
            "not_told_apart"; "trained_once" if one of both has a single
            seed, which allows no verdict.
        detectable: The true difference that a study with this much noise
            finds in 80 % of cases. None if there is none: with the verdict
            "trained_once" it is unknown, with any other verdict it is more
            than 100 points.
        covers: Sources of variance in the interval: "seeds and images", or
            "images alone" if trained once.
        seeds, reference_seeds: Numbers of trainings that were compared;
            those of the reference with the pooled placebos'.
        pooled: Names of the placebos whose trainings count as the
            reference's here.
        variance: The `Variance` behind the interval.
    """

    arm: str
    reference: str
    difference: float
    low: float
    high: float
    verdict: str
    detectable: float | None
    covers: str
    seeds: int
    reference_seeds: int
    pooled: tuple
    variance: Variance

    def as_json(self):
        """All of it as plain numbers, for comparison.json."""
        return self._asdict() | {"variance": self.variance._asdict()}


def compare_arms(correct, reference=None, confidence=CONFIDENCE, placebos=()):
    """Compares every arm with a reference, all evaluated on the same images.

    With a the arm, 0 the reference, n seeds, N images, k arms beside it:

        D      = accuracy_a - accuracy_0
        s2     = variance over seeds of the accuracy
        v      = mean over images of the variance over seeds, / N
        own    = max(s2_a, v_a) / n_a + max(s2_0, v_0) / n_0, with Welch's
                 degrees of freedom
        shared = max(s2, v) (1 / n_a + 1 / n_0), both averaged over all arms
                 with weights n - 1, with nu = sum(n - 1) degrees of freedom
        S      = the larger of the two
        I      = max(0, variance over images of (mean_a - mean_0) / N
                        - v_a / n_a - v_0 / n_0)
        g      = (S + I)^2 / (S^2 / f + I^2 / (N - 1))
        V      = max(S + I, 1 / N^2)
        interval:   D -/+ c sqrt(V)
        detectable: (c + t(0.8, g)) sqrt(S h / chi2(0.5, h) + I), with
                    h = min(f, n_a + n_0 - 2)

    With three or more arms of n >= 3 seeds each and n_0 >= n seeds of the
    reference, c is Dunnett's quantile for k arms and g degrees of freedom,
    and with w = (shared / S)^2 and own's degrees of freedom f_own

        1 / f  = w / nu + (1 - w) / f_own

    With two arms, 2 seeds or other numbers of seeds,
    c = t(1 - (1 - confidence) / 2k, g), and f are the degrees of freedom of
    the larger of own and shared.

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

    A placebo is the reference trained again. Placebos are compared with the
    reference alone. If none of them is told apart, their trainings count as
    the reference's for all other arms, with the same k. If one is told apart,
    nothing is pooled.

    Args:
        correct: {arm: bool (seeds, images)}, which predictions are right;
            the same images in the same order in all arms. Arms may differ
            in their number of seeds.
        reference: Name of the arm that the others are compared with; by
            default the first.
        confidence: Of all intervals together, in (0, 1).
        placebos: Names of arms that are the reference trained again.

    Returns:
        List of `Difference`, in the order of the arms; empty for one arm.

    Raises:
        ValueError: if an array is not boolean, not of rank 2 or empty, if
            numbers of images differ, if the reference or a placebo is not an
            arm, if a placebo is the reference.

    Example:
        >>> import numpy as np
        >>> images = np.arange(1000)
        >>> plain = images < np.array([[600], [604], [599]])
        >>> erased = images < np.array([[650], [655], [653]])
        >>> found = compare_arms({"plain": plain, "erased": erased})
        >>> [(d.arm, round(d.difference, 1), d.verdict) for d in found]
        [('erased', 5.2, 'better')]
    """
    first = select_reference(correct, reference)
    correct = _read_arms(correct)
    _check_placebos(correct, first, placebos)
    if len(correct) == 1:
        return []
    found = _compare_with(correct, first, len(correct) - 1, confidence)
    pooled = _select_placebos(found, placebos)
    if not pooled:
        return found
    joined = {
        first: np.concatenate([correct[name] for name in (first, *pooled)])
    }
    joined |= {
        name: right
        for name, right in correct.items()
        if name not in placebos and name != first
    }
    again = {
        difference.arm: difference._replace(pooled=pooled)
        for difference in _compare_with(
            joined, first, len(correct) - 1, confidence
        )
    }
    return [again.get(difference.arm, difference) for difference in found]


def compare_separately(correct, reference=None, confidence=CONFIDENCE):
    """Compares every arm with a reference; each interval holds by itself.

    The formulas are those of `compare_arms` for two arms:
    c = t(1 - (1 - confidence) / 2, g). The shared variance is that of all
    arms.

    Args:
        correct, reference: As for `compare_arms`.
        confidence: Of each interval, in (0, 1).

    Returns, Raises:
        As `compare_arms`.
    """
    first = select_reference(correct, reference)
    return _compare_with(_read_arms(correct), first, 1, confidence)


def compare_all_pairs(correct, confidence=CONFIDENCE):
    """Compares every two arms, all evaluated on the same images.

    Variances, degrees of freedom and detectable differences are those of
    `compare_arms`. The intervals of all pairs hold together (Tukey-Kramer):
    c is the quantile of the studentized range of K arms with g degrees of
    freedom, divided by sqrt(2). They are wider than those of `compare_arms`,
    which have fewer comparisons to hold for.

    Args:
        correct: As for `compare_arms`.
        confidence: Of all intervals together, in (0, 1).

    Returns:
        List of `Difference`; of each pair the arm that comes first in
        `correct` is the reference.

    Raises:
        ValueError: as `compare_arms`.
    """
    select_reference(correct, None)
    correct = _read_arms(correct)
    if len(correct) < 2:
        return []
    arms = {name: Accuracies.measure(right) for name, right in correct.items()}
    shared = share_variance(arms.values())
    balanced = len(arms) > 2 and _is_balanced(arms.values())
    reach = reach_pairs(len(arms), confidence)
    return [
        describe_difference(
            (name, first),
            *estimate_difference(arms[name], arms[first], shared, balanced),
            reach,
            (arms[name].seeds, arms[first].seeds),
        )
        for first, name in combinations(arms, 2)
    ]


def describe_difference(names, difference, variance, reach, seeds):
    """Builds the `Difference` of an arm from its reference.

    Args:
        names: Of arm and reference.
        difference: In accuracy, in [-1, 1].
        variance: `Variance`.
        reach: Function from degrees of freedom to standard errors.
        seeds: Numbers of arm and reference.
    """
    width = reach(variance.degrees)
    points = 100 * float(difference)
    low = max(-100.0, points - width * variance.error)
    high = min(100.0, points + width * variance.error)
    once = variance.over_seeds is None
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
        variance.detectable(width),
        "images alone" if once else "seeds and images",
        *seeds,
        (),
        variance,
    )


def select_reference(correct, reference):
    """The name of the reference.

    Raises:
        ValueError: without arms, or if the reference is none of them.
    """
    if not correct:
        raise ValueError(
            "Expected at least one arm, as {name: predictions}. "
            f"Received: correct={correct!r}."
        )
    if reference is None:
        return next(iter(correct))
    if reference not in correct:
        raise ValueError(
            f"Expected as reference one of the arms {', '.join(correct)}. "
            f"Received: reference={reference!r}."
        )
    return reference


def read_right(name, right, axes):
    """The predictions of an arm as an array.

    Args:
        name: Of the arm.
        right: Bool, with at least one element in each of `axes`.
        axes: Their names.

    Raises:
        ValueError: if it is no such array.
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


def _read_arms(correct):
    correct = {
        name: read_right(name, right, ("seeds", "images"))
        for name, right in correct.items()
    }
    images = {name: right.shape[1] for name, right in correct.items()}
    if len(set(images.values())) > 1:
        raise ValueError(
            "Expected the same images in all arms. Received numbers of "
            f"images: {images}. Keep the images that all arms have "
            "evaluated, in one order."
        )
    return correct


def _check_placebos(correct, reference, placebos):
    allowed = [name for name in correct if name != reference]
    unknown = [name for name in placebos if name not in allowed]
    if unknown:
        raise ValueError(
            "Expected as placebos arms other than the reference: "
            f"{', '.join(allowed) or 'there are none'}. Received: {unknown}."
        )


def _select_placebos(differences, placebos):
    """Names of the placebos that count as the reference.

    None if one of them is told apart, and none that was trained once.
    """
    verdicts = {d.arm: d.verdict for d in differences if d.arm in placebos}
    if {"better", "worse"} & set(verdicts.values()):
        return ()
    return tuple(
        name
        for name, verdict in verdicts.items()
        if verdict == "not_told_apart"
    )


def _compare_with(correct, first, comparisons, confidence):
    arms = {name: Accuracies.measure(right) for name, right in correct.items()}
    reference = arms.pop(first)
    shared = share_variance([reference, *arms.values()])
    balanced = comparisons > 1 and _is_balanced(arms.values(), reference)
    independently = reach_independently(comparisons, confidence)
    found = []
    for name, arm in arms.items():
        difference, variance = estimate_difference(
            arm, reference, shared, balanced
        )
        reach = independently
        if balanced and variance.over_seeds is not None:
            correlation = arm.seeds / (arm.seeds + reference.seeds)
            reach = reach_reference(comparisons, confidence, correlation)
        seeds = arm.seeds, reference.seeds
        found.append(
            describe_difference(
                (name, first), difference, variance, reach, seeds
            )
        )
    return found


def _is_balanced(arms, reference=None):
    """If arms trained more than once have one number of seeds, 3 or more.

    The reference may have more seeds than they.
    """
    counts = {arm.seeds for arm in arms if arm.seeds > 1}
    if len(counts) != 1:
        return False
    seeds = counts.pop()
    if seeds < LEAST_SEEDS:
        return False
    return reference is None or reference.seeds >= seeds
