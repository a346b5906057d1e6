"""Contrasts: known answers, and sweeps of which the truth is known."""

import doctest

import numpy as np
import pytest

from experiments.statistics import contrast
from experiments.statistics.comparison import compare_arms
from experiments.statistics.contrast import (
    Cells,
    choose_scale,
    estimate_contrast,
    weigh_line,
)
from experiments.statistics.cross_validation import compare_folds


def draw(*accuracies, seeds=4, images=300, number=0):
    """Cells called 0, 1, ... of these accuracies, on images of one kind."""
    generator = np.random.default_rng(number)
    easy = generator.normal(size=images)
    return {
        cell: easy + generator.normal(size=(seeds, images))
        < np.quantile(easy, accuracy)
        for cell, accuracy in enumerate(accuracies)
    }


def ends(found):
    return found.low, found.high


def test_two_cells_are_two_arms():
    cells = draw(0.5, 0.6)
    (expected,) = compare_arms(cells)
    found = estimate_contrast([Cells(cells)], {0: -1, 1: 1})
    assert found.points == pytest.approx(expected.difference)
    assert ends(found) == pytest.approx((expected.low, expected.high))
    doubled = estimate_contrast([Cells(cells)], {0: -2, 1: 2})
    assert ends(doubled) == pytest.approx((2 * expected.low, 2 * expected.high))


def test_two_cells_in_folds_are_two_arms_in_folds():
    generator = np.random.default_rng(0)
    parts = np.array_split(generator.permutation(100), 5)
    ids = dict(enumerate(parts))
    cells = {
        name: {seed: generator.random(20) < accuracy for seed in ids}
        for name, accuracy in (("plain", 0.5), ("mixed", 0.7))
    }
    (expected,) = compare_folds(cells, ids, 5)
    coefficients = {"plain": -1, "mixed": 1}
    found = estimate_contrast([Cells(cells, ids, 5)], coefficients)
    assert ends(found) == pytest.approx((expected.low, expected.high))
    # Another value without a seed in common.
    cells["late"] = {9: generator.random(20) < 0.5}
    coefficients["late"] = 1
    ids[9] = parts[0]
    assert estimate_contrast([Cells(cells, ids, 5)], coefficients) is None


def test_a_change_has_the_variance_of_all_its_cells():
    cells = draw(0.5, 0.6, 0.7, 0.71, images=4000)
    found = estimate_contrast(
        [Cells(cells)], {0: 1, 1: -1, 2: -1, 3: 1}, comparisons=3
    )
    accuracy = {cell: right.mean(1) for cell, right in cells.items()}
    own = sum(each.var(ddof=1) / 4 for each in accuracy.values())
    assert found.variance.over_seeds >= own * (1 - 1e-9)
    means = {cell: right.mean(0) for cell, right in cells.items()}
    per_image = means[0] - means[1] - means[2] + means[3]
    total = per_image.var(ddof=1) / 4000
    chance = sum(
        right.var(0, ddof=1).mean() / 4000 / 4 for right in cells.values()
    )
    assert found.points == pytest.approx(100 * per_image.mean())
    assert found.variance.over_images == pytest.approx(max(0, total - chance))
    alone = estimate_contrast([Cells(cells)], {0: 1, 1: -1, 2: -1, 3: 1})
    assert alone.high - alone.low < found.high - found.low


def test_a_cell_at_several_values_counts_once():
    """Effects at two values, against a reference that both share."""
    cells = draw(0.5, 0.6, 0.7)
    first, last = {1: -1, 0: 1}, {2: 1, 0: -1}
    both = {cell: first.get(cell, 0) + last.get(cell, 0) for cell in cells}
    found = estimate_contrast([Cells(cells)], both)
    (expected,) = compare_arms({1: cells[1], 2: cells[2]})
    assert ends(found) == pytest.approx((expected.low, expected.high))


def test_different_images_are_independent():
    one, other = draw(0.5, 0.6), draw(0.5, 0.8, number=1, images=200)
    other = {f"{cell}": right for cell, right in other.items()}
    parts = [Cells(one), Cells(other)]
    first = estimate_contrast(parts, {0: -1, 1: 1})
    last = estimate_contrast(parts, {"0": -1, "1": 1})
    change = estimate_contrast(parts, {0: 1, 1: -1, "0": -1, "1": 1})
    assert change.points == pytest.approx(last.points - first.points)
    assert change.variance.error**2 == pytest.approx(
        first.variance.error**2 + last.variance.error**2
    )
    fewest = min(first.variance.degrees, last.variance.degrees)
    assert fewest <= change.variance.degrees
    assert change.verdict == "changes"


def test_one_training_allows_no_verdict():
    cells = draw(0.2, 0.9, 0.9, 0.2)
    cells[0] = cells[0][:1]
    change = {0: 1, 1: -1, 2: -1, 3: 1}
    found = estimate_contrast([Cells(cells)], change)
    assert found.verdict == "trained_once"
    assert found.low < found.points < found.high < 0
    others = Cells({str(cell): right for cell, right in cells.items()})
    both = change | {str(cell): factor for cell, factor in change.items()}
    assert (
        estimate_contrast([Cells(cells), others], both).verdict
        == "trained_once"
    )


def test_no_cell_makes_no_contrast():
    assert estimate_contrast([Cells(draw(0.5, 0.6))], {0: 0.0}) is None


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        ([1, 3], "log"),
        ([1, 2.9], "linear"),
        ([0, 10], "linear"),
        ([-1, 10], "linear"),
        ([True, False], "pairs"),
        ([1, None], "pairs"),
        (["1", "10"], "pairs"),
    ],
)
def test_scales(values, scale):
    assert choose_scale(values) == scale


def test_a_line_is_fitted_to_all_values():
    values = [8, 16, 64, 32]
    effects = 3 - 2 * np.log2(values) + np.array([0.5, -1, 0.5, 0])
    slope = np.polyfit(np.log2(values), effects, 1)[0]
    change = weigh_line(values, "log") @ effects
    assert change == pytest.approx(slope * (6 - 3))
    assert weigh_line(values, "linear") @ np.array(values) == pytest.approx(56)


def test_examples_run():
    result = doctest.testmod(contrast)
    assert result.attempted > 0
    assert result.failed == 0
