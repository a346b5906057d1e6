"""Differences between arms in cross-validation, where images change by seed.

References:
    Nadeau and Bengio, "Inference for the generalization error", 2003, for
    the variance that overlapping training sets share.
    Bengio and Grandvalet, "No unbiased estimator of the variance of k-fold
    cross-validation", 2004.
"""

from itertools import combinations

import numpy as np

from experiments.statistics.comparison import (
    CONFIDENCE,
    describe_difference,
    read_right,
    select_reference,
)
from experiments.statistics.quantiles import (
    reach_independently,
    reach_pairs,
    reach_reference,
)
from experiments.statistics.variance import (
    Variance,
    combine_variance,
    compute_variance_of_mean,
)

# Share of the variance over seeds that is common to overlapping training
# sets, times F - 1 for F folds. By simulation of trained classifiers.
OVERLAP = 0.25


def compare_folds(
    correct, images, folds, reference=None, confidence=CONFIDENCE
):
    """Compares every arm with a reference, each seed on images of its own.

    In cross-validation a seed is trained without some of the images and
    evaluated on them, the same in all arms. What those images and that seed
    do to all arms alike cancels; what remains is noise. Each arm is compared
    on the seeds that it and the reference both have. With n such seeds, F
    folds, k arms beside the reference, N distinct images and x the accuracy
    of a seed:

        D      = mean over seeds of (x_a - x_0)
        own    = variance over seeds of (x_a - x_0), with n - 1 degrees of
                 freedom
        shared = mean of own over all pairs of arms, weighted with their
                 degrees of freedom
        S      = max(own, shared) / n + 0.25 own / (F - 1)
        e      = right_a - right_0 - D, for each of M pairs of image and seed
        I      = max(0, sum over images of ((sum over seeds of e)^2
                        - sum over seeds of e^2) / M^2)
        V      = max(S + I, 1 / N^2)
        interval:   D -/+ c sqrt(V), with Dunnett's quantile c for k arms and
                    n - 1 degrees of freedom; with two arms it is Student's
        detectable: as in `compare_arms`, with f = g = n - 1

    S takes the images of all seeds for different ones. With more seeds than
    folds images come again, and I is what their results have in common.

    The last term of S is there because training sets of folds overlap: such
    trainings are more alike than independent ones, and without it intervals
    are too narrow. No estimate of that is unbiased, and 0.25 is less than
    Nadeau and Bengio's 1, which makes intervals much wider than they need
    to be.

    Args:
        correct: {arm: {seed: bool (images of the seed,)}}, which predictions
            are right. Arms may lack seeds.
        images: {seed: ids (images of the seed,)}, strings or integers, the
            images of each seed, in the order of the predictions.
        folds: F, number of parts that the images are divided into; at
            least 2.
        reference: As in `compare_arms`.
        confidence: As in `compare_arms`.

    Returns:
        List of `Difference`, in the order of the arms, without arms that
        have no seed in common with the reference; empty for one arm.
        `seeds` are those in common.

    Raises:
        ValueError: as in `compare_arms`; if an arm has a seed without
            images, or another number of predictions than images; if an image
            comes twice in one seed; if there are fewer than 2 folds.

    Example:
        >>> import numpy as np
        >>> images = {0: ["a", "b", "c"], 1: ["d", "e", "f"]}
        >>> plain = {0: np.array([1, 0, 0], bool), 1: np.array([0, 1, 0], bool)}
        >>> mixed = {0: np.array([1, 1, 0], bool), 1: np.array([0, 1, 1], bool)}
        >>> arms = {"plain": plain, "mixed": mixed}
        >>> [found] = compare_folds(arms, images, folds=2)
        >>> found.verdict
        'not_told_apart'
    """
    first = select_reference(correct, reference)
    arms = _read_folds(correct, images, folds)
    pairs = [(name, first) for name in arms if name != first]
    if not pairs:
        return []
    reach = reach_reference(len(pairs), confidence)
    return _compare(arms, images, folds, pairs, reach)


def compare_folds_separately(
    correct, images, folds, reference=None, confidence=CONFIDENCE
):
    """Compares every arm with a reference; each interval holds by itself.

    The formulas are those of `compare_folds` with Student's quantile of
    n - 1 degrees of freedom for c.

    Args:
        correct, images, folds, reference: As for `compare_folds`.
        confidence: Of each interval, in (0, 1).

    Returns, Raises:
        As `compare_folds`.
    """
    first = select_reference(correct, reference)
    arms = _read_folds(correct, images, folds)
    pairs = [(name, first) for name in arms if name != first]
    return _compare(
        arms, images, folds, pairs, reach_independently(1, confidence)
    )


def compare_all_fold_pairs(correct, images, folds, confidence=CONFIDENCE):
    """Compares every two arms, each seed on images of its own.

    Variances are those of `compare_folds`. The intervals of all pairs hold
    together (Tukey-Kramer): c is the quantile of the studentized range of K
    arms with n - 1 degrees of freedom, divided by sqrt(2).

    Args:
        correct, images, folds: As for `compare_folds`.
        confidence: Of all intervals together, in (0, 1).

    Returns:
        List of `Difference`, without pairs that have no seed in common; of
        each pair the arm that comes first in `correct` is the reference.

    Raises:
        ValueError: as `compare_folds`.
    """
    select_reference(correct, None)
    arms = _read_folds(correct, images, folds)
    if len(arms) < 2:
        return []
    pairs = [(name, first) for first, name in combinations(arms, 2)]
    return _compare(
        arms, images, folds, pairs, reach_pairs(len(arms), confidence)
    )


def _read_folds(correct, images, folds):
    if folds < 2:
        raise ValueError(f"Expected at least 2 folds. Received: folds={folds}.")
    for seed, ids in images.items():
        if len(set(ids)) < len(ids):
            raise ValueError(
                f"Expected each image once in a seed. Received: {len(ids)} "
                f"ids, {len(set(ids))} of them different, in seed {seed}."
            )
    arms = {
        name: {
            seed: read_right(name, right, ("images",))
            for seed, right in seeds.items()
        }
        for name, seeds in correct.items()
    }
    expected = {seed: len(ids) for seed, ids in images.items()}
    for name, seeds in arms.items():
        received = {seed: len(right) for seed, right in seeds.items()}
        if not received.items() <= expected.items():
            raise ValueError(
                "Expected as many predictions as a seed has images: "
                f"{expected}. Received for {name}: {received}."
            )
    return arms


def _compare(arms, images, folds, pairs, reach):
    shared, _ = share_fold_variance(arms)
    found = []
    for name, first in pairs:
        arm, other = arms[name], arms[first]
        seeds = [seed for seed in arm if seed in other]
        if seeds:
            gains = {s: arm[s].astype(float) - other[s] for s in seeds}
            estimate = estimate_from_folds(gains, images, folds, shared)
            found.append(
                describe_difference(
                    (name, first), *estimate, reach, (len(seeds),) * 2
                )
            )
    return found


def share_fold_variance(arms):
    """Mean over all pairs of arms of the variance of their differences.

    Of arms that all have the same seeds it is twice the residual variance
    of accuracies without the means of arms and seeds.

    Args:
        arms: {arm: {seed: bool (images,)}}.

    Returns:
        The variance and the sum of all pairs' degrees of freedom; zeros if
        no pair has two seeds in common.
    """
    total, degrees = 0.0, 0
    for one, other in combinations(arms.values(), 2):
        gains = [one[s].mean() - other[s].mean() for s in one if s in other]
        if len(gains) > 1:
            total += np.var(gains, ddof=1) * (len(gains) - 1)
            degrees += len(gains) - 1
    return (total / degrees if degrees else 0.0), degrees


def estimate_from_folds(gains, images, folds, shared=0.0):
    """A mean over seeds and its `Variance`, see `compare_folds`.

    Args:
        gains: {seed: float (images of the seed,)}, right_a - right_0 or
            another sum over configs with coefficients.
        images, folds: As for `compare_folds`.
        shared: The least variance over seeds that is believed.

    Returns:
        The mean of the means of the seeds, and the `Variance`.
    """
    seeds = list(gains)
    by_seed = np.array([gains[seed].mean() for seed in seeds])
    gains = np.concatenate([gains[seed] for seed in seeds])
    _, ids = np.unique(
        np.concatenate([images[seed] for seed in seeds]), return_inverse=True
    )
    difference, count = by_seed.mean(), int(ids.max()) + 1
    if len(seeds) == 1:
        total = compute_variance_of_mean(gains)
        return difference, combine_variance(count, total, None, None)
    own = by_seed.var(ddof=1)
    over_seeds = max(own, shared) / len(seeds) + OVERLAP * own / (folds - 1)
    rest = gains - difference
    again = (np.bincount(ids, rest) ** 2).sum() - (rest**2).sum()
    interaction = max(0.0, again) / len(ids) ** 2
    degrees = float(len(seeds) - 1)
    return difference, Variance(
        count, float(interaction), float(over_seeds), degrees, degrees
    )
