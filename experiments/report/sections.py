"""The sections of a report, in their order.

A section is a function of `Material` that returns a `Section`, or None where
the runs hold nothing for it; its place is its place in `ORDER`.
"""

import shlex
from typing import NamedTuple

import numpy as np

from experiments.configs.registry import EXPERIMENTS, STUDIES
from experiments.configs.schema import as_json
from experiments.plots import (
    calibration,
    confusion,
    counts,
    curves,
    forest,
    style,
)
from experiments.report import wording
from experiments.report.arms import Group
from experiments.report.blocks import Code, Picture, Section, Table, Text
from experiments.report.counts import merge_counts
from experiments.report.findings import Findings
from experiments.report.published.results import published_notes
from pipelines.config_differences import differences

# How many classes are shown that gained most, and that lost most.
_CLASSES = 5


class Material(NamedTuple):
    """What the sections are made from.

    Attributes:
        group: `arms.Group`.
        findings: `findings.Findings`.
        published: {arm: `published.results.Published`}.
        left_out: `runs.LeftOut`s.
    """

    group: Group
    findings: Findings
    published: dict
    left_out: list

    @property
    def names(self):
        return wording.names_of(self.findings)

    @property
    def colors(self):
        return style.colors_of(
            self.names(arm.name) for arm in self.findings.arms
        )


def sections_of(material):
    """The sections that there is something to say in."""
    return [made for make in ORDER if (made := make(material)) is not None]


def answer(material):
    findings = material.findings
    names = material.names
    reference, *others = (names(arm.name) for arm in findings.arms)
    question = f"Does {_either(others)} help, against {reference}?"
    blocks = [
        *([Text([question])] if others else []),
        Text(wording.answer(findings), "answer"),
    ]
    warned = list(wording.warnings(findings))
    if warned:
        blocks.append(Text(warned, "warning"))
    return Section("Question and answer", blocks)


def _either(names):
    *others, last = names or [""]
    return f"{', '.join(others)} or {last}" if others else last


def forest_plot(material):
    findings = material.findings
    if not findings.differences:
        return None
    names, colors = material.names, material.colors
    reference = names(findings.arms[0].name)
    base = findings.arms[0].figures["top1_error"].mean
    seeds = {
        arm.name: [base - e for e in arm.figures["top1_error"].values]
        for arm in findings.arms
    }
    rows = [
        forest.Row(
            names(each.arm),
            colors[names(each.arm)],
            each.difference,
            each.low,
            each.high,
            seeds[each.arm],
        )
        for each in findings.differences
    ]
    once = any(d.verdict == "trained_once" for d in findings.differences)
    title = (
        "95 % intervals over the images alone: trained once"
        if once
        else "95 % intervals that hold for all arms together; a dot a seed"
    )
    table = [
        {
            "arm": names(each.arm),
            "against": reference,
            "difference, points": f"{each.difference:+.2f}",
            "95 % interval": f"{each.low:+.2f} to {each.high:+.2f}",
            "verdict": each.verdict.replace("_", " "),
            "detectable, points": _number(each.detectable),
        }
        for each in findings.differences
    ]
    listed = "; ".join(
        f"{row['arm']} {row['difference, points']} ({row['95 % interval']})"
        for row in table
    )
    figure = forest.plot_forest(rows, reference, title)
    return Section(
        "Differences",
        [
            Picture(
                "differences",
                figure,
                f"Differences in top-1 accuracy to {reference}, points: "
                f"{listed}.",
            ),
            Table(table, "differences.csv"),
        ],
    )


def _number(value, digits=2):
    return "n/a" if value is None else f"{value:.{digits}f}"


def settings(material):
    findings, names = material.findings, material.names
    table = findings.settings.table
    if len(findings.arms) == 1:
        return None
    if not table:
        return Section(
            "What differed", [Text(["Nothing but the name and the seeds."])]
        )
    rows = [
        {
            "setting": field,
            **{names(arm): _shown(value) for arm, value in values.items()},
        }
        for field, values in table.items()
    ]
    return Section("What differed", [Table(rows, "settings.csv")])


def _shown(value):
    """For example "RandomCrop(padding=8), RandomFlip()"."""
    if not isinstance(value, list):
        return value
    return ", ".join(
        f"{each['layer']}("
        + ", ".join(f"{k}={v}" for k, v in each["options"].items())
        + ")"
        if isinstance(each, dict) and "layer" in each
        else str(each)
        for each in value
    )


_COLUMNS = {
    "top1_error": ("top-1 error, %", 2),
    "top5_error": ("top-5 error, %", 2),
    "chosen_top1_error": ("top-1 error at the chosen epoch, %", 2),
    "loss": ("loss", 3),
    "calibration_error": ("calibration error, %", 2),
    "precision": ("precision, %", 2),
    "recall": ("recall, %", 2),
    "f1": ("F1, %", 2),
    "seconds": ("seconds", 0),
    "images_per_second": ("images/s", 0),
}


def results(material):
    findings, names = material.findings, material.names
    measured = {key for arm in findings.arms for key in arm.figures}
    columns = {k: v for k, v in _COLUMNS.items() if k in measured}
    rows = []
    for arm in findings.arms:
        rows.append(
            {
                "arm": names(arm.name),
                "seeds": len(arm.seeds),
                "epochs": "-".join(map(str, arm.epochs)),
                **{
                    title: _spread(arm.figures.get(key), digits)
                    for key, (title, digits) in columns.items()
                },
            }
        )
        if arm.name in material.published:
            rows.append(_published_row(material, arm.name, columns))
    text = [
        "Mean ± standard deviation over seeds, of the last epoch, on "
        f"{findings.images:,} images."
    ]
    if material.published:
        text.append("Rows marked as published were not measured here.")
        text += published_notes(material.published, names)
    return Section("Results", [Text(text), Table(rows, "comparison.csv")])


def _spread(spread, digits):
    if spread is None:
        return "n/a"
    mean = f"{spread.mean:,.{digits}f}"
    if spread.deviation is None:
        return mean
    return f"{mean} ± {spread.deviation:,.{digits}f}"


def _published_row(material, arm, columns):
    published = material.published[arm]
    return {
        "arm": _published_label(material, arm),
        "seeds": 1,
        "epochs": str(published.epochs),
        **{
            title: _number(published.figures.get(key), digits)
            for key, (title, digits) in columns.items()
        },
    }


def _published_label(material, arm):
    label = f"{material.names(arm)}, as published"
    differs = material.published[arm].differs
    if differs:
        label += f" (with other {', '.join(differs)})"
    return label


def all_curves(material):
    group, names = material.group, material.names
    histories = {
        names(arm.name): [run.history for run in arm.runs] for arm in group.arms
    }
    published = {
        names(arm): (_published_label(material, arm), each.curve)
        for arm, each in material.published.items()
        if each.curve is not None
    }
    texts = {
        "accuracy": "Top-1 accuracy on the validation images",
        "error": "Top-1 error on the validation images",
        "loss": "Cross-entropy on the validation images",
    }
    return Section(
        "Curves",
        [
            Picture(
                name,
                curves.plot_arms(histories, published, name, ""),
                f"{text} over epochs, a line an arm.",
            )
            for name, text in texts.items()
        ],
    )


def images(material):
    """How many images each arm had of each class."""
    arms = {material.names(a.name): a.runs for a in material.group.arms}
    pictures = [
        Picture(
            f"counts_{data_set}",
            counts.plot_counts(splits, f"Images of {data_set}"),
            "Images in each split: "
            + "; ".join(
                f"{split} {sum(each.values()):,}"
                for split, each in splits.items()
            )
            + ".",
        )
        for data_set, splits in merge_counts(arms).items()
    ]
    return Section("Images", pictures, True) if pictures else None


def classes(material):
    findings, names = material.findings, material.names
    compared = [arm for arm in findings.arms if arm.classes]
    if not compared or findings.crossed:
        return None
    rows = []
    for arm in compared:
        few = len(arm.classes) <= 2 * _CLASSES
        shown = (
            arm.classes
            if few
            else [*arm.classes[:_CLASSES], *arm.classes[-_CLASSES:]]
        )
        rows += [
            {
                "arm": names(arm.name),
                "class": each.class_name,
                "predictions": each.images,
                "difference, points": f"{each.difference:+.1f}",
            }
            for each in shown
        ]
    text = (
        "Where the arms differ most from "
        f"{names(findings.arms[0].name)}, in accuracy on the images of one "
        "class. Exploratory: of many classes some differ by chance."
    )
    return Section("Classes", [Text([text]), Table(rows, "classes.csv")], True)


def confusions(material):
    findings, names = material.findings, material.names
    panels = {}
    for arm in findings.arms:
        panels[names(arm.name)] = _panel(arm.confusion, findings.class_names)
        published = material.published.get(arm.name)
        if published is not None and published.confusion is not None:
            panels[_published_label(material, arm.name)] = _panel(
                published.confusion, published.class_names
            )
    return Section(
        "Confusion",
        [
            Picture(
                "confusion",
                confusion.plot_confusions(panels, ""),
                "Confusion matrices: rows are true classes, columns what was "
                "predicted, all seeds together.",
            )
        ],
        True,
    )


def _panel(matrix, class_names):
    """Labels and predictions that give this matrix of counts."""
    labels, predicted = (
        np.repeat(indices, matrix.ravel())
        for indices in map(np.ravel, np.indices(matrix.shape))
    )
    return labels, predicted, class_names


def calibrations(material):
    group, names = material.group, material.names
    pooled = {}
    for arm in group.arms:
        said = group.predictions(arm)
        pooled[names(arm.name)] = tuple(
            [value for each in said for value in column(each)]
            for column in (lambda p: p.confidence, lambda p: p.right)
        )
    figure = calibration.plot_calibration(pooled, material.colors, "")
    text = "Accuracy against confidence; on the dashed line they agree."
    return Section("Calibration", [Picture("calibration", figure, text)], True)


def origins(material):
    """Runs in and out, versions, hardware, commands."""
    group = material.group
    used = [
        {
            "run": str(run.path),
            "seed": run.seed,
            "epochs": len(run.history),
            **_surroundings(run.environment),
        }
        for arm in group.arms
        for run in arm.runs
    ]
    blocks = [Text([f"{len(used)} runs:"]), Table(used, "runs.csv")]
    if material.left_out:
        rows = [
            {"folder": str(path), "reason": reason}
            for path, reason in material.left_out
        ]
        blocks += [Text(["Left out:"]), Table(rows, "left_out.csv")]
    notes = {
        note: None
        for arm in group.arms
        for run in arm.runs
        for note in run.data.get("notes", [])
    }
    if notes:
        blocks.append(Text([f"Data: {note}." for note in notes]))
    blocks += [Text(["Made by:"]), Code("\n".join(_commands(group)))]
    return Section("Runs", blocks, True)


def _surroundings(environment):
    packages = environment.get("packages", {})
    return {
        "devices": ", ".join(environment.get("devices", [])) or "n/a",
        "precision": environment.get("precision", "n/a"),
        "tensorflow": packages.get("tensorflow", "n/a"),
        "keras": packages.get("keras", "n/a"),
        "revision": (environment.get("git_revision") or "n/a")[:10],
    }


def _commands(group):
    if group.title in STUDIES:
        seeds = max(len(arm.seeds) for arm in group.arms)
        changed = _assignments(group.reference.config)
        yield f"python main.py --study={group.title} --seeds={seeds}{changed}"
        return
    for arm in group.arms:
        for seed in arm.seeds:
            yield (
                f"python main.py --experiment={arm.name} --seed={seed}"
                f"{_assignments(arm.config)}"
            )


def _assignments(config):
    """How the config differs from the recipe of its name, as --set."""
    recipe = EXPERIMENTS.get(config["name"])
    if recipe is None:
        return ""
    changed = differences(as_json(recipe), config)
    return "".join(
        f" --set {shlex.quote(f'{field}={value}')}"
        for field, _, value in changed
    )


def reading(material):
    return Section(
        "How to read this", [Text(list(wording.notes(material.findings)))], True
    )


ORDER = (
    answer,
    forest_plot,
    settings,
    results,
    all_curves,
    images,
    classes,
    confusions,
    calibrations,
    origins,
    reading,
)
