"""Packed bits of the right predictions, from which intervals follow.

`right.npz` holds some kB of what comparison.json was computed from, without
images and labels; docs/studies/recompute.py computes the intervals again.
"""

import numpy as np


def pack_right(material):
    """Packs the predictions that a comparison is computed from.

    Args:
        material: A `material.Material`.

    Returns:
        Arrays for `np.savez_compressed`:

        - arms: text (arms,), the reference first
        - arm, seed: int (runs,), the place in `arms` and the seed of a run
        - images: int, the number N of distinct images
        - evaluated, right: uint8 (runs, ceil(N / 8)), by `np.packbits`: if a
          run evaluated an image, and if its prediction is right
        - placebos: text, names of arms that are the reference trained again
        - folds: int, parts of a cross-validation, otherwise 0
        - looks, levels: numbers of seeds at which a study was looked at and
          the error probabilities of the intervals; empty without looks
        - last: int (arms,), the place of an arm's last look; -1 without one
    """
    group, findings = material.group, material.findings
    arms = [arm.name for arm in group.arms]
    runs = [run for run in group.runs if run in group.outcomes]
    ids = sorted(set().union(*group.judged.values()))
    places = {image: place for place, image in enumerate(ids)}
    evaluated, right = np.zeros((2, len(runs), len(ids)), bool)
    for row, run in enumerate(runs):
        outcomes = group.outcomes[run]
        columns = [places[image] for image in outcomes.ids.tolist()]
        evaluated[row, columns] = True
        right[row, columns] = outcomes.right
    design = findings.design if findings.is_looked_at else None
    results = design.results if design else {}
    return {
        "arms": np.array(arms),
        "arm": np.array([arms.index(run.name) for run in runs], int),
        "seed": np.array([run.seed for run in runs], np.int64),
        "images": np.array(len(ids)),
        "evaluated": np.packbits(evaluated, axis=1),
        "right": np.packbits(right, axis=1),
        "placebos": np.array(findings.placebos, str),
        "folds": np.array(group.folds or 0),
        "looks": np.array(design.looks.seeds if design else (), int),
        "levels": np.array(design.looks.levels if design else (), float),
        "last": np.array([results.get(arm, (-1,))[0] for arm in arms], int),
    }
