"""Errors of arms on changed images, from their runs' robustness.json."""

from typing import NamedTuple

import numpy as np

from experiments.formatting import counted, spread_cell
from experiments.plots.calibration import plot_reliability
from experiments.plots.robustness import Panel, plot_changes
from experiments.records import Robustness
from experiments.report.document import Picture, Section, Table, Text
from experiments.report.findings import spread
from experiments.report.reading import Unusable, read_added
from experiments.run_folder import ROBUSTNESS

# Kinds that are no corruption: title, unit, and the level of the table.
_OTHERS = {
    "occlusion_random": ("hidden at random", "% of the area", 30),
    "occlusion_peak": ("hidden at the saliency peak", "% of the area", 30),
    "fgsm": ("attacked (FGSM)", "step, of 255", 1),
}
_TITLES = {"jpeg": "JPEG compression", "pixelate": "pixels in blocks"}
_CLEAN = "clean"


class ArmRobustness(NamedTuple):
    """Errors of one arm on changed images.

    Attributes:
        seeds: list[int], those that have been judged.
        errors: {kind: {level: [top-1 error in %, one a seed]}}.
        figures: {name: `findings.Spread`}: mean_corruption_error in % of the
            reference's, occlusion_random, occlusion_peak and fgsm at the
            level of the table, clean_calibration_error,
            corrupted_calibration_error, in %.
        reliability: {"clean", "corrupted": bins (B, 3)}, means over seeds.
    """

    seeds: list
    errors: dict
    figures: dict
    reliability: dict


def summarize_robustness(group):
    """Summarizes the robustness of a group's arms.

    Args:
        group: `groups.Group`.

    Returns:
        {arm: `ArmRobustness`} of the arms with a judged run, those alone that
        were judged like the first of them, and sentences on what is lacking.
        Without the reference there is no mean_corruption_error.
    """
    read, lacking, first = {}, [], None
    for run in group.runs:
        try:
            content = read_added(run, ROBUSTNESS, Robustness)
        except Unusable as error:
            lacking.append(f"{run.path} is not shown: {error}.")
            continue
        if content is None:
            continue
        first = first or content
        if _manner(content) != _manner(first):
            lacking.append(f"{run.path} was evaluated in another way.")
            continue
        read.setdefault(run.name, {})[run.seed] = content
    if not read:
        return {}, lacking
    evaluated = sum(map(len, read.values()))
    if evaluated < len(group.runs):
        lacking.append(
            f"Evaluated were {evaluated} of {counted(len(group.runs), 'run')}."
        )
    errors = {arm: _errors(list(each.values())) for arm, each in read.items()}
    base = errors.get(group.reference.name)
    return {
        arm: ArmRobustness(
            list(by_seed),
            errors[arm],
            _figures(list(by_seed.values()), errors[arm], base),
            _reliability(list(by_seed.values())),
        )
        for arm, by_seed in read.items()
    }, lacking


def _manner(content):
    """The settings and conditions that networks must share to be compared."""
    conditions = [(each.kind, each.level) for each in content.conditions]
    return content.settings, conditions


def _errors(contents):
    found = {}
    for content in contents:
        for each in content.conditions:
            levels = found.setdefault(each.kind, {})
            levels.setdefault(each.level, []).append(each.top1_error)
    return found


def _figures(contents, errors, base):
    found = {
        "clean": errors[_CLEAN][0],
        **{kind: errors[kind][level] for kind, (*_, level) in _OTHERS.items()},
        **{
            f"{where}_calibration_error": [
                getattr(content.calibration, where).calibration_error
                for content in contents
            ]
            for where in (_CLEAN, "corrupted")
        },
    }
    if base is not None:
        ratios = [
            np.sum(list(levels.values()), 0)
            / np.mean(list(base[kind].values()), 1).sum()
            for kind, levels in errors.items()
            if kind not in (_CLEAN, *_OTHERS)
            # An error of 0 in all cases is no base of a share.
            and np.any(list(base[kind].values()))
        ]
        if ratios:
            found["mean_corruption_error"] = 100 * np.mean(ratios, 0)
    spreads = {name: spread(values) for name, values in found.items()}
    return {name: each for name, each in spreads.items() if each is not None}


def _reliability(contents):
    found = {}
    for where in (_CLEAN, "corrupted"):
        bins = [
            getattr(each.calibration, where).reliability for each in contents
        ]
        # Folds of a few images may have other numbers of bins.
        same = [each for each in bins if len(each) == len(bins[0])]
        found[where] = np.mean(same, 0).tolist()
    return found


_COLUMNS = {
    "clean": "top-1 error, %",
    "mean_corruption_error": "mean corruption error, % of {}'s",
    "occlusion_random": "error, 30 % hidden at random",
    "occlusion_peak": "error, 30 % hidden at the peak",
    "fgsm": "error, FGSM 1/255",
    "clean_calibration_error": "calibration error, %",
    "corrupted_calibration_error": "calibration error, corrupted, %",
}


def section(material):
    """The section, or None where no run has been judged."""
    found, lacking = summarize_robustness(material.group)
    warned = [Text(lacking, "warning")] if lacking else []
    if not found:
        return Section("Robustness", warned) if warned else None
    names, labels = material.names, material.labels
    reference = names(material.group.reference.name)
    rows = [
        {
            "arm": names(arm),
            "seeds": len(each.seeds),
            **{
                title.format(reference): spread_cell(each.figures.get(name), 2)
                for name, title in _COLUMNS.items()
            },
        }
        for arm, each in found.items()
    ]
    text = [
        "The val images, changed: corrupted as in ImageNet-C in six ways at "
        "five severities, with a square of the image's mean color on them, "
        "and attacked with the fast gradient sign method. All arms were judged "
        "on the same changed images, but for the attack, which is on each "
        "network.",
        "The mean corruption error is a mean over corruptions of the error at "
        f"all severities together, as a share of {reference}'s. Differences "
        "here have no intervals: they are to be looked at, not to be claimed.",
    ]
    figure = plot_changes(_panels(found, labels), material.colors)
    drawn = "Top-1 error against the strength of each change, a line an arm."
    reliability = {
        where: {
            labels[arm]: each.reliability[where] for arm, each in found.items()
        }
        for where in (_CLEAN, "corrupted")
    }
    return Section(
        "Robustness",
        [
            Text(text),
            *warned,
            Table(rows, "robustness.csv"),
            Picture("robustness", figure, drawn),
            Picture(
                "reliability",
                plot_reliability(reliability, material.colors),
                "Accuracy against confidence on clean and on corrupted "
                "images; on the dashed line they agree.",
            ),
        ],
    )


def _panels(found, labels):
    clean = {arm: each.errors[_CLEAN][0] for arm, each in found.items()}
    panels = []
    for kind in next(iter(found.values())).errors:
        if kind == _CLEAN:
            continue
        title, unit, _ = _OTHERS.get(
            kind, (_TITLES.get(kind, kind), "severity", None)
        )
        levels = tuple(next(iter(found.values())).errors[kind])
        panels.append(
            Panel(
                title,
                unit,
                (0, *levels),
                {
                    labels[arm]: np.transpose(
                        [clean[arm], *each.errors[kind].values()]
                    )
                    for arm, each in found.items()
                },
            )
        )
    return panels
