"""Predictions of a network, and the figures that follow from them."""

import difflib
import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from sklearn.metrics import accuracy_score, precision_recall_fscore_support

from experiments.errors import ConfigError
from pipelines.files.arrays import Damaged, read_arrays

# Two accuracies of one network differ by at most this: one is the mean of
# float32 batches, the other counts predictions.
ACCURACY_TOLERANCE = 1e-4
# The least probability whose logarithm is taken.
_LEAST = 1e-30
# The most that probabilities, which are float32, differ from 1 in sum.
_SUM_TOLERANCE = 1e-3
# Classes are unequal if the largest has more than so many times the images of
# the smallest.
_UNEQUAL = 2
# Share of all predictions, and of those on images of other classes, from which
# on a network has learned little but to name one class.
_NEARLY_ALL, _OF_OTHERS = 0.95, 0.9


@dataclass(frozen=True, eq=False)
class Predictions:
    """Probabilities that a network gives to labelled images.

    Attributes:
        class_names: Sequence of strings.
        ids: str (N,), one of each image.
        labels: int (N,), indices into `class_names`.
        probabilities: float (N, outputs); outputs >= classes.

    Example:

    >>> import numpy as np
    >>> from experiments.metrics import Predictions
    >>> probabilities = np.array([[0.9, 0.1], [0.6, 0.4]])
    >>> names, ids = ("cats", "dogs"), ("1.png", "2.png")
    >>> found = Predictions(names, ids, np.array([0, 1]), probabilities)
    >>> found.accuracy, round(float(found.loss), 3)
    (0.5, 0.511)
    """

    class_names: tuple
    ids: np.ndarray
    labels: np.ndarray
    probabilities: np.ndarray

    @cached_property
    def predicted(self):
        """int (N,), the likeliest output."""
        return self.probabilities.argmax(-1)

    @cached_property
    def right(self):
        """bool (N,), whether the label is predicted."""
        return self.predicted == self.labels

    @cached_property
    def confidence(self):
        """float64 (N,), the probability of the predicted output."""
        return self.probabilities.max(-1).astype(np.float64)

    @cached_property
    def in_top5(self):
        """bool (N,), whether the label is among the five likeliest outputs."""
        likelier = self.probabilities > self._of_label[:, None]
        return likelier.sum(-1) < 5

    @cached_property
    def nll(self):
        """float64 (N,), the negative log-likelihood of the label in nats."""
        return -np.log(np.maximum(self._of_label, _LEAST))

    @property
    def accuracy(self):
        """float in [0, 1]."""
        return float(self.right.mean())

    @property
    def top5_accuracy(self):
        """float in [0, 1]."""
        return float(self.in_top5.mean())

    @property
    def loss(self):
        """The mean of `nll`, the cross-entropy."""
        return float(self.nll.mean())

    @property
    def calibration_error(self):
        """float in [0, 1]; see `calibration_error`."""
        return calibration_error(self.confidence, self.right)

    def classification_metrics(self, positive_class=None):
        """See `classification_metrics`."""
        return classification_metrics(
            self.labels, self.predicted, self.class_names, positive_class
        )

    @property
    def _of_label(self):
        chosen = np.arange(len(self.labels))
        return self.probabilities[chosen, self.labels].astype(np.float64)

    def write(self, path):
        """Writes predictions.npz, which `read_predictions` reads."""
        np.savez_compressed(
            path,
            probabilities=self.probabilities,
            labels=self.labels,
            ids=np.array(self.ids),
            class_names=np.array(self.class_names),
        )


def read_predictions(path):
    """The `Predictions` of a file; nothing in it is executed.

    Args:
        path: A `pathlib.Path` of predictions.npz.

    Raises:
        FileNotFoundError: if there is no such file.
        Damaged: if the file cannot be read, columns are missing or do not fit,
            a label is no class, an id is repeated, or rows do not sum to 1.
    """
    content = read_arrays(path)
    missing = {"probabilities", "labels", "ids", "class_names"} - set(content)
    if missing:
        raise Damaged(f"has no {', '.join(sorted(missing))}")
    if any(content[n].ndim != 1 for n in ("labels", "ids", "class_names")):
        raise Damaged("holds columns that do not fit")
    try:
        ids, names = (
            content[column].astype(str) for column in ("ids", "class_names")
        )
    except UnicodeDecodeError:
        raise Damaged("holds names that are no text") from None
    found = Predictions(
        tuple(names.tolist()),
        ids,
        content["labels"],
        content["probabilities"],
    )
    _check(found)
    return found


def _check(found):
    probabilities, labels = found.probabilities, found.labels
    if probabilities.ndim != 2 or probabilities.dtype.kind != "f":
        raise Damaged("holds no table of probabilities")
    same = len(probabilities) == len(labels) == len(found.ids) > 0
    enough = probabilities.shape[1] >= len(found.class_names)
    if not same or not enough or labels.dtype.kind not in "iu":
        raise Damaged("holds columns that do not fit")
    sums = probabilities.sum(-1, dtype=np.float64)
    # Not a number is not close either.
    if not (np.abs(sums - 1) < _SUM_TOLERANCE).all() or probabilities.min() < 0:
        raise Damaged("holds rows that are not probabilities with a sum of 1")
    if labels.min() < 0 or labels.max() >= len(found.class_names):
        raise Damaged("holds labels that are no class")
    if len(set(found.ids.tolist())) < len(found.ids):
        raise Damaged("names an image twice")


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
        predictions (N), accuracy, balanced_accuracy (without weights, see
        `balanced_accuracy`), precision, recall, f1 (in [0, 1]).

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
        "balanced_accuracy": balanced_accuracy(labels, predicted),
        "precision": precision,
        "recall": recall,
        "f1": f1,
    }


def balanced_accuracy(labels, predicted):
    """The mean over classes of the accuracy on the images of each.

    Args:
        labels, predicted: As for `classification_metrics`.

    Returns:
        float in [0, 1].
    """
    labels = np.asarray(labels)
    right = np.bincount(labels, labels == predicted)
    images = np.bincount(labels)
    return float((right[images > 0] / images[images > 0]).mean())


def are_unequal(counts):
    """Tells if classes differ so much in size that accuracy may deceive.

    Args:
        counts: Numbers of images; classes without images do not count.

    Example:

    >>> from experiments.metrics import are_unequal
    >>> are_unequal([300, 20, 2]), are_unequal([60, 40, 0])
    (True, False)
    """
    counts = [count for count in counts if count]
    return bool(counts) and max(counts) > _UNEQUAL * min(counts)


def describe_unequal_classes(counts):
    """Names the smallest and the largest class.

    Args:
        counts: {class name: number of images}, some above 0.

    Returns:
        A sentence without a full stop; None if classes are about equal.
    """
    if not are_unequal(counts.values()):
        return None
    there = {name: count for name, count in counts.items() if count}
    least, most = (pick(there, key=there.get) for pick in (min, max))
    return (
        f"classes are unequal: {most} has {there[most]:,} training images, "
        f"{least} {there[least]:,}; look at the balanced error, in which "
        "classes weigh the same"
    )


def locate_dominant_class(labels, predicted):
    """The class that is named for nearly all images, of all classes alike.

    Args:
        labels, predicted: int (N,).

    Returns:
        Its index; None if there is none.
    """
    index = int(np.bincount(predicted).argmax())
    named, others = predicted == index, labels != index
    if named.mean() < _NEARLY_ALL or not others.any():
        return None
    return index if named[others].mean() >= _OF_OTHERS else None


def calibration_bins(confidence, right, bins=15):
    """Confidence and accuracy in bins of equally many predictions.

    Args:
        confidence: Float (N,), in [0, 1].
        right: Bool (N,).
        bins: Their number; fewer if there are fewer predictions.

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
