"""Measures false claims of sweeps in which no effect changes.

    python benchmarks/sweep_claims.py --studies=400

Draws sweeps in which no arm has an effect at any value, and compares them as
`--sweep` does. Prints a table, in %:

- changes claimed: sweeps in which the effect of any arm is said to change.
- effects claimed: sweeps in which any arm is better or worse at any value.

An image has a difficulty, a seed an ability, and an arm changes a share of
what makes images easy or hard, another one at each value. A prediction is
right if

    image + image_of_arm + seed > e

shifted to the accuracy, which rises from 40 % at the first value to 62 % at
the last. The deviation of seeds falls meanwhile; that of the reference can be
larger. With folds, classifiers are trained; see `false_claims.py`.
"""

import argparse
import sys
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1]))

import false_claims
import numpy as np
from scipy import stats

from experiments.statistics.comparison import compare_arms
from experiments.statistics.contrast import (
    Cells,
    estimate_contrast,
    weigh_line,
)
from experiments.statistics.cross_validation import compare_folds
from experiments.statistics.noise import Noise
from pipelines.progress import progress_bar

LEVEL = 0.05
# Of a seed's ability at the last value in accuracy, in points.
DEVIATION = 0.7
ACCURACIES = 0.4, 0.62


class Setting(NamedTuple):
    """Kind of sweep.

    Attributes:
        falls: How many times the last value's deviation the first one has.
        noise: How many times the arms' deviation the reference has.
        shared: If all values have one reference, trained once for all.
        folds: Number of parts, or None.
    """

    arms: int
    values: int
    seeds: int
    falls: float = 1.0
    noise: float = 1.0
    shared: bool = False
    folds: int | None = None
    images: int = 500

    @property
    def title(self):
        names = [
            f"{self.folds} folds of {self.images} images" if self.folds else "",
            f"first value {self.falls:g} x noisier" if self.falls != 1 else "",
            f"reference {self.noise:g} x noisier" if self.noise != 1 else "",
            "one reference" if self.shared else "",
        ]
        return ", ".join(filter(None, names)) or "plain"


def list_settings():
    for arms, values in ((2, 2), (2, 4), (4, 3)):
        for seeds in (2, 3, 5):
            yield Setting(arms, values, seeds)
            yield Setting(arms, values, seeds, falls=4)
        yield Setting(arms, values, 3, noise=4)
        yield Setting(arms, values, 3, shared=True)
        for seeds in (5, 10):
            yield Setting(arms, values, seeds, folds=5, images=140)


def draw(setting, generator):
    """Right predictions, bool (arms, values, seeds, images)."""
    noise = Noise()
    arms, values, seeds, images = setting[:3] + (setting.images,)
    r = false_claims.correlate(noise.accuracy, noise.agreement)
    variance = noise.accuracy * (1 - noise.accuracy)
    less = 2 * noise.arm_share * (variance - (1 - noise.agreement) / 2)
    q = false_claims.correlate(noise.accuracy, noise.agreement - less)
    normal = generator.standard_normal
    image = np.sqrt(q) * normal(images)
    image = image + np.sqrt(r - q) * normal((arms, values, 1, images))
    # With one reference for all, all values are alike.
    ends = ACCURACIES[-1:] * 2 if setting.shared else ACCURACIES
    threshold = stats.norm.ppf(np.linspace(*ends, values))
    deviation = DEVIATION / 100 * np.geomspace(setting.falls, 1, values)
    deviation = deviation / stats.norm.pdf(threshold) * np.ones((arms, 1))
    deviation[0] *= setting.noise
    ability = threshold[:, None] + deviation[..., None] * normal(
        (arms, values, seeds)
    )
    error = normal((arms, values, seeds, images), dtype=np.float32)
    right = image + ability[..., None] > np.sqrt(1 - r) * error
    if setting.shared:
        right[0] = right[0, -1:]
    return right


def draw_folds(setting, generator):
    """The same of trained classifiers, and which images are held out."""
    cells = setting.arms * setting.values
    kind = false_claims.Setting(
        cells, setting.seeds, setting.images, folds=setting.folds
    )
    held_out = false_claims.divide(kind, generator)
    (right,) = false_claims.train(kind, held_out[None], generator)
    cells = right.reshape(setting.arms, setting.values, *right.shape[1:])
    return cells, held_out


def claim(setting, right, held_out=None):
    """If any effect is said to change, and if any is said to be there."""
    names = {
        (arm, value): (0, -1) if setting.shared and arm == 0 else (arm, value)
        for arm in range(setting.arms)
        for value in range(setting.values)
    }
    cells = {name: right[name] for name in names.values()}
    ids = None
    if held_out is not None:
        ids = {seed: np.flatnonzero(part) for seed, part in enumerate(held_out)}
        cells = {
            name: {seed: rows[seed, part] for seed, part in ids.items()}
            for name, rows in cells.items()
        }
    weights = weigh_line(range(1, setting.values + 1), "log")
    changes, effects = [], []
    for arm in range(1, setting.arms):
        coefficients = dict.fromkeys(cells, 0.0)
        for value, weight in enumerate(weights):
            coefficients[names[arm, value]] += weight
            coefficients[names[0, value]] -= weight
        changes.append(
            estimate_contrast(
                [Cells(cells, ids, setting.folds)],
                coefficients,
                setting.arms - 1,
            )
        )
    confidence = 1 - LEVEL / setting.values
    for value in range(setting.values):
        arms = {arm: cells[names[arm, value]] for arm in range(setting.arms)}
        if ids is None:
            effects += compare_arms(arms, 0, confidence)
        else:
            effects += compare_folds(arms, ids, setting.folds, 0, confidence)
    return (
        any(each.verdict == "changes" for each in changes),
        any(each.verdict in ("better", "worse") for each in effects),
    )


def measure(setting, studies, generator):
    """Rates in %."""
    drawn = draw if setting.folds is None else draw_folds
    found = []
    for _ in range(studies):
        sweep = drawn(setting, generator)
        sweep = sweep if setting.folds else (sweep,)
        found.append(claim(setting, *sweep))
    changes, effects = 100 * np.mean(found, 0)
    return {"changes claimed": changes, "effects claimed": effects}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--studies", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print(f"{options.studies:,} sweeps each\n")
    print(
        "| sweeps | arms | values | seeds | changes claimed | effects claimed |"
    )
    print("|---" * 6 + "|")
    for number, setting in enumerate(progress_bar(list(list_settings()))):
        generator = np.random.default_rng([options.seed, number])
        rates = measure(setting, options.studies, generator)
        cells = [setting.title, setting.arms, setting.values, setting.seeds]
        cells += [f"{rate:.1f}" for rate in rates.values()]
        print("|", " | ".join(map(str, cells)), "|", flush=True)


if __name__ == "__main__":
    main()
