"""Where arms see the classes of the same images, from their runs' files."""

import zipfile
import zlib
from typing import NamedTuple

import numpy as np

from experiments.errors import ConfigError
from experiments.formatting import spread_cell
from experiments.plots.explanations import Column, plot_overlays
from experiments.plots.names import drawable, short_names
from experiments.report.blocks import Picture, Section, Table, Text
from experiments.report.findings import spread
from experiments.run_folder import EXPLAINED_MAPS, EXPLANATIONS, RunFolder

# Of each, a picture; Grad-CAM++ differs little from the first.
_DRAWN = ("Grad-CAM", "RISE")


class ArmExplanations(NamedTuple):
    """What one arm came to.

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


def explanations_of(group):
    """{arm: `ArmExplanations`} of the arms with an explained run.

    Args:
        group: `arms.Group`.
    """
    found = {}
    for arm in group.arms:
        read = {run.seed: each for run in arm.runs if (each := _content(run))}
        if not read:
            continue
        first = next(iter(read.values()))
        found[arm.name] = ArmExplanations(
            list(read),
            {
                method: {
                    name: spread(
                        each["scores"][method][name] for each in read.values()
                    )
                    for name in ("deletion", "insertion")
                }
                for method in first["scores"]
            },
            first["images"]["count"],
            tuple(first["layer"]["size"]),
        )
    return found


def _content(run):
    """explanations.json of images that the run is judged on, or None."""
    folder = RunFolder(run.path)
    try:
        content = folder.read_json(EXPLANATIONS)
        known = folder.is_val(content["images"]["fingerprint"])
        _ = content["images"]["count"], content["scores"].items()
        _ = content["layer"]["size"]
    except (AttributeError, ConfigError, KeyError, TypeError):
        return None
    return content if known else None


def section(material):
    """The section, or None where no run has been explained."""
    found = explanations_of(material.group)
    if not found:
        return None
    images = max(each.images for each in found.values())
    text = [
        "Where the networks see the true class of the same val images: maps of "
        "what speaks for it, each drawn to its own maximum, and below it the "
        "probability of that class.",
        f"A map is believed as far as its scores go, over {images} images: "
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
            *_pictures(material, found),
            Table(rows, "explanations.csv"),
        ],
    )


def _pictures(material, found):
    """Of the first seed of each arm whose maps are of the same images."""
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
    """What fits below an image."""
    return text if len(text) <= 18 else f"{text[:15]}..."


def _arrays(run):
    """explanations.npz, or None where it is none."""
    try:
        with np.load(run.path / EXPLAINED_MAPS, allow_pickle=False) as file:
            content = dict(file)
        shape = content["images"].shape[:3]
        whole = all(content[name].shape == shape for name in _DRAWN) and all(
            content[name].shape == shape[:1]
            for name in ("labels", "probabilities")
        )
    except (
        OSError,
        ValueError,
        EOFError,
        KeyError,
        zipfile.BadZipFile,
        zlib.error,
    ):
        return None
    return content if whole else None
