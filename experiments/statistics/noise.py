"""Noise of a study: assumed before it runs, measured on finished runs.

References:
    Jordan, "On the variance of neural network training with respect to test
    sets and distributions", ICLR 2024: errors of trainings on CIFAR-10 and
    ImageNet are nearly independent of each other, and accuracy on unlimited
    images deviates little over seeds.
"""

from typing import NamedTuple

import numpy as np

from experiments.statistics.cross_validation import share_fold_variance

# An assumption until runs tell: about what ResNets reach on Tiny ImageNet.
ACCURACY = 0.62
# Deviation of accuracy over seeds, in points, beyond independent errors. An
# assumption until a study has measured its own: on the careful side for
# networks trained to convergence on many images (Jordan, 2024).
SEED_DEVIATION = 0.3
# With few train images it is more: about so many points divided by the root of
# their number. Measured, and what the formula says:
#
#     docs/studies/catsdogs_fair         112 train images   7.1         7.1
#     study demo, 25 runs, twice       2,400                1.9, 2.4    1.5
#     docs/studies/tinyimagenet_pocket 5,000                0.6         1.1
#
# Trainings on images that are easier or harder to learn will differ from it.
_FEW_IMAGES = 75
# Assumptions, too. Of p (1 - p), the share that is luck of the training: at
# an accuracy of 62 %, two seeds are both right or both wrong on 80 %.
LUCK = 0.425
# Of what makes images easy or hard, the share that another arm changes.
ARM_SHARE = 0.05


class Noise(NamedTuple):
    """Assumptions of `compute_detectable`, or what runs say of them.

    Attributes:
        accuracy: In [0, 1].
        agreement: Of two seeds of an arm, in [0, 1].
        seed_deviation: In points, beyond independent errors.
        arm_share: In [0, 1].
        runs: Number of runs that these are measured on; 0: all are assumed.
    """

    accuracy: float = ACCURACY
    agreement: float = 1 - 2 * LUCK * ACCURACY * (1 - ACCURACY)
    seed_deviation: float = SEED_DEVIATION
    arm_share: float = ARM_SHARE
    runs: int = 0


_USUAL = Noise()


def assume_noise(train_images):
    """The `Noise` to expect before any run.

    Args:
        train_images: Their number, at least 1.

    Example:
        >>> round(assume_noise(112).seed_deviation, 1)
        7.1
    """
    deviation = max(SEED_DEVIATION, _FEW_IMAGES / train_images**0.5)
    return Noise(seed_deviation=deviation)


def measure_noise(correct, assumed=_USUAL):
    """The `Noise` of runs that evaluate the same images.

    It takes two seeds of an arm. What one arm alone does not tell is assumed.

    Args:
        correct: {arm: bool (seeds, images)}, which predictions are right, as
            for `comparison.compare_arms`. Arms may be empty.
        assumed: The `Noise` if there are no two seeds.
    """
    right = [np.asarray(each) for each in correct.values() if np.size(each)]
    repeated = [each for each in right if len(each) > 1]
    if not repeated:
        return assumed
    images = right[0].shape[1]
    accuracy = float(np.mean([each.mean() for each in right]))
    variance = accuracy * (1 - accuracy)
    over_seeds, chance = np.average(
        [_variances(each) for each in repeated],
        axis=0,
        weights=[len(each) - 1 for each in repeated],
    )
    # As an estimate it can exceed what no seeds can.
    chance = min(chance, variance)
    beyond = max(0.0, over_seeds - chance / images)
    return Noise(
        accuracy,
        float(1 - 2 * chance),
        float(100 * beyond**0.5),
        _arm_share(right, variance - chance),
        sum(map(len, right)),
    )


def _variances(right):
    """Variance of the accuracy over seeds, and its mean over images."""
    return right.mean(1).var(ddof=1), right.var(0, ddof=1).mean()


def _arm_share(right, difficulty):
    """Share of the variance of difficulty that another arm changes."""
    first, *others = right
    estimates = [
        (other.mean(0) - first.mean(0)).var(ddof=1)
        - sum(_variances(each)[1] / len(each) for each in (first, other))
        for other in others
        if min(len(first), len(other)) > 1 and first.shape[1] > 1
    ]
    if not estimates or difficulty <= 0:
        return ARM_SHARE
    share = np.mean(estimates) / 2 / difficulty
    return float(np.clip(share, 0, 1))


def measure_fold_noise(correct, assumed=_USUAL):
    """The `Noise` of runs in cross-validation.

    Seeds evaluate different images, so agreement and share are assumed. The
    variance of accuracies beyond those is the deviation over seeds.

    Args:
        correct: {arm: {seed: bool (images of the seed,)}}, as for
            `cross_validation.compare_folds`. Arms may be empty.
        assumed: As for `measure_noise`.
    """
    found, degrees = share_fold_variance(correct)
    runs = [right for seeds in correct.values() for right in seeds.values()]
    if not degrees:
        return assumed
    accuracy = float(np.mean([right.mean() for right in runs]))
    variance = accuracy * (1 - accuracy)
    chance = LUCK * variance
    images = np.mean([len(right) for right in runs])
    expected = (chance + ARM_SHARE * (variance - chance)) / images
    beyond = max(0.0, found / 2 - expected)
    return Noise(
        accuracy,
        1 - 2 * chance,
        float(100 * beyond**0.5),
        ARM_SHARE,
        len(runs),
    )
