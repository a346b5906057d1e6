"""Recomputes every interval of a study from the bits of what was right.

    python docs/studies/recompute.py docs/studies/NAME

Reads right.npz alone, which a report writes beside its comparison.json: for
each run, the images that it evaluated and those that it had right. Needs numpy
and scipy. Prints the differences of the arms from the reference, then those of
all pairs, in points of accuracy with their intervals.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from experiments.statistics import comparison, cross_validation  # noqa: E402


def recompute(path):
    """Computes the intervals of a right.npz.

    Returns:
        Two lists of `comparison.Difference`: of the arms from the reference,
        and of all pairs of three arms or more.
    """
    with np.load(path) as file:
        bits = dict(file)
    arms, folds = bits["arms"].tolist(), int(bits["folds"])
    evaluated, right = (
        np.unpackbits(bits[name], axis=1, count=int(bits["images"])) == 1
        for name in ("evaluated", "right")
    )
    correct, images = {arm: {} for arm in arms}, {}
    runs = zip(
        bits["arm"], bits["seed"].tolist(), evaluated, right, strict=True
    )
    for arm, seed, mask, row in runs:
        images[seed] = np.flatnonzero(mask)
        correct[arms[arm]][seed] = row[mask]
    if len(arms) < 2 or not bits["images"]:
        return [], []
    if len(bits["looks"]):
        return _recompute_looks(correct, images, folds, bits), []
    if folds:
        found = cross_validation.compare_folds(correct, images, folds)
        pairs = cross_validation.compare_all_fold_pairs(correct, images, folds)
    else:
        correct = {arm: [*seeds.values()] for arm, seeds in correct.items()}
        placebos = bits["placebos"].tolist()
        found = comparison.compare_arms(correct, placebos=placebos)
        pairs = comparison.compare_all_pairs(correct)
    return found, pairs if len(arms) > 2 else []


def _recompute_looks(correct, images, folds, bits):
    """Each arm at its last look, beside those that ran until then."""
    last = dict(zip(correct, bits["last"].tolist(), strict=True))
    reference, *others = correct
    found = {}
    looks = zip(bits["looks"].tolist(), bits["levels"].tolist(), strict=True)
    for look, (count, level) in enumerate(looks):
        seeds = sorted(images)[:count]
        running = {
            arm: {
                seed: correct[arm][seed]
                for seed in seeds
                if seed in correct[arm]
            }
            for arm in (
                reference,
                *(arm for arm in others if last[arm] >= look),
            )
        }
        if folds:
            differences = cross_validation.compare_folds_separately(
                running, images, folds, confidence=1 - level
            )
        else:
            differences = comparison.compare_separately(
                {arm: [*of.values()] for arm, of in running.items()},
                confidence=1 - level,
            )
        found |= {each.arm: each for each in differences}
    return [found[arm] for arm in others if arm in found]


def main(folder):
    """Prints the intervals of all comparisons of a report."""
    for path in sorted(Path(folder).rglob("right*.npz")):
        print(path)
        for each in [pair for pairs in recompute(path) for pair in pairs]:
            print(
                f"  {each.arm} - {each.reference}: {each.difference:+.2f} "
                f"({each.low:+.2f} to {each.high:+.2f})"
            )


if __name__ == "__main__":
    main(*sys.argv[1:])
