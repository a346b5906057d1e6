"""Metrics against counts by hand."""

import numpy as np
import pytest

from experiments.errors import ConfigError
from experiments.metrics import classification_metrics

NAMES = ("cats", "dogs")


def from_counts(matrix):
    """Labels and predictions that have this confusion matrix."""
    matrix = np.asarray(matrix)
    pairs = [
        pair for pair, count in np.ndenumerate(matrix) for _ in range(count)
    ]
    return np.array(pairs).T


def test_metrics_of_the_positive_class():
    # 11 dogs found, 3 missed, 8 cats taken for dogs, 6 not.
    labels, predicted = from_counts([[6, 8], [3, 11]])
    metrics = classification_metrics(labels, predicted, NAMES, "dogs")
    assert metrics["positive_class"] == "dogs"
    assert metrics["average"] == "positive class"
    assert metrics["predictions"] == 28
    assert metrics["accuracy"] == pytest.approx(17 / 28)
    assert metrics["precision"] == pytest.approx(11 / 19)
    assert metrics["recall"] == pytest.approx(11 / 14)
    assert metrics["f1"] == pytest.approx(22 / 33)


def test_the_other_class_can_be_the_positive_one():
    labels, predicted = from_counts([[6, 8], [3, 11]])
    metrics = classification_metrics(labels, predicted, NAMES, "cats")
    assert metrics["precision"] == pytest.approx(6 / 9)
    assert metrics["recall"] == pytest.approx(6 / 14)


def test_macro_averages_without_a_positive_class():
    labels, predicted = from_counts([[2, 0, 0], [1, 1, 0], [0, 1, 3]])
    metrics = classification_metrics(labels, predicted, "abc")
    assert metrics["average"] == "macro"
    assert metrics["positive_class"] is None
    assert metrics["accuracy"] == pytest.approx(6 / 8)
    assert metrics["precision"] == pytest.approx((2 / 3 + 1 / 2 + 1) / 3)
    assert metrics["recall"] == pytest.approx((1 + 1 / 2 + 3 / 4) / 3)
    assert metrics["f1"] == pytest.approx((4 / 5 + 1 / 2 + 6 / 7) / 3)


@pytest.mark.filterwarnings("error")
def test_a_class_that_is_never_predicted():
    labels, predicted = from_counts([[5, 0], [3, 0]])
    metrics = classification_metrics(labels, predicted, NAMES, "dogs")
    assert metrics["precision"] is None
    assert metrics["recall"] == 0
    assert metrics["f1"] == 0
    # In an average, never naming a class does not pay.
    metrics = classification_metrics(labels, predicted, NAMES)
    assert metrics["precision"] == pytest.approx((5 / 8 + 0) / 2)


@pytest.mark.filterwarnings("error")
def test_a_class_without_images():
    labels, predicted = from_counts([[5, 2]])
    metrics = classification_metrics(labels, predicted, NAMES, "dogs")
    assert metrics["recall"] is None
    assert metrics["precision"] == 0
    metrics = classification_metrics(labels, predicted, NAMES)
    assert metrics["recall"] == pytest.approx(5 / 7)


def test_outputs_beyond_the_classes_are_wrong():
    metrics = classification_metrics([0, 1], [0, 999], NAMES)
    assert metrics["accuracy"] == 0.5
    assert metrics["recall"] == 0.5


def test_weights_count_a_prediction_as_a_part():
    metrics = classification_metrics(
        [1, 1, 1], [1, 1, 0], NAMES, "dogs", weights=[0.5, 0.5, 1.0]
    )
    assert metrics["recall"] == pytest.approx(0.5)
    assert metrics["accuracy"] == pytest.approx(0.5)


def test_unknown_positive_class_is_one_line():
    with pytest.raises(ConfigError, match="'dog' .*dogs") as error:
        classification_metrics([0], [0], NAMES, "dog")
    assert "\n" not in str(error.value)
