"""Accuracy, precision, recall and F1, by scikit-learn."""

import difflib
import math

import numpy as np
from sklearn.metrics import accuracy_score, precision_recall_fscore_support

from experiments.errors import ConfigError


def classification_metrics(
    labels, predicted, class_names, positive_class=None, weights=None
):
    """Accuracy, precision, recall and F1, by scikit-learn.

    What is undefined is None with a positive class: the precision of a model
    that never predicts it (its F1 is 0 if it should have), the recall where
    no image has it. In a macro average such a class counts as 0, as in
    scikit-learn; leaving it out would reward a model for never naming it.

    Args:
        labels: Int (N,), indices into `class_names`; at least one.
        predicted: Int (N,); may go beyond `class_names` where a network has
            more outputs than the data has classes.
        class_names: Sequence of strings.
        positive_class: One of `class_names`: precision, recall and F1 are
            of that class against all others. None: they are macro averages,
            over the classes that have images.
        weights: Float (N,), of each prediction; None: all weigh the same.

    Returns:
        A dictionary: average ("positive class" or "macro"), positive_class,
        predictions (N), accuracy, precision, recall, f1 (in [0, 1]).

    Raises:
        ConfigError: if `positive_class` is not one of `class_names`.

    Example:
        classification_metrics([0, 1, 1], [0, 1, 0], ["cats", "dogs"], "dogs")
        # {..., "precision": 1.0, "recall": 0.5, "f1": 0.667, ...}
    """
    if positive_class is None:
        average, classes, undefined = "macro", np.unique(labels), 0.0
    else:
        index = positive_index(class_names, positive_class)
        average, classes, undefined = "positive class", [index], np.nan
    values = precision_recall_fscore_support(
        labels,
        predicted,
        labels=classes,
        average="macro",
        sample_weight=weights,
        zero_division=undefined,
    )
    precision, recall, f1 = (
        None if math.isnan(value) else float(value) for value in values[:3]
    )
    return {
        "average": average,
        "positive_class": positive_class,
        "predictions": len(labels),
        "accuracy": float(
            accuracy_score(labels, predicted, sample_weight=weights)
        ),
        "precision": precision,
        "recall": recall,
        "f1": f1,
    }


def calibration_bins(confidence, right, bins=15):
    """Confidence and accuracy in bins of equally many predictions.

    Args:
        confidence: Float (N,), in [0, 1].
        right: Bool (N,).
        bins: Their number; fewer where there are fewer predictions.

    Returns:
        List of (mean confidence, accuracy, share of the predictions), from
        the least confident bin to the most.
    """
    order = np.argsort(confidence, kind="stable")
    parts = np.array_split(order, min(bins, len(order)))
    return [
        (
            float(np.mean(np.asarray(confidence)[part])),
            float(np.mean(np.asarray(right)[part])),
            len(part) / len(order),
        )
        for part in parts
    ]


def calibration_error(confidence, right, bins=15):
    """Expected calibration error, in [0, 1], over bins of equal mass.

    References:
        Guo et al., "On calibration of modern neural networks", 2017; Nguyen
        and O'Connor, "Posterior calibration and exploratory analysis", 2015,
        for bins of equal mass.
    """
    return sum(
        share * abs(sure - accuracy)
        for sure, accuracy, share in calibration_bins(confidence, right, bins)
    )


def positive_index(class_names, positive_class):
    """The index of the positive class.

    Raises:
        ConfigError: if there is no such class.
    """
    names = list(class_names)
    if positive_class in names:
        return names.index(positive_class)
    known = difflib.get_close_matches(positive_class, names, 5) or names[:10]
    raise ConfigError(
        f"positive_class={positive_class!r} is not a class of the data; set "
        f"it to one of its {len(names)} classes, such as {', '.join(known)}."
    )
