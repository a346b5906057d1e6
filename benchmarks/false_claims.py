"""How often studies claim a difference where there is none, and miss one.

    python benchmarks/false_claims.py --studies=1000 --processors=2

Draws studies of which the truth is known and asks `compare_arms`, or with
folds `compare_folds`. Beside them stand two usual methods, both for all arms
together (Bonferroni): an interval over images alone, to which a bootstrap
over images comes close, and Welch's t-test over seeds alone (with folds: the
paired one). With an effect, the plan's detectable difference stands beside.

The model: an image has a difficulty, a seed an ability, and an arm changes a
share of what makes images easy or hard. A prediction is right where

    sqrt(r) (sqrt(1 - s) image + sqrt(s) image_of_arm) + seed > sqrt(1 - r) e

shifted to the accuracy. All are standard normal but `seed`, whose deviation
in accuracy is given. s is the share, r follows from how often two seeds of an
arm are both right or both wrong.
"""

import argparse
import dataclasses
import functools
import itertools
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from scipy import stats
from scipy.optimize import brentq
from scipy.special import owens_t

from experiments.statistics.comparison import compare_arms
from experiments.statistics.cross_validation import compare_folds
from experiments.statistics.power import (
    ARM_SHARE,
    SEED_DEVIATION,
    detectable_difference,
)
from pipelines.progress import progress_bar

METHODS = ("images alone", "seeds alone", "both")
LEVEL = 0.05
CHUNK = 20


@dataclasses.dataclass(frozen=True)
class Setting:
    """What a study is like; deviation and effect in points of accuracy."""

    arms: int
    seeds: int
    images: int = 10_000
    # What all arms but the reference are better by.
    effect: float = 0.0
    arm_share: float = ARM_SHARE
    # How many times the deviation of the others the reference has.
    noise: float = 1.0
    folds: int | None = None
    deviation: float = SEED_DEVIATION
    accuracy: float = 0.62
    agreement: float = 0.8


@functools.cache
def difficulty(accuracy, agreement):
    """r: the correlation of two seeds on an image, before it is cut at 0."""
    threshold = stats.norm.ppf(accuracy)

    def disagreement(r):
        # Of two correlated normal values, one is below the threshold.
        return 4 * owens_t(threshold, np.sqrt((1 - r) / (1 + r)))

    return brentq(lambda r: 1 - disagreement(r) - agreement, 0, 1)


def draw(setting, generator):
    """Which predictions are right, bool (arms, seeds, images)."""
    arms, seeds, images = setting.arms, setting.seeds, setting.images
    r = difficulty(setting.accuracy, setting.agreement)
    threshold = stats.norm.ppf(setting.accuracy)
    better = stats.norm.ppf(setting.accuracy + setting.effect / 100)
    level = np.array([threshold] + [better] * (arms - 1))
    deviation = np.full(arms, setting.deviation / 100)
    deviation[0] *= setting.noise
    ability = generator.standard_normal((arms, seeds)) * deviation[:, None]
    ability = level[:, None] + ability / stats.norm.pdf(threshold)

    def normal(*shape):
        return generator.standard_normal(shape, dtype=np.float32)

    easy = np.sqrt(r) * (
        np.sqrt(1 - setting.arm_share) * normal(images)
        + np.sqrt(setting.arm_share) * normal(arms, images)
    )
    right = np.empty((arms, seeds, images), bool)
    for arm, seed in np.ndindex(arms, seeds):
        latent = (easy[arm] + ability[arm, seed]) / np.sqrt(1 - r)
        right[arm, seed] = latent.astype(np.float32) > normal(images)
    return right


def cut(setting, generator):
    """Ids of the images that each seed is judged on."""
    folds = []
    while len(folds) < setting.seeds:
        order = generator.permutation(setting.images)
        folds += np.array_split(order, setting.folds)
    return folds[: setting.seeds]


def intervals(setting, study, seed=0):
    """{method: (low, high) in points, each float (arms - 1,)} of one study."""
    generator = np.random.default_rng([seed, study])
    right = draw(setting, generator)
    seeds = setting.seeds
    if setting.folds is None:
        found = compare_arms(dict(enumerate(right)))
        gains = right[1:].mean(1) - right[0].mean(0)
        variances = right.mean(2).var(1, ddof=1) / seeds
        over_seeds = variances[1:] + variances[0]
        with np.errstate(invalid="ignore"):  # Nothing varies: no claim.
            degrees = (seeds - 1) * (
                over_seeds**2 / (variances[1:] ** 2 + variances[0] ** 2)
            )
    else:
        folds = cut(setting, generator)
        correct = [
            [of_seed[ids] for of_seed, ids in zip(arm, folds, strict=True)]
            for arm in right
        ]
        found = compare_folds(
            {arm: dict(enumerate(each)) for arm, each in enumerate(correct)},
            dict(enumerate(folds)),
            setting.folds,
        )
        joined = np.array([np.concatenate(arm) for arm in correct]) * 1.0
        gains = joined[1:] - joined[0]
        accuracy = np.array([[r.mean() for r in arm] for arm in correct])
        over_seeds = (accuracy[1:] - accuracy[0]).var(1, ddof=1) / seeds
        degrees = seeds - 1
    over_images = gains.var(1, ddof=1) / gains.shape[1]
    tail = 1 - LEVEL / 2 / (setting.arms - 1)
    by_images = stats.norm.ppf(tail) * np.sqrt(over_images)
    by_seeds = stats.t.ppf(tail, degrees) * np.sqrt(over_seeds)
    points = 100 * gains.mean(1)
    return {
        "images alone": (points - 100 * by_images, points + 100 * by_images),
        "seeds alone": (points - 100 * by_seeds, points + 100 * by_seeds),
        "both": (
            np.array([each.low for each in found]),
            np.array([each.high for each in found]),
        ),
    }


def count(task):
    """{method: what `rates` divides, summed over a chunk of studies}."""
    setting, seed, studies = task
    sums = {method: np.zeros(3, int) for method in METHODS}
    for study in studies:
        for method, (low, high) in intervals(setting, study, seed).items():
            claimed = (low > 0) | (high < 0)
            covered = (low <= setting.effect) & (setting.effect <= high)
            sums[method] += claimed.any(), covered.sum(), (low > 0).sum()
    return sums


def rates(setting, studies, sums):
    """{method: % of studies with a claim, of intervals that hold the truth,
    of arms that are called better}."""
    pairs = studies * (setting.arms - 1)
    return {
        method: 100
        * sum(each[method] for each in sums)
        / (studies, pairs, pairs)
        for method in METHODS
    }


def simulate(settings, studies, seed=0, processors=1):
    """`rates` of each setting, the same for any number of processors."""
    chunks = [
        range(first, min(first + CHUNK, studies))
        for first in range(0, studies, CHUNK)
    ]
    tasks = [(each, seed, chunk) for each in settings for chunk in chunks]
    with ProcessPoolExecutor(processors) as pool:
        sums = [*progress_bar(pool.map(count, tasks), total=len(tasks))]
    return [
        rates(setting, studies, sums[index * len(chunks) :][: len(chunks)])
        for index, setting in enumerate(settings)
    ]


def combine(**values):
    """A `Setting` for each combination of values."""
    return [
        Setting(**dict(zip(values, chosen, strict=True)))
        for chosen in itertools.product(*values.values())
    ]


def planned(setting):
    """What `setting` lets expect, in points."""
    return detectable_difference(
        setting.arms,
        setting.seeds,
        setting.images,
        setting.accuracy,
        agreement=setting.agreement,
        seed_deviation=setting.deviation,
        arm_share=setting.arm_share,
        folds=setting.folds,
    )


CLAIMS = {
    **{method: lambda _, rate, m=method: rate[m][0] for method in METHODS},
    "coverage of both": lambda _, rate: rate["both"][1],
}
FOUND = {"found better": lambda _, rate: rate["both"][2]}
PLANNED = {"planned, points": lambda setting, _: planned(setting)}


def tables(agreement):
    """(title, settings, what is shown of them) of each table."""
    settings = functools.partial(combine, agreement=(agreement,))
    shares = (0.0, ARM_SHARE)
    yield (
        "No effect: studies that claim one",
        settings(arm_share=shares, arms=(2, 11), seeds=(2, 3, 5, 10)),
        CLAIMS,
    )
    yield (
        "No effect, the reference four times noisier",
        settings(noise=(4.0,), arms=(2, 11), seeds=(2, 3, 5)),
        CLAIMS,
    )
    small = functools.partial(settings, images=(140,))
    yield (
        "No effect, five folds of 140 images",
        small(folds=(5,), arms=(2, 3), seeds=(2, 5, 15))
        + small(
            folds=(5,), deviation=(3.0,), noise=(4.0,), arms=(3,), seeds=(5, 15)
        ),
        CLAIMS,
    )
    point = functools.partial(settings, effect=(1.0,), arm_share=shares)
    yield (
        "1 point on 10,000 images",
        point(arms=(2,), seeds=(3, 4, 5, 6))
        + point(arms=(11,), seeds=(3, 5, 8, 10)),
        FOUND | PLANNED,
    )
    yield (
        "2 and 6 points on 140 images",
        small(effect=(2.0, 6.0), arms=(2,), seeds=(3, 5, 10, 20, 40)),
        FOUND | PLANNED,
    )
    yield (
        "As many points as planned: 80 % are to be found",
        [
            dataclasses.replace(setting, effect=planned(setting))
            for setting in settings(
                images=(10_000,), arms=(2, 11), seeds=(2, 3, 5, 10)
            )
            + small(arms=(2, 11), seeds=(3, 5, 10))
            + small(folds=(5,), arms=(2, 3), seeds=(5, 10, 15))
        ],
        FOUND,
    )


def print_table(title, settings, found, columns):
    """A row for each setting: what differs between them, and `columns`."""
    names = [
        field.name
        for field in dataclasses.fields(Setting)
        if len({getattr(setting, field.name) for setting in settings}) > 1
    ]
    print(f"\n{title}, in %\n")
    print("|", " | ".join([*names, *columns]), "|")
    print("|" + "---|" * (len(names) + len(columns)))
    for setting, rate in zip(settings, found, strict=True):
        values = [getattr(setting, name) for name in names]
        cells = ["-" if v is None else f"{v:.3g}" for v in values]
        cells += [f"{cell(setting, rate):.3g}" for cell in columns.values()]
        print("|", " | ".join(cells), "|")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--processors", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--agreement",
        type=float,
        default=Setting.agreement,
        help="share of images on which two seeds are both right or both wrong",
    )
    arguments = parser.parse_args()
    for title, settings, columns in tables(arguments.agreement):
        found = simulate(
            settings, arguments.studies, arguments.seed, arguments.processors
        )
        print_table(title, settings, found, columns)


if __name__ == "__main__":
    main()
