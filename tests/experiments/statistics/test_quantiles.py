"""Simultaneous quantiles beside SciPy's and published tables."""

import doctest

import numpy as np
import pytest
from scipy import stats

from experiments.statistics import quantiles
from experiments.statistics.quantiles import (
    reach_independently,
    reach_pairs,
    reach_reference,
)


@pytest.mark.parametrize("degrees", [1, 1.7, 4, 30, 1e6])
def test_one_comparison_is_students(degrees):
    expected = stats.t.ppf(0.975, degrees)
    assert reach_independently(1, 0.95)(degrees) == pytest.approx(expected)
    assert reach_reference(1, 0.95)(degrees) == pytest.approx(expected)
    assert reach_reference(1, 0.95, 0.2)(degrees) == pytest.approx(expected)
    assert reach_pairs(2, 0.95)(degrees) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("comparisons", "degrees", "published"),
    [
        (2, 5, 3.03),
        (2, 10, 2.57),
        (2, 60, 2.27),
        (3, 5, 3.29),
        (3, 10, 2.76),
        (3, 20, 2.54),
        (5, 10, 2.99),
    ],
)
def test_dunnetts_table(comparisons, degrees, published):
    """Two-sided at 5 %: Dunnett, Biometrics 20, 1964."""
    found = reach_reference(comparisons, 0.95)(degrees)
    assert found == pytest.approx(published, abs=0.0051)


@pytest.mark.parametrize("comparisons", [2, 5, 10])
@pytest.mark.parametrize("degrees", [2, 8, 40])
@pytest.mark.parametrize("correlation", [0.2, 1 / 3, 0.5])
def test_scipys_multivariate_t(comparisons, degrees, correlation):
    """Which takes whole degrees of freedom, and draws random points."""
    shape = np.full((comparisons, comparisons), correlation)
    np.fill_diagonal(shape, 1)
    joint = stats.multivariate_t(shape=shape, df=degrees, seed=0)
    reach = np.full(
        comparisons, reach_reference(comparisons, 0.95, correlation)(degrees)
    )
    hold = joint.cdf(reach, lower_limit=-reach, maxpts=20_000 * comparisons)
    assert hold == pytest.approx(0.95, abs=1e-4)


@pytest.mark.parametrize("arms", [3, 11])
@pytest.mark.parametrize("degrees", [1, 2.5, 8, 200])
def test_scipys_studentized_range(arms, degrees):
    expected = stats.studentized_range.ppf(0.95, arms, degrees) / 2**0.5
    assert reach_pairs(arms, 0.95)(degrees) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("degrees", [1, 3, 20, 1e9])
def test_order_of_reaches(degrees):
    """Knowing what comparisons share is worth something."""
    shared = reach_reference(10, 0.95)(degrees)
    assert reach_reference(1, 0.95)(degrees) < shared
    assert shared < reach_reference(10, 0.95, 0.2)(degrees)
    assert shared < reach_independently(10, 0.95)(degrees)
    assert shared < reach_pairs(11, 0.95)(degrees)
    assert shared < reach_reference(10, 0.99)(degrees)


@pytest.mark.parametrize(
    "reach", [reach_independently, reach_reference, reach_pairs]
)
@pytest.mark.parametrize("confidence", [0, 1, 95])
def test_confidence_is_a_share(reach, confidence):
    with pytest.raises(ValueError, match=f"between 0 and 1.*{confidence}"):
        reach(2, confidence)


def test_examples_run():
    result = doctest.testmod(quantiles)
    assert result.attempted > 0
    assert result.failed == 0
