"""Measures false claims and saved runs of studies that are looked at.

    python benchmarks/until_claims.py --studies=1000

Draws studies, looks at them as `--until` does, and compares that with the
usual study of 8 seeds. Prints three tables, in %:

- without any effect: studies that call an arm better or worse at any look;
  studies of which all intervals of all looks hold; runs saved. Beside it the
  false claims of whoever reads the usual report after each seed and stops at
  the first claim.
- with folds, of classifiers that are trained; see `false_claims.py`.
- with one effect in all arms, a multiple of what 8 seeds detect: arms that
  are found, by looks and by 8 seeds; runs saved; and by how much differences
  are too large on average: of the arms that ended before the last look, of
  claims at any look, and of claims with 8 seeds.

An image has a difficulty, a seed an ability, and an arm changes a share of
what makes images easy or hard. A prediction is right if

    image + image_of_arm + seed > e

shifted to the accuracy. Abilities are normal, or have Student's distribution
with 3 degrees of freedom; seeds of one number can have a part in common, and
one arm or the reference can be four times noisier.
"""

import argparse
import functools
import sys
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1]))

import false_claims
import numpy as np
from scipy import stats

from experiments.statistics.comparison import compare_arms, compare_separately
from experiments.statistics.cross_validation import compare_folds_separately
from experiments.statistics.noise import Noise
from experiments.statistics.power import compute_detectable
from experiments.statistics.sequential import LOOKS, Looks, decide
from pipelines.progress import progress_bar

FIXED = 8
IMAGES = 500
# Of a seed's ability in accuracy, in points: about as much as the errors of
# 500 images make of themselves.
DEVIATION = 1.4
NOISIER = 4
# Classifiers are trained in so many studies at once.
CHUNK = 50
# Of how many studies the usual report is read after each seed.
PEEKED = 500


class Setting(NamedTuple):
    """Kind of study.

    Attributes:
        noisy: Name of what is four times noisier: "", "arm" or "reference".
        tails: Degrees of freedom of the abilities, or None if normal.
        common: Correlation of the abilities of a seed in all arms.
        effect: Of all arms, in points.
        margin: As for `Looks`.
        folds: Number of parts, or None.
    """

    arms: int
    looks: tuple = LOOKS
    noisy: str = ""
    tails: int | None = None
    common: float = 0.0
    effect: float = 0.0
    margin: float | None = None
    folds: int | None = None
    images: int = IMAGES

    @property
    def title(self):
        names = [
            f"{self.noisy} {NOISIER} x noisier" if self.noisy else "",
            "heavy tails" if self.tails else "",
            f"seeds correlate {self.common:g}" if self.common else "",
            f"margin {self.margin:g}" if self.margin else "",
            f"{self.folds} folds of {self.images} images" if self.folds else "",
        ]
        return ", ".join(filter(None, names)) or "plain"


def draw(setting, generator):
    """Right predictions of one study, bool (arms, seeds, images)."""
    noise = Noise()
    arms, seeds, images = setting.arms, setting.looks[-1], setting.images
    r = false_claims.correlate(noise.accuracy, noise.agreement)
    variance = noise.accuracy * (1 - noise.accuracy)
    less = 2 * noise.arm_share * (variance - (1 - noise.agreement) / 2)
    q = false_claims.correlate(noise.accuracy, noise.agreement - less)
    normal = generator.standard_normal
    image = np.sqrt(q) * normal((1, 1, images))
    image = image + np.sqrt(r - q) * normal((arms, 1, images))
    if setting.tails is None:
        ability = normal((arms + 1, seeds, 1))
    else:
        ability = generator.standard_t(setting.tails, (arms + 1, seeds, 1))
        ability /= stats.t.std(setting.tails)
    ability = (
        np.sqrt(setting.common) * ability[:1]
        + np.sqrt(1 - setting.common) * ability[1:]
    )
    if setting.noisy:
        ability[0 if setting.noisy == "reference" else 1] *= NOISIER
    threshold = stats.norm.ppf(noise.accuracy)
    shift = DEVIATION / 100 / stats.norm.pdf(threshold) * ability
    better = stats.norm.ppf(noise.accuracy + setting.effect / 100)
    shift[1:] += better - threshold
    error = normal((arms, seeds, images), dtype=np.float32)
    return image + shift + threshold > np.sqrt(1 - r) * error


def draw_studies(setting, studies, generator):
    """Yields right predictions and, with folds, which images are held out."""
    if setting.folds is None:
        for _ in range(studies):
            yield draw(setting, generator), None
        return
    kind = false_claims.Setting(
        setting.arms, setting.looks[-1], setting.images, folds=setting.folds
    )
    for first in range(0, studies, CHUNK):
        held_out = np.array(
            [
                false_claims.divide(kind, generator)
                for _ in range(min(CHUNK, studies - first))
            ]
        )
        right = false_claims.train(kind, held_out, generator)
        yield from zip(right, held_out, strict=True)


class Study(NamedTuple):
    """Result of one study.

    Attributes:
        decisions: {arm: (decision, `Difference`, seeds)}.
        holds: If all intervals of all looks hold the true difference.
        runs: Number of trainings, those of the reference among them.
    """

    decisions: dict
    holds: bool
    runs: int


def follow(setting, right, held_out=None):
    """The `Study` that looks make of right predictions."""
    looks = Looks(setting.looks, setting.arms - 1, setting.margin)
    running, decisions, holds = list(range(1, setting.arms)), {}, True
    for number, seeds in enumerate(looks.seeds):
        confidence = 1 - looks.levels[number]
        arms = {arm: right[arm, :seeds] for arm in (0, *running)}
        if held_out is None:
            found = compare_separately(arms, 0, confidence)
        else:
            ids = {s: np.flatnonzero(held_out[s]) for s in range(seeds)}
            arms = {
                arm: {seed: rows[seed, part] for seed, part in ids.items()}
                for arm, rows in arms.items()
            }
            found = compare_folds_separately(
                arms, ids, setting.folds, 0, confidence
            )
        for each in found:
            holds &= each.low <= setting.effect <= each.high
            decision = decide(each, number, looks)
            if decision != "runs_on":
                running.remove(each.arm)
                decisions[each.arm] = decision, each, seeds
        if not running:
            break
    runs = seeds + sum(seeds for *_, seeds in decisions.values())
    return Study(decisions, holds, runs)


def peek(setting, right):
    """If reading the usual report after each seed claims anything."""
    return any(
        claims(compare_arms(dict(enumerate(right[:, :seeds]))))
        for seeds in range(2, setting.looks[-1] + 1)
    )


def claims(differences):
    return any(each.verdict in ("better", "worse") for each in differences)


def measure_null(setting, studies, generator):
    """Rates in % of studies without an effect."""
    found, peeked = [], []
    for right, held_out in draw_studies(setting, studies, generator):
        found.append(follow(setting, right, held_out))
        if held_out is None and setting.arms == 2 and len(peeked) < PEEKED:
            peeked.append(peek(setting, right))
    runs = np.mean([each.runs for each in found])
    fixed = 2 * setting.folds if setting.folds else FIXED
    return {
        "false claims": 100
        * np.mean(
            [claims(d for _, d, _ in s.decisions.values()) for s in found]
        ),
        "all intervals hold": 100 * np.mean([each.holds for each in found]),
        "fewer runs": 100 * (1 - runs / setting.arms / fixed),
        "claims by reading after each seed": 100 * np.mean(peeked)
        if peeked
        else None,
    }


def measure_effect(setting, studies, generator):
    """Rates in % of studies in which all arms have one effect."""
    found, usual = [], []
    for right, _ in draw_studies(setting, studies, generator):
        found.append(follow(setting, right))
        usual += compare_arms(dict(enumerate(right[:, :FIXED])))
    ended = [each for s in found for each in s.decisions.values()]
    early = [d for _, d, seeds in ended if seeds < setting.looks[-1]]
    better = [d for _, d, _ in ended if d.verdict == "better"]
    usually = [d for d in usual if d.verdict == "better"]

    def exceed(differences):
        if not differences:
            return None
        mean = np.mean([each.difference for each in differences])
        return 100 * (mean / setting.effect - 1)

    runs = np.mean([each.runs for each in found])
    return {
        "found": 100 * len(better) / len(ended),
        f"found with {FIXED} seeds": 100 * len(usually) / len(usual),
        "fewer runs": 100 * (1 - runs / setting.arms / FIXED),
        "all intervals hold": 100 * np.mean([each.holds for each in found]),
        "too large, ended early": exceed(early),
        "claims": exceed(better),
        f"claims with {FIXED} seeds": exceed(usually),
    }


def list_null():
    """`Setting`s without an effect."""
    many = tuple(range(3, 13))
    for arms in (2, 7):
        make = functools.partial(Setting, arms)
        yield from (make(), make(looks=many), make(tails=3), make(common=0.25))
        yield from (make(noisy="arm"), make(noisy="reference"))
        yield from (make(margin=4.0), make(looks=(2, 4, 8, 12)))


def list_folds():
    """`Setting`s of trained classifiers."""
    for arms in (2, 4):
        make = functools.partial(Setting, arms, folds=5, images=140)
        yield from (make(looks=(5, 10, 15, 20)), make(), make(looks=(5, 30)))


def list_effects():
    """Pairs of a multiple of the detectable difference, and `Setting`."""
    noise = Noise(seed_deviation=DEVIATION)
    assumed = noise._asdict()
    del assumed["runs"]
    for arms in (2, 7):
        points = compute_detectable(arms, FIXED, IMAGES, **assumed)
        for times in (0.5, 1.0, 1.5, 2.0):
            yield times, Setting(arms, effect=times * points)


def print_rows(rows):
    """Prints dictionaries with the same keys as a table."""
    if not rows:
        return
    print("|", " | ".join(rows[0]), "|")
    print("|---" * len(rows[0]) + "|")
    for row in rows:
        cells = [
            f"{cell:.1f}" if isinstance(cell, float) else str(cell or "-")
            for cell in row.values()
        ]
        print("|", " | ".join(cells), "|")
    print(flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print(f"{options.studies:,} studies each; a third of that with 7 arms\n")
    number = 0
    for kinds, measure in (
        ([(None, each) for each in list_null()], measure_null),
        ([(None, each) for each in list_folds()], measure_null),
        (list(list_effects()), measure_effect),
    ):
        rows = []
        for times, setting in progress_bar(kinds):
            number += 1
            studies = options.studies // (1 if setting.arms == 2 else 3)
            generator = np.random.default_rng([options.seed, number])
            row = {"arms": setting.arms, "looks": str(setting.looks)}
            row["studies"] = setting.title
            if times is not None:
                row["effect"] = f"{times:g} detectable"
            rows.append(row | measure(setting, studies, generator))
        print_rows(rows)


if __name__ == "__main__":
    main()
