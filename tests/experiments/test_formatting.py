"""Numbers with their units."""

import doctest

import pytest

from experiments import formatting
from experiments.formatting import counted, duration


def test_examples_in_docstrings():
    result = doctest.testmod(formatting)
    assert result.attempted > 0
    assert result.failed == 0


def test_one_is_singular():
    assert counted(1, "epoch") == "1 epoch"
    assert counted(0, "epoch") == "0 epochs"
    assert counted(1200, "image") == "1,200 images"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (89, "89 s"),
        (192, "3.2 min"),
        (1500, "25 min"),
        (12600, "3.5 h"),
    ],
)
def test_durations(seconds, text):
    assert duration(seconds) == text
