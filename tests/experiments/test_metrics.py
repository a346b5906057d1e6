"""Metrics against counts by hand; confusion matrices as drawn."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from experiments.errors import ConfigError
from experiments.metrics import (
    classification_metrics,
    plot_confusion,
    plot_confusions,
)

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


@pytest.fixture
def open_figures(monkeypatch):
    """Figures stay open after they were saved, to be looked at."""
    monkeypatch.setattr(plt, "close", lambda figure: None)
    yield
    monkeypatch.undo()
    plt.close("all")


@pytest.mark.usefixtures("open_figures")
def test_confusion_shows_counts_and_row_percentages(tmp_path):
    labels, predicted = from_counts([[6, 8], [3, 17]])
    plot_confusion(labels, predicted, NAMES, tmp_path / "a.png", "Title")
    axes = plt.gcf().axes[0]
    cells = {
        text.get_position(): text.get_text().split("\n") for text in axes.texts
    }
    # Position (x, y): predicted along x, true along y.
    assert cells == {
        (0, 0): ["6", "43 %"],
        (1, 0): ["8", "57 %"],
        (0, 1): ["3", "15 %"],
        (1, 1): ["17", "85 %"],
    }
    for labels in (axes.get_xticklabels(), axes.get_yticklabels()):
        assert [text.get_text() for text in labels] == list(NAMES)


@pytest.mark.usefixtures("open_figures")
def test_many_classes_are_a_heat_map_without_numbers(tmp_path):
    labels = np.arange(200).repeat(2)
    predicted = np.where(np.arange(400) < 5, 900, labels)
    names = [f"class {index}" for index in range(200)]
    plot_confusion(labels, predicted, names, tmp_path / "a.png", "Title")
    axes = plt.gcf().axes[0]
    assert not axes.texts
    shown = axes.images[0].get_array()
    assert shown.shape == (200, 200)
    assert shown[0, 0] == 0
    assert shown[2, 2] == 50
    assert shown[199, 199] == 100
    assert "5 are none of these" in axes.get_xlabel()


def test_a_class_without_images_divides_nothing(tmp_path):
    with np.errstate(all="raise"):
        plot_confusion([0, 0], [0, 1], NAMES, tmp_path / "a.png", "Title")
    assert (tmp_path / "a.png").is_file()


@pytest.mark.parametrize("panels", [1, 3, 11])
def test_arms_stand_side_by_side(tmp_path, panels):
    labels, predicted = from_counts([[6, 8], [3, 11]])
    plot_confusions(
        {f"arm {i}": (labels, predicted, NAMES) for i in range(panels)},
        tmp_path / "a.png",
        "Title",
    )
    with Image.open(tmp_path / "a.png") as image:
        width, height = image.size
    assert (width > 2 * height) == (panels == 3)
    assert width < 2400
