"""Points lie at the confidence and the accuracy of their bin."""

import numpy as np
import pytest

from experiments.metrics import calibration_bins, calibration_error
from experiments.plots.calibration import plot_calibration


def test_bins_hold_equally_many():
    random = np.random.default_rng(0)
    confidence = random.uniform(0.2, 1, 3000)
    right = random.uniform(size=3000) < confidence
    bins = calibration_bins(confidence, right)
    assert [share for _, _, share in bins] == pytest.approx([1 / 15] * 15)
    edges = np.sort(confidence).reshape(15, 200)
    sure, accuracy, _ = zip(*bins, strict=True)
    assert sure == pytest.approx(edges.mean(1))
    assert np.abs(np.subtract(sure, accuracy)).max() < 0.15


def test_error_is_the_mean_distance():
    # Sure by 0.9 and right in 6 of 10; sure by 0.5 and right in 5 of 10.
    confidence = np.repeat([0.9, 0.5], 10)
    right = np.r_[np.arange(10) < 6, np.arange(10) < 5]
    assert calibration_error(confidence, right, bins=2) == pytest.approx(0.15)
    assert calibration_error([0.7], [True]) == pytest.approx(0.3)


def test_points_are_drawn_where_they_belong():
    confidence = np.repeat([0.9, 0.5], (16, 14))
    right = np.repeat([1, 0], (16, 14))
    figure = plot_calibration(
        {"arm": (confidence, right)}, {"arm": "#123456"}, "Title"
    )
    _, line = figure.axes[0].lines
    x, y = line.get_xdata(), line.get_ydata()
    assert sorted(set(np.round(x))) == [50, 90]
    np.testing.assert_allclose(y, np.where(x > 70, 100, 0))
    assert line.get_color() == "#123456"
    assert line.get_label() == "arm"
