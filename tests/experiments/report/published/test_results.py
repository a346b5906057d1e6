"""Published figures: the counts behind them, and what these allow."""

import itertools

import pytest

from experiments.metrics import classification_metrics
from experiments.report.judgements import differences
from experiments.report.published.results import published_judgements

NAMES = ["cats", "dogs"]


@pytest.mark.parametrize(
    ("name", "figures"),
    [
        ("catsdogs_original", (0.5714, 0.5714, 0.5714, 0.5714)),
        ("catsdogs_augly", (0.5789, 0.7857, 0.6667, 0.6071)),
    ],
)
def test_published_counts_are_the_only_ones(name, figures):
    judged = published_judgements(name)
    metrics = classification_metrics(
        judged.labels, judged.predicted, NAMES, "dogs"
    )
    keys = ("precision", "recall", "f1", "accuracy")
    assert tuple(round(metrics[key], 4) for key in keys) == figures
    fitting = []
    for tp, fp, fn in itertools.product(range(1, 29), repeat=3):
        fp, fn = fp - 1, fn - 1
        if tp + fp + fn > 28:
            continue
        values = (
            tp / (tp + fp),
            tp / (tp + fn),
            2 * tp / (2 * tp + fp + fn),
            (28 - fp - fn) / 28,
        )
        if tuple(round(value, 4) for value in values) == figures:
            fitting.append((tp, fp, fn))
    found, true = judged.predicted == 1, judged.labels == 1
    assert fitting == [
        ((found & true).sum(), (found & ~true).sum(), (~found & true).sum())
    ]


def test_published_arms_are_paired_as_closely_as_they_can_be():
    """3 dogs gained and 2 cats lost is the least that the counts allow."""
    before = published_judgements("catsdogs_original")
    after = published_judgements("catsdogs_augly")
    assert (before.ids == after.ids).all()
    gained = after.shares[:, 0] - before.shares[:, 0]
    assert (gained == 1).sum() == 3
    assert (gained == -1).sum() == 2
    _, low, high = differences(before, after)["accuracy"]
    # Student's interval of 3 times +1, 2 times -1, 23 times 0.
    assert low == pytest.approx(-0.129, abs=0.03)
    assert high == pytest.approx(0.201, abs=0.03)
