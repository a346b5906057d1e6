"""Intervals beside a margin of relevance."""

import doctest

import numpy as np
import pytest

from experiments.statistics import equivalence
from experiments.statistics.comparison import compare_arms
from experiments.statistics.equivalence import judge_relevance

RIGHT = np.arange(100) < np.array([[50], [60]])
[FOUND] = compare_arms({"a": RIGHT, "b": RIGHT})


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (-0.9, 0.9, "no_relevant_difference"),
        (0.0, 0.9, "no_relevant_difference"),
        (-0.9, 0.0, "no_relevant_difference"),
        (0.1, 0.9, "better_by_less"),
        (-0.9, -0.1, "worse_by_less"),
        (-1.0, 0.9, None),
        (-0.9, 1.0, None),
        (0.1, 1.0, None),
        (-3.0, 3.0, None),
        (2.0, 3.0, None),
        (-3.0, -2.0, None),
    ],
)
def test_the_interval_within_the_margin(low, high, expected):
    found = FOUND._replace(low=low, high=high)
    assert judge_relevance(found, 1) == expected


def test_trained_once_tells_nothing():
    found = FOUND._replace(low=-0.1, high=0.1, verdict="trained_once")
    assert judge_relevance(found, 1) is None


@pytest.mark.parametrize("margin", [0, -1, float("nan")])
def test_a_margin_is_more_than_0(margin):
    with pytest.raises(ValueError, match=f"more than 0.*{margin}"):
        judge_relevance(FOUND, margin)


def test_examples_run():
    result = doctest.testmod(equivalence)
    assert result.attempted > 0
    assert result.failed == 0
