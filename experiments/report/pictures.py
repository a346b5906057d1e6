"""Sections that show more than they say."""

import numpy as np

from experiments.plots import calibration, confusion, counts, curves
from experiments.report.blocks import Picture, Section
from experiments.report.counts import merge_counts
from experiments.report.material import published_label


def all_curves(material):
    group, names = material.group, material.names
    histories = {
        names(arm.name): [run.history for run in arm.runs] for arm in group.arms
    }
    published = {
        names(arm): (published_label(material, arm), each.curve)
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


def confusions(material):
    findings, names = material.findings, material.names
    if not findings.images:
        return None
    panels = {}
    for arm in findings.arms:
        panels[names(arm.name)] = _panel(arm.confusion, findings.class_names)
        published = material.published.get(arm.name)
        if published is not None and published.confusion is not None:
            panels[published_label(material, arm.name)] = _panel(
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
    if not group.images:
        return None
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
