"""Sections that show more than they say."""

import numpy as np

from experiments.errors import ConfigError
from experiments.plots import calibration, confusion, counts, curves, images
from experiments.report.document import Picture, Section, Text
from experiments.report.material import as_published
from experiments.report.previews import (
    originals,
    preview,
    read_originals,
    resize,
)
from experiments.report.wording import isolated
from pipelines.shapes import CLASS_NAMES

_CURVES = {
    "accuracy": "Top-1 accuracy",
    "error": "Top-1 error",
    "loss": "Cross-entropy",
}


def draw_curves(material):
    return Section("Curves", _plot_curves(material, "error", "loss"))


def draw_accuracy(material):
    """The curves of the error, upside down."""
    return Section(
        "Curves of accuracy", _plot_curves(material, "accuracy"), True
    )


def _plot_curves(material, *names):
    group, labels = material.group, material.labels
    histories = {
        labels[arm.name]: [run.history for run in arm.runs]
        for arm in group.arms
    }
    published = {
        labels[arm]: (as_published(material, arm, labels[arm]), each.curve)
        for arm, each in material.published.items()
        if each.curve is not None
    }
    return [
        Picture(
            name,
            curves.plot_arms(histories, published, name, ""),
            f"{_CURVES[name]} in training and in validation over epochs, a "
            "line an arm.",
        )
        for name in names
    ]


def previews(material):
    """A picture of the same images, as each arm's training shows them."""
    rows, lacking = {}, []
    class_names = material.group.class_names
    own = None
    if not material.drawn_previews:
        first_run = material.group.reference.runs[0]
        own = read_originals(first_run.path, class_names)
    for arm in material.group.arms:
        try:
            rows[material.labels[arm.name]] = preview(arm.config, own)
        except ConfigError as error:
            name = isolated(material.names(arm.name))
            lacking.append(f"{name} cannot be shown: {error}.")
    blocks = [Text(lacking)] if lacking else []
    if rows:
        first, _ = next(iter(rows.values()))
        if all(arm.config.get("augment") for arm in material.group.arms):
            side = len(first[0])
            if own is None:
                rows = {"as drawn": originals(side), **rows}
            else:
                rows = {"original": (resize(own[0], side), own[1]), **rows}
        which = "drawn images" if own is None else "images of the study"
        text = (
            f"The same {which} as each arm's training shows them, a row an "
            "arm; where labels are mixed, their shares."
        )
        names = CLASS_NAMES if own is None else class_names
        figure = images.plot_rows(rows, names, "")
        blocks = [Text([text]), Picture("previews", figure, text), *blocks]
    return Section("What training shows", blocks)


def image_counts(material):
    """Bar charts of the images that arms had of each class."""
    arms = {material.labels[a.name]: a.runs for a in material.group.arms}
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


def merge_counts(arms):
    """Numbers of images in the data.json files of all runs.

    Args:
        arms: {experiment: `runs.Run`s}.

    Returns:
        {data set: {split: {class: images}}}, splits for training first. Where
        an arm uses another part of a split than those before it, that part is
        named "SPLIT (ARM)".
    """
    merged, trained_on = {}, set()
    for arm, runs in arms.items():
        # The seeds of an arm have the same data; folds, as good as the same.
        content = runs[0].data
        splits = merged.setdefault(content.name, {})
        trained_on.add(content.train)
        for split, sizes in content.splits.items():
            # Arms may use different parts of a split.
            if sizes and splits.setdefault(split, sizes) != sizes:
                splits[f"{split} ({arm})"] = sizes
    return {
        name: {
            split: splits[split]
            for split in sorted(
                splits,
                key=lambda split: split.partition(" ")[0] not in trained_on,
            )
        }
        for name, splits in merged.items()
        if splits
    }


def confusions(material):
    findings, labels = material.findings, material.labels
    if not findings.images:
        return None
    panels = {}
    for arm in findings.arms:
        panels[labels[arm.name]] = _panel(arm.confusion, findings.class_names)
        published = material.published.get(arm.name)
        if published is not None and published.confusion is not None:
            label = as_published(material, arm.name, labels[arm.name])
            panels[label] = _panel(published.confusion, published.class_names)
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
    group, labels = material.group, material.labels
    if not group.images:
        return None
    pooled = {}
    for arm in group.arms:
        outcomes = group.predictions(arm)
        pooled[labels[arm.name]] = tuple(
            [value for each in outcomes for value in column(each)]
            for column in (lambda p: p.confidence, lambda p: p.right)
        )
    figure = calibration.plot_calibration(pooled, material.colors, "")
    text = "Accuracy against confidence; on the dashed line they agree."
    return Section("Calibration", [Picture("calibration", figure, text)], True)
