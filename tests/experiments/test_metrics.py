"""Predictions and metrics against counts by hand."""

import numpy as np
import pytest

from experiments.errors import ConfigError
from experiments.metrics import (
    Predictions,
    balanced_accuracy,
    classification_metrics,
    describe_unequal_classes,
    locate_dominant_class,
    read_predictions,
)
from pipelines.files.arrays import Damaged

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


def test_balanced_accuracy_is_the_mean_of_the_classes_that_have_images():
    labels, predicted = from_counts([[300, 0, 0], [0] * 3, [1, 0, 1]])
    assert balanced_accuracy(labels, predicted) == pytest.approx((1 + 0.5) / 2)
    found = classification_metrics(labels, predicted, "abc", "a")
    assert found["balanced_accuracy"] == pytest.approx(0.75)
    assert found["accuracy"] == pytest.approx(301 / 302)


@pytest.mark.parametrize(
    ("counts", "named"),
    [
        ({"a": 300, "b": 20, "c": 2}, "a has 300 training images, c 2;"),
        ({"a": 0, "b": 7, "c": 15}, "c has 15 training images, b 7;"),
        ({"a": 10, "b": 20, "c": 0}, None),
        ({"a": 1}, None),
    ],
)
def test_unequal_classes_are_told_with_numbers(counts, named):
    sentence = describe_unequal_classes(counts)
    assert sentence is None if named is None else named in sentence


@pytest.mark.parametrize(
    ("matrix", "dominant"),
    [
        # Naming the largest class is learning little, however large it is.
        ([[300, 0, 0], [20, 0, 0], [2, 0, 0]], 0),
        ([[300, 0], [2, 0]], 0),
        ([[300, 0], [1, 1]], None),
        ([[0, 10], [0, 10]], 1),
        ([[8, 2], [0, 10]], None),
        # One class alone: nothing else could have been named.
        ([[10, 0]], None),
    ],
)
def test_a_class_that_is_named_for_nearly_all(matrix, dominant):
    assert locate_dominant_class(*from_counts(matrix)) == dominant


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


def predictions(**columns):
    """Two images of seven classes; the second label is the sixth likeliest."""
    table = np.array(
        [
            [0.64, 0.06, 0.06, 0.06, 0.06, 0.06, 0.06],
            [0.30, 0.25, 0.20, 0.10, 0.08, 0.05, 0.02],
        ],
        np.float32,
    )
    return Predictions(
        **{
            "class_names": tuple("abcdefg"),
            "ids": np.array(["1.png", "2.png"]),
            "labels": np.array([0, 5]),
            "probabilities": table,
            **columns,
        }
    )


def test_figures_of_predictions():
    found = predictions()
    assert found.predicted.tolist() == [0, 0]
    assert found.right.tolist() == [True, False]
    assert found.in_top5.tolist() == [True, False]
    np.testing.assert_allclose(found.confidence, [0.64, 0.3], rtol=1e-6)
    np.testing.assert_allclose(found.nll, -np.log([0.64, 0.05]), rtol=1e-6)
    assert found.loss == pytest.approx(-np.log(0.64 * 0.05) / 2)
    assert (found.accuracy, found.top5_accuracy) == (0.5, 0.5)
    assert found.calibration_error == pytest.approx((0.36 + 0.3) / 2)
    assert found.classification_metrics("a")["precision"] == 0.5


def test_a_probability_of_zero_has_a_finite_loss():
    sure = np.array([[1.0, 0.0], [0.0, 1.0]])
    found = predictions(
        class_names=("a", "b"), labels=np.array([1, 1]), probabilities=sure
    )
    np.testing.assert_allclose(found.nll, [-np.log(1e-30), 0])


def test_predictions_come_back_from_their_file(tmp_path):
    written = predictions()
    written.write(tmp_path / "predictions.npz")
    found = read_predictions(tmp_path / "predictions.npz")
    assert found.class_names == written.class_names
    for name in ("ids", "labels", "probabilities"):
        got, expected = getattr(found, name), getattr(written, name)
        np.testing.assert_array_equal(got, expected)
        assert got.dtype == expected.dtype


TABLE = predictions().probabilities


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"probabilities": TABLE[0]}, "no table"),
        ({"probabilities": TABLE > 0.1}, "no table"),
        ({"probabilities": TABLE * np.nan}, "a sum of 1"),
        ({"probabilities": TABLE * 2}, "a sum of 1"),
        (
            {"probabilities": TABLE - np.float32([1, *[0] * 5, -1])},
            "a sum of 1",
        ),
        ({"probabilities": TABLE[:1]}, "do not fit"),
        ({"class_names": tuple("abcdefgh")}, "do not fit"),
        ({"labels": np.array([[0, 1]])}, "do not fit"),
        ({"labels": np.array([0.0, 1.0])}, "do not fit"),
        ({"labels": np.array([0, 7])}, "no class"),
        ({"labels": np.array([0, -1])}, "no class"),
        ({"ids": np.array(["1.png", "1.png"])}, "an image twice"),
    ],
)
def test_predictions_that_are_damaged(tmp_path, columns, reason):
    predictions(**columns).write(tmp_path / "predictions.npz")
    with pytest.raises(Damaged, match=reason):
        read_predictions(tmp_path / "predictions.npz")


def test_predictions_without_a_column(tmp_path):
    np.savez(tmp_path / "predictions.npz", labels=[0], probabilities=[[1.0]])
    with pytest.raises(Damaged, match="has no class_names, ids"):
        read_predictions(tmp_path / "predictions.npz")
