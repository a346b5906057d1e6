"""What differences a study can show, and how sure that is."""

from typing import NamedTuple

import numpy as np

from experiments.statistics.cross_validation import residual_variance
from experiments.statistics.planning import (
    ARM_SHARE,
    LUCK,
    SEED_DEVIATION,
    detectable_difference,
    seeds_needed,
)

# An assumption until runs tell: about what ResNets reach on Tiny ImageNet.
ACCURACY = 0.62


class Noise(NamedTuple):
    """What makes accuracies vary, as `planning.detectable_difference` has it.

    Attributes:
        accuracy: In [0, 1].
        agreement: Of two seeds of an arm, in [0, 1].
        seed_deviation: In points, beyond independent errors.
        arm_share: In [0, 1].
        runs: Of how many runs these are; 0: all are assumed.
    """

    accuracy: float = ACCURACY
    agreement: float = 1 - 2 * LUCK * ACCURACY * (1 - ACCURACY)
    seed_deviation: float = SEED_DEVIATION
    arm_share: float = ARM_SHARE
    runs: int = 0


class Power(NamedTuple):
    """What a study of this size finds in 80 % of cases, if it is there.

    Attributes:
        arms, seeds, images: As for `planning.detectable_difference`; seeds
            are those of the arm that has the fewest.
        folds: Parts of the images in cross-validation, or None.
        noise: A `Noise`.
    """

    arms: int
    seeds: int
    images: int
    folds: int | None
    noise: Noise

    @property
    def detectable(self):
        """In points; None with one seed, or if more than 100."""
        if self.seeds < 2:
            return None
        return detectable_difference(
            self.arms, self.seeds, self.images, **self._assumptions
        )

    @property
    def seeds_for_a_point(self):
        """Seeds of each arm that find 1 point; None if no number does."""
        return seeds_needed(1, self.arms, self.images, **self._assumptions)

    def as_json(self):
        """All of it, for comparison.json."""
        return self._asdict() | {
            "noise": self.noise._asdict(),
            "detectable": self.detectable,
            "seeds_for_a_point": self.seeds_for_a_point,
        }

    @property
    def _assumptions(self):
        return {
            name: value
            for name, value in self.noise._asdict().items()
            if name != "runs"
        } | {"folds": self.folds}


def power_of(group):
    """The `Power` of an `arms.Group` by its own noise; None of one arm."""
    if len(group.arms) < 2 or not group.images:
        return None
    return Power(
        arms=len(group.arms),
        seeds=min(len(group.predictions(arm)) for arm in group.arms),
        images=group.images,
        folds=group.folds,
        noise=measured_noise(group),
    )


def measured_noise(group):
    """The `Noise` of an `arms.Group`; assumed is what its runs do not tell.

    That takes two seeds of an arm. In cross-validation they judge different
    images, so agreement and share are assumed, and what accuracies vary
    beyond them is the deviation over seeds.
    """
    right = [[p.right for p in group.predictions(arm)] for arm in group.arms]
    repeated = [seeds for seeds in right if len(seeds) > 1]
    if not repeated:
        return Noise()
    runs = sum(map(len, right))
    accuracy = float(np.mean([np.mean([r.mean() for r in s]) for s in right]))
    if group.crossed:
        return _of_folds(right, accuracy, runs)
    variance = accuracy * (1 - accuracy)
    weights = [len(seeds) - 1 for seeds in repeated]
    over_seeds, chance = np.average(
        [_variances(np.array(seeds)) for seeds in repeated],
        axis=0,
        weights=weights,
    )
    # As an estimate it can exceed what no seeds can.
    chance = min(chance, variance)
    beyond = max(0.0, over_seeds - chance / group.images)
    return Noise(
        accuracy,
        float(1 - 2 * chance),
        float(100 * beyond**0.5),
        _arm_share(right, variance - chance),
        runs,
    )


def _variances(right):
    """Of the accuracy, and mean over images, of bool (seeds, images)."""
    return right.mean(1).var(ddof=1), right.var(0, ddof=1).mean()


def _arm_share(right, difficulty):
    """Of the variance of difficulty, what another arm changes."""
    first, *others = map(np.array, right)
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


def _of_folds(right, accuracy, runs):
    variance = accuracy * (1 - accuracy)
    chance = LUCK * variance
    images = np.mean([len(each) for seeds in right for each in seeds])
    accuracies = np.array([[each.mean() for each in s] for s in right])
    found, _ = residual_variance(accuracies)
    expected = (chance + ARM_SHARE * (variance - chance)) / images
    beyond = max(0.0, found - expected)
    deviation = float(100 * beyond**0.5)
    return Noise(accuracy, 1 - 2 * chance, deviation, ARM_SHARE, runs)
