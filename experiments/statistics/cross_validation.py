"""Arms beside each other in cross-validation, where images change by seed."""

import numpy as np

from experiments.statistics.comparison import (
    CONFIDENCE,
    Noise,
    check_study,
    checked,
    differences,
    larger,
    variance_of_mean,
)


def compare_folds(correct, images, reference=None, confidence=CONFIDENCE):
    """Every arm beside a reference, each seed judged on images of its own.

    In cross-validation a seed is trained without some of the images and
    judged on them, the same in all arms. What those images and that seed do
    to all arms alike cancels; what remains is noise. With K arms, n seeds, N
    distinct images and x the accuracies (arms, seeds):

        D      = mean over seeds of (x_a - x_0)
        own    = variance over seeds of (x_a - x_0) / n, with n - 1 degrees
                 of freedom
        shared = 2 / n times the variance of x without the means of its rows
                 and columns, with (K - 1) (n - 1) degrees of freedom
        S, f   = the larger of the two, and its degrees of freedom
        e      = right_a - right_0 - D, for each of M pairs of image and seed
        I      = max(0, sum over images of ((sum over seeds of e)^2
                        - sum over seeds of e^2) / M^2)

    and from there as in `compare_arms`. S takes the images of all seeds for
    different ones. With more seeds than folds images come again, and I is
    what their results have in common.

    Not corrected for: training sets of two seeds overlap, so the trainings
    are more alike than independent ones and the intervals can be too narrow.
    How much is not known from such data (Bengio and Grandvalet, "No unbiased
    estimator of the variance of k-fold cross-validation", 2004).

    Args:
        correct: {arm: [bool (images of the seed,), one for each seed]},
            which predictions are right; the same seeds and images, in the
            same order, in all arms.
        images: [ids (images of the seed,), one for each seed], strings or
            integers, which images these are.
        reference: As in `compare_arms`.
        confidence: As in `compare_arms`.

    Returns:
        List of `Difference`, in the order of the arms; empty for one arm.

    Raises:
        ValueError: as in `compare_arms`; if arms differ in their seeds; if
            an image comes twice in one seed.

    Example:
        >>> import numpy as np
        >>> folds = [["a", "b", "c"], ["d", "e", "f"]]
        >>> plain = [np.array([1, 0, 0], bool), np.array([0, 1, 0], bool)]
        >>> mixed = [np.array([1, 1, 0], bool), np.array([0, 1, 1], bool)]
        >>> found = compare_folds({"plain": plain, "mixed": mixed}, folds)
        >>> found[0].verdict
        'not_told_apart'
    """
    check_study(correct, reference)
    arms = {
        name: [checked(name, right, ("images",)) for right in seeds]
        for name, seeds in correct.items()
    }
    _check_images(arms, images)
    ids = np.unique(np.concatenate(images), return_inverse=True)[1]
    accuracies = np.array(
        [[right.mean() for right in seeds] for seeds in arms.values()]
    )
    return differences(
        arms,
        reference,
        confidence,
        lambda arm, other: _noise(arm, other, ids, accuracies),
    )


def _check_images(arms, images):
    sizes = [len(ids) for ids in images]
    received = {name: [len(r) for r in seeds] for name, seeds in arms.items()}
    if not sizes or any(lengths != sizes for lengths in received.values()):
        raise ValueError(
            "Expected the same seeds in all arms, with as many predictions "
            f"as the seeds have images: {sizes}. Received: {received}. Keep "
            "the seeds that all arms have, in one order."
        )
    for seed, ids in enumerate(images):
        if len(set(ids)) < len(ids):
            raise ValueError(
                f"Expected each image once in a seed. Received: {len(ids)} "
                f"ids, {len(set(ids))} of them different, at position {seed}."
            )


def _noise(arm, other, ids, accuracies):
    gains = np.concatenate(arm).astype(float) - np.concatenate(other)
    by_seed = np.array(
        [a.mean() - b.mean() for a, b in zip(arm, other, strict=True)]
    )
    difference, images, seeds = by_seed.mean(), int(ids.max()) + 1, len(arm)
    if seeds == 1:
        return Noise(difference, images, variance_of_mean(gains))
    own = variance_of_mean(by_seed), seeds - 1
    shared = residual_variance(accuracies)
    shared = 2 / seeds * shared[0], shared[1]
    noise = gains - difference
    again = (np.bincount(ids, noise) ** 2).sum() - (noise**2).sum()
    interaction = max(0.0, again) / len(ids) ** 2
    return Noise(difference, images, interaction, larger(own, shared))


def residual_variance(accuracies):
    """Of (arms, seeds) without both means, and its degrees of freedom."""
    arms, seeds = accuracies.shape
    rest = accuracies - accuracies.mean(0)
    rest -= rest.mean(1, keepdims=True)
    degrees = (arms - 1) * (seeds - 1)
    return (rest**2).sum() / degrees, degrees
