"""Rates of false claims and of missed differences in simulated studies.

    python benchmarks/false_claims.py --studies=1000 --processors=2

Draws studies without any effect and compares their arms. Prints one table:

- false claims: studies that call any arm better or worse. Beside it the same
  by two usual methods, both for all arms together (Bonferroni): an interval
  over images alone, to which a bootstrap over images comes close, and
  Welch's t-test over seeds alone (with folds: the paired one).
- coverage: intervals that hold the true difference, 0.
- stated is found: if the truth is the detectable difference that one study
  states, how often another one finds it. Differences of more than 100 points
  are not stated.
- planned is found: the same for the difference that a plan states.

An effect is taken to shift accuracies and to leave their variances alone, so
it is found if it lifts the lower end of the interval above 0.

Most studies are drawn from a model: an image has a difficulty, a seed an
ability, and an arm changes a share of what makes images easy or hard. A
prediction is right if

    sqrt(q) image + sqrt(r - q) image_of_arm + seed > sqrt(1 - r) e

shifted to the accuracy. All are standard normal but `seed`, whose deviation
in accuracy is given. r follows from how often two seeds of an arm are both
right or both wrong, q from how often seeds of two arms are. Placebos have the
reference's deviation.

In cross-validation, classifiers are trained: logistic regressions by gradient
descent from random weights. All arms know the same features, and each knows
further ones of its own, drawn by the same law: by symmetry none is better.
"""

import argparse
import functools
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from scipy import stats
from scipy.optimize import brentq
from scipy.special import expit, owens_t

from experiments.statistics.comparison import compare_all_pairs, compare_arms
from experiments.statistics.cross_validation import (
    compare_all_fold_pairs,
    compare_folds,
)
from experiments.statistics.noise import (
    ACCURACY,
    ARM_SHARE,
    SEED_DEVIATION,
    Noise,
)
from experiments.statistics.power import compute_detectable
from pipelines.progress import progress_bar

LEVEL = 0.05
# Predictions that are drawn at once.
CHUNK = 1_000_000


class Setting(NamedTuple):
    """Kind of study.

    Attributes:
        deviation: Of accuracy over seeds, beyond independent errors, in
            points.
        noise: How many times that the reference's deviation is.
        arm_share: As for `power.compute_detectable`.
    """

    arms: int
    seeds: int
    images: int = 10_000
    deviation: float = SEED_DEVIATION
    noise: float = 1.0
    placebos: int = 0
    folds: int | None = None
    trained: bool = False
    pairs: bool = False
    arm_share: float = ARM_SHARE

    @property
    def title(self):
        names = [
            f"{self.folds} folds" if self.folds else "",
            "trained classifiers" if self.trained else "",
            "all pairs" if self.pairs else "",
            f"{self.placebos} placebo pooled" if self.placebos else "",
            f"reference {self.noise:g} x noisier" if self.noise != 1 else "",
            "arms gain alike on all images" if self.arm_share == 0 else "",
        ]
        return ", ".join(filter(None, names)) or "plain"


class Expected(NamedTuple):
    """Ranges in %, from simulations of the same procedures by others."""

    claims: str = "at most 5"
    found: str = "-"


def list_settings():
    """Pairs of `Setting` and `Expected`."""
    found = {2: "-", 3: "70 to 80", 5: "75 to 81", 10: "75 to 81"}
    for images in (140, 1200, 10_000):
        for arms in (2, 6, 11):
            for seeds in (2, 3, 5, 10):
                claims = "at most 5" if arms == 2 else "2.1 to 5.0"
                yield (
                    Setting(arms, seeds, images),
                    Expected(claims, found[seeds]),
                )
    for arms in (2, 6, 11):
        yield Setting(arms, 5, 1200, arm_share=0.0), Expected(found=found[5])
    # As much deviation, beside the errors of fewer images, as by default.
    noisy = functools.partial(Setting, images=1200, deviation=0.9, noise=4.0)
    for arms in (2, 3, 6, 11):
        for seeds in (2, 3, 5):
            claims = "at most 8" if seeds == 3 else "-"
            yield noisy(arms, seeds), Expected(claims)
    for arms in (3, 6, 11):
        for seeds in (2, 3, 5, 10):
            yield Setting(arms, seeds, 1200, placebos=1), Expected()
        yield noisy(arms, 3, placebos=1), Expected("at most 8")
    for arms, seeds in ((3, 3), (6, 3), (6, 5), (11, 5)):
        yield Setting(arms, seeds, 1200, pairs=True), Expected()
    folds = functools.partial(Setting, images=140, folds=5)
    for arms in (2, 3, 6):
        for seeds in (3, 5, 10, 15, 30):
            yield (
                folds(arms, seeds, trained=True),
                Expected("0.9 to 5.7", "-" if seeds == 3 else "75 to 81"),
            )
        for seeds in (3, 5, 10, 20):
            yield folds(arms, seeds), Expected("0.9 to 5.7")
    for seeds in (5, 15):
        yield folds(4, seeds, trained=True, pairs=True), Expected()


@functools.cache
def correlate(accuracy, agreement):
    """r: the correlation of two seeds on an image, before it is cut at 0."""
    threshold = stats.norm.ppf(accuracy)

    def disagreement(r):
        # Of two correlated normal values, one is below the threshold.
        return 4 * owens_t(threshold, np.sqrt((1 - r) / (1 + r)))

    return brentq(lambda r: 1 - disagreement(r) - agreement, 0, 1)


def draw(setting, studies, generator):
    """Right predictions, bool (studies, arms, seeds, images)."""
    noise = Noise()
    shape = (studies, setting.arms, setting.seeds, setting.images)
    r = correlate(noise.accuracy, noise.agreement)
    # Two arms agree less than two seeds of an arm.
    variance = noise.accuracy * (1 - noise.accuracy)
    difficulty = variance - (1 - noise.agreement) / 2
    less = 2 * setting.arm_share * difficulty
    common = correlate(noise.accuracy, noise.agreement - less)
    threshold = stats.norm.ppf(noise.accuracy)
    deviation = np.full((setting.arms, 1, 1), setting.deviation / 100)
    deviation[: 1 + setting.placebos] *= setting.noise
    # A deviation of accuracy, as one of the threshold.
    deviation /= stats.norm.pdf(threshold)

    def normal(factor, *shape):
        values = generator.standard_normal(shape, dtype=np.float32)
        return np.float32(factor) * values

    easy = normal(np.sqrt(common), studies, 1, 1, setting.images)
    if common < r:
        easy = easy + normal(np.sqrt(r - common), *shape[:2], 1, setting.images)
    ability = threshold + deviation * normal(1, *shape[:3], 1)
    return easy + ability.astype(np.float32) > normal(np.sqrt(1 - r), *shape)


def divide(setting, generator):
    """Images that each seed is evaluated on, bool (seeds, images)."""
    parts = []
    while len(parts) < setting.seeds:
        order = generator.permutation(setting.images)
        parts += np.array_split(order, setting.folds)
    held_out = np.zeros((setting.seeds, setting.images), bool)
    for seed, part in enumerate(parts[: setting.seeds]):
        held_out[seed, part] = True
    return held_out


def train(setting, held_out, generator, common=4, own=8, steps=40):
    """Trains logistic regressions, all of them at once.

    Args:
        held_out: Not trained on, bool (studies, seeds, images).

    Returns:
        Right predictions, bool (studies, arms, seeds, images).
    """
    studies, seeds, images = held_out.shape
    arms = setting.arms
    labels = generator.random((studies, 1, images)) < 0.5
    signs = np.where(labels, 1, -1)[..., None]

    def features(arms, count):
        normal = generator.standard_normal((studies, arms, images, count))
        return normal + 0.22 * signs

    shared = np.broadcast_to(
        features(1, common), (studies, arms, images, common)
    )
    inputs = np.concatenate([shared, features(arms, own)], -1)
    trained = ~held_out[:, None]
    weights = generator.standard_normal((studies, arms, common + own, seeds))
    weights *= 0.3
    for _ in range(steps):
        error = expit(inputs @ weights) - labels[..., None]
        error *= trained.swapaxes(2, 3)
        weights -= 4 / images * (inputs.swapaxes(2, 3) @ error)
    right = (inputs @ weights > 0) == labels[..., None]
    return right.swapaxes(2, 3)


def compare(setting, right, held_out=None):
    """The `Difference`s of one study."""
    arms = dict(enumerate(right))
    if setting.folds is None:
        if setting.pairs:
            return compare_all_pairs(arms)
        placebos = range(1, 1 + setting.placebos)
        return compare_arms(arms, placebos=placebos)
    ids = {seed: np.flatnonzero(part) for seed, part in enumerate(held_out)}
    by_seed = {
        arm: {seed: seeds[seed, part] for seed, part in ids.items()}
        for arm, seeds in arms.items()
    }
    procedure = compare_all_fold_pairs if setting.pairs else compare_folds
    return procedure(by_seed, ids, setting.folds)


def claim_by_one_source(setting, right, held_out=None):
    """If an interval over images alone, and one over seeds alone, claim."""
    weights = np.ones(right.shape[1:]) if held_out is None else 1.0 * held_out
    seeds = setting.seeds
    accuracy = (right * weights).sum(2) / weights.sum(1)
    evaluated = weights.sum(0) > 0
    shares = (right * weights).sum(1)[:, evaluated] / weights.sum(0)[evaluated]
    gains = shares[1:] - shares[0]
    means = np.abs(accuracy[1:].mean(1) - accuracy[0].mean())
    over_images = gains.var(1, ddof=1) / gains.shape[1]
    if held_out is None:
        parts = accuracy.var(1, ddof=1) / seeds
        over_seeds = parts[1:] + parts[0]
        with np.errstate(invalid="ignore"):  # Nothing varies: no claim.
            degrees = (seeds - 1) * (
                over_seeds**2 / (parts[1:] ** 2 + parts[0] ** 2)
            )
    else:
        over_seeds = (accuracy[1:] - accuracy[0]).var(1, ddof=1) / seeds
        degrees = seeds - 1
    tail = 1 - LEVEL / 2 / (setting.arms - 1)
    return (
        (means > stats.norm.ppf(tail) * np.sqrt(over_images)).any(),
        (means > stats.t.ppf(tail, degrees) * np.sqrt(over_seeds)).any(),
    )


def simulate(task):
    """Studies of a chunk.

    Args:
        task: `Setting`, number of studies, seeds of the generator.

    Returns:
        {name: array (studies, ...)}: `low`, `high` and `detectable` in
        points, and `claims` of any arm by all three methods.
    """
    setting, studies, seed = task
    generator = np.random.default_rng(seed)
    held_out = [None] * studies
    if setting.folds is not None:
        held_out = [divide(setting, generator) for _ in range(studies)]
    if setting.trained:
        right = train(setting, np.array(held_out), generator)
    else:
        right = draw(setting, studies, generator)
    drawn = list(zip(right, held_out, strict=True))
    found = [compare(setting, *each) for each in drawn]
    numbers = {
        name: np.array([[getattr(d, name) for d in each] for each in found])
        for name in ("low", "high")
    }
    numbers["detectable"] = np.array(
        [[d.detectable or np.nan for d in each] for each in found]
    )
    claims = ((numbers["low"] > 0) | (numbers["high"] < 0)).any(1)
    others = [claim_by_one_source(setting, *each) for each in drawn]
    numbers["claims"] = np.column_stack([claims, others])
    return numbers


def find_share(points, lows):
    """Share of pairs in %, of a difference and of an interval that finds it.

    Args:
        points: True differences, float (n,).
        lows: Lower ends of intervals without any effect, float (m,).
    """
    missed = np.searchsorted(np.sort(lows), -points, side="right")
    return 100 - 100 * np.mean(missed) / len(lows)


def plan(setting):
    """Points that a plan of this study states; None if more than 100.

    It knows nothing of noisier references and trained classifiers.
    """
    if setting.pairs or setting.noise != 1 or setting.placebos:
        return None
    if setting.trained:
        return None
    return compute_detectable(
        setting.arms,
        setting.seeds,
        setting.images,
        ACCURACY,
        arm_share=setting.arm_share,
        seed_deviation=setting.deviation,
        folds=setting.folds,
    )


def summarize(setting, chunks):
    """Rates of a setting in %, {name of a column: float or None}."""
    numbers = {
        name: np.concatenate([chunk[name] for chunk in chunks])
        for name in chunks[0]
    }
    # Placebos are compared with a smaller reference.
    arms = slice(setting.placebos, None)
    low, high = (numbers[name][:, arms].ravel() for name in ("low", "high"))
    stated = numbers["detectable"][:, arms].ravel()
    stated = stated[~np.isnan(stated)]
    planned = plan(setting)
    both, images_alone, seeds_alone = 100 * numbers["claims"].mean(0)
    return {
        "false claims": both,
        "by images alone": images_alone,
        "by seeds alone": seeds_alone,
        "coverage": 100 * np.mean((low <= 0) & (high >= 0)),
        "stated, points": np.median(stated) if len(stated) else None,
        "stated is found": find_share(stated, low) if len(stated) else None,
        "planned, points": planned,
        "planned is found": planned and find_share(np.array([planned]), low),
    }


def run(settings, studies, seed=0, processors=1):
    """`summarize` of each setting, the same for any number of processors."""
    tasks = []
    for number, setting in enumerate(settings):
        size = max(1, CHUNK // (setting.arms * setting.seeds * setting.images))
        for first in range(0, studies, size):
            count = min(size, studies - first)
            tasks.append((setting, count, [seed, number, first]))
    found = {}
    with ProcessPoolExecutor(processors) as pool:
        chunks = progress_bar(pool.map(simulate, tasks), total=len(tasks))
        for (setting, *_), chunk in zip(tasks, chunks, strict=True):
            found.setdefault(setting, []).append(chunk)
    return [summarize(setting, found[setting]) for setting in settings]


def print_table(settings, expected, rates):
    """A row for each setting."""
    print("|", " | ".join(["studies", "arms", "seeds", "images"]), end=" | ")
    columns = list(rates[0])
    titles = [*columns, "expected claims", "expected found"]
    print(" | ".join(titles), "|")
    print("|---" * (4 + len(titles)) + "|")
    for setting, figures, row in zip(settings, expected, rates, strict=True):
        cells = [setting.title, setting.arms, setting.seeds, setting.images]
        cells += [
            "-" if row[name] is None else f"{row[name]:.1f}" for name in columns
        ]
        print("|", " | ".join(map(str, [*cells, *figures])), "|")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--processors", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    settings, expected = zip(*list_settings(), strict=True)
    rates = run(settings, options.studies, options.seed, options.processors)
    print(f"{options.studies:,} studies each; figures in %\n")
    print_table(settings, expected, rates)


if __name__ == "__main__":
    main()
