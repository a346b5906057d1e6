"""What the networks of an arm said of each image, and what follows from it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from experiments.metrics import classification_metrics, positive_index
from experiments.report.intervals import (
    bootstrap_intervals,
    wilson_interval,
)


@dataclass(frozen=True)
class Judgements:
    """The predictions of all runs of an arm; an image may have several.

    Args:
        class_names: Tuple of strings.
        positive_class: One of them, or None.
        ids: Strings (N,), which image it is.
        labels: Int (N,).
        predicted: Int (N,).
    """

    class_names: tuple
    positive_class: str | None
    ids: np.ndarray
    labels: np.ndarray
    predicted: np.ndarray

    @cached_property
    def names(self):
        """The metrics that make sense here, as in the report's columns."""
        if self.positive_class is None:
            return ("accuracy",)
        return ("precision", "recall", "F1", "accuracy")

    @cached_property
    def images(self):
        """Number of distinct images."""
        return len(self.shares)

    @cached_property
    def shares(self):
        """Of each image's predictions, the share that is ...

        Float (images, 1), right; or with a positive class (images, 4): right,
        true positive, false positive, false negative. Images in the order of
        their ids.
        """
        columns = [self.predicted == self.labels]
        if self.positive_class is not None:
            index = positive_index(self.class_names, self.positive_class)
            is_positive = self.labels == index
            called = self.predicted == index
            columns += [
                called & is_positive,
                called & ~is_positive,
                ~called & is_positive,
            ]
        sums = [np.bincount(self._image, column) for column in columns]
        return np.stack(sums, axis=1) / np.bincount(self._image)[:, None]

    @cached_property
    def _image(self):
        return np.unique(self.ids, return_inverse=True)[1]

    @cached_property
    def question(self):
        """Equal for arms that can be compared image by image."""
        order = np.argsort(self.ids, kind="stable")
        pairs = zip(self.ids[order], self.labels[order].tolist(), strict=True)
        images = tuple(dict.fromkeys(pairs))
        return self.class_names, self.positive_class, images

    @cached_property
    def metrics(self):
        """{name: value in [0, 1], or None where it is undefined}.

        Every image weighs the same, however often it was judged.
        """
        values = classification_metrics(
            self.labels,
            self.predicted,
            self.class_names,
            self.positive_class,
            weights=1 / np.bincount(self._image)[self._image],
        )
        return {name: values[name.lower()] for name in self.names}

    @cached_property
    def intervals(self):
        """{name: (low, high), or None where the metric is undefined}."""
        # What each proportion is a proportion of, counted in images.
        sizes = {"accuracy": self.images}
        if self.positive_class is not None:
            _, true, false, missed = self.shares.sum(0)
            sizes |= {"precision": true + false, "recall": true + missed}
        found = {}
        for name, value in self.metrics.items():
            if value is None:
                found[name] = None
            elif name in sizes:
                found[name] = wilson_interval(value, sizes[name])
            else:
                bounds = bootstrap_intervals(_f1, self.shares, widest=(0, 1))
                found[name] = tuple(bounds[0])
        return found


def differences(first, other):
    """How far another arm lies above the first, on the same images.

    Args:
        first, other: `Judgements` with equal `question`.

    Returns:
        {metric: (difference, low, high), or None where it is undefined}.
    """
    columns = first.shares.shape[1]
    intervals = bootstrap_intervals(
        lambda mean: (
            metrics_of_shares(mean[columns:])
            - metrics_of_shares(mean[:columns])
        ),
        np.hstack([first.shares, other.shares]),
        widest=(-1, 1),
    )
    # Sums of thirds can miss 0 by 1e-17.
    intervals = np.round(intervals, 12) + 0.0
    found = {}
    for name, interval in zip(first.names, intervals, strict=True):
        values = first.metrics[name], other.metrics[name]
        found[name] = (
            None if None in values else (values[1] - values[0], *interval)
        )
    return found


def metrics_of_shares(mean):
    """The metrics of many resamples at once, which scikit-learn has not.

    Args:
        mean: Float (1 or 4, resamples), means of `Judgements.shares`.

    Returns:
        Float (metrics, resamples), in the order of `Judgements.names`.
    """
    if len(mean) == 1:
        return mean
    right, true, false, missed = mean
    return np.concatenate(
        [
            [_ratio(true, true + false), _ratio(true, true + missed)],
            _f1(mean),
            [right],
        ]
    )


def _f1(mean):
    _, true, false, missed = mean
    return _ratio(2 * true, 2 * true + false + missed)[None]


def _ratio(part, whole):
    """0 in those resamples in which it is undefined."""
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def read_judgements(folders):
    """The predictions of the finished runs of one arm.

    Args:
        folders: `RunFolder`s.

    Returns:
        `Judgements`, or None if no run is of use; and the paths of the
        finished runs that do not say which images they judged, or that
        judged other classes than the first.
    """
    pooled, left_out, first = [], [], None
    for folder in folders:
        path = folder / "predictions.npz"
        if not folder.is_finished() or not path.is_file():
            continue
        with np.load(path) as file:
            if "ids" not in file or "class_names" not in file:
                left_out.append(folder.path)
                continue
            kind = (
                tuple(file["class_names"].tolist()),
                folder.read_json("config.json").get("positive_class"),
            )
            first = first or kind
            if kind != first:
                left_out.append(folder.path)
                continue
            predicted = file["probabilities"].argmax(1)
            pooled.append((file["ids"], file["labels"], predicted))
    if not pooled:
        return None, left_out
    columns = [np.concatenate(column) for column in zip(*pooled, strict=True)]
    return Judgements(*first, *columns), left_out
