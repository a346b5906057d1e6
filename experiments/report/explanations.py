"""Maps of what arms look at in the same images, from their runs' files."""

from typing import NamedTuple

import numpy as np

from experiments.formatting import counted, spread_cell
from experiments.plots.explanations import Column, plot_overlays
from experiments.plots.names import drawable, short_names
from experiments.records import Explanations
from experiments.report.document import Picture, Section, Table, Text
from experiments.report.findings import spread
from experiments.report.reading import Unusable, read_added
from experiments.run_folder import EXPLAINED_MAPS, EXPLANATIONS
from pipelines.files.arrays import Damaged, read_arrays

# Images of these may be passed on: the user's own, and drawn ones.
_FREE = ("image_folder", "shapes")
# Of each, a picture; Grad-CAM++ differs little from the first.
_DRAWN = ("Grad-CAM", "RISE")


class ArmExplanations(NamedTuple):
    """Scores of one arm's maps.

    Attributes:
        seeds: list[int], those that have been explained.
        scores: {method: {"deletion", "insertion": `findings.Spread`}}.
        images: Number of images that a score is a mean of.
        size: (height, width) of the feature map that Grad-CAM looks at.
    """

    seeds: list
    scores: dict
    images: int
    size: tuple


def summarize_explanations(group):
    """Scores of the arms with an explained run.

    Args:
        group: `groups.Group`.

    Returns:
        {arm: `ArmExplanations`} of the runs that were explained by the
        methods of the first of them, and sentences on what is lacking.
    """
    found, lacking, methods = {}, [], None
    for arm in group.arms:
        read = {}
        for run in arm.runs:
            try:
                content = read_added(run, EXPLANATIONS, Explanations)
            except Unusable as error:
                lacking.append(f"{run.path} is not shown: {error}.")
                continue
            if content is None:
                continue
            methods = methods or list(content.scores)
            if list(content.scores) != methods:
                lacking.append(f"{run.path} was explained by other methods.")
                continue
            read[run.seed] = content
        if not read:
            continue
        first = next(iter(read.values()))
        found[arm.name] = ArmExplanations(
            list(read),
            {
                method: {
                    name: spread(
                        getattr(each.scores[method], name)
                        for each in read.values()
                    )
                    for name in ("deletion", "insertion")
                }
                for method in methods
            },
            first.images.count,
            tuple(first.layer.size),
        )
    return found, lacking


def section(material):
    """The section, or None where no run has been explained."""
    found, lacking = summarize_explanations(material.group)
    warned = [Text(lacking, "warning")] if lacking else []
    if not found:
        return Section("What networks look at", warned) if warned else None
    images = counted(max(each.images for each in found.values()), "image")
    text = [
        "Where the networks see the true class of the same val images: maps of "
        "what speaks for it, each drawn to its own maximum, and below it the "
        "probability of that class.",
        f"A map is believed as far as its scores go, over {images}: "
        "where the pixels that it names are taken away first, the class should "
        "go soon (deletion, the lower the better), and where they come first, "
        "it should come soon (insertion, the higher the better); both beside "
        "pixels in random order. Networks that are less sure have lower ones "
        "of both.",
    ]
    sizes = sorted({each.size for each in found.values()})
    listed = " or ".join(f"{height} x {width}" for height, width in sizes)
    text.append(
        f"Grad-CAM is brought up from the {listed} values of the last feature "
        "map, and shows nothing finer than that."
    )
    data_sets = {
        run.data.name for arm in material.group.arms for run in arm.runs
    }
    if others := sorted(data_sets.difference(_FREE)):
        text.append(
            f"The images are of {', '.join(others)}: before you pass on this "
            "page, its pictures or explanations.npz, see if its terms allow it."
        )
    rows = [
        {
            "arm": material.names(arm),
            "seeds": len(each.seeds),
            "method": method,
            **{name: spread_cell(score, 3) for name, score in both.items()},
        }
        for arm, each in found.items()
        for method, both in each.scores.items()
    ]
    return Section(
        "What networks look at",
        [
            Text(text),
            *warned,
            *_pictures(material, found),
            Table(rows, "explanations.csv"),
        ],
    )


def _pictures(material, found):
    """Yields a picture a method, of each arm's first seed with these images."""
    maps, shown = {}, None
    for arm in material.group.arms:
        seeds = found[arm.name].seeds if arm.name in found else []
        for run in arm.runs:
            arrays = _arrays(run) if run.seed in seeds else None
            if arrays is None:
                continue
            shown = arrays if shown is None else shown
            if np.array_equal(arrays["images"], shown["images"]):
                maps[arm.name] = run.seed, arrays
                break
    if shown is None:
        return
    names = drawable(short_names(material.group.class_names))
    for method in _DRAWN:
        columns = [
            Column(
                "image",
                shown["images"],
                None,
                [_short(names[label]) for label in shown["labels"]],
            ),
            *(
                Column(
                    f"{material.labels[arm]}\nseed {seed}",
                    arrays["images"],
                    arrays[method],
                    [f"{each:.2f}" for each in arrays["probabilities"]],
                )
                for arm, (seed, arrays) in maps.items()
            ),
        ]
        yield Picture(
            f"explanations_{method}",
            plot_overlays(columns, method),
            f"{method} of the same images, a column an arm.",
        )


def _short(text):
    """A text that fits below an image."""
    return text if len(text) <= 18 else f"{text[:15]}..."


def _arrays(run):
    """explanations.npz, or None if it is damaged or of other classes."""
    try:
        content = read_arrays(run.path / EXPLAINED_MAPS)
    except (FileNotFoundError, Damaged):
        return None
    needed = ("images", "labels", "probabilities", *_DRAWN)
    if any(name not in content for name in needed):
        return None
    images, labels = content["images"], content["labels"]
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] != 3:
        return None
    shape, classes = images.shape[:3], len(run.predictions.class_names)
    whole = (
        len(images) > 0
        and all(content[name].shape == shape for name in _DRAWN)
        and all(np.isfinite(content[name]).all() for name in _DRAWN)
        and labels.shape == content["probabilities"].shape == shape[:1]
        and labels.dtype.kind in "iu"
        and set(labels.tolist()) <= set(range(classes))
    )
    return content if whole else None
