"""Best epochs, early stopping and diagnostics of a history.csv."""

import math

import numpy as np
import pytest

from experiments.history import (
    best_row,
    choose_column,
    compute_guessing_loss,
    diagnose,
    is_over,
    still_rising,
)


def rows_of(accuracies, selection=None, loss=1.0):
    rows = [
        {"epoch": epoch, "val_accuracy": value, "loss": loss}
        for epoch, value in enumerate(accuracies)
    ]
    for row, value in zip(rows, selection or (), strict=False):
        row["selection_accuracy"] = value
    return rows


def test_the_first_of_the_best_epochs_is_the_best():
    assert best_row(rows_of([0.1, 0.5, 0.5]))["epoch"] == 1
    assert best_row([]) is None


def test_held_out_images_pick_if_there_are_some():
    rows = rows_of([0.1, 0.5, 0.4], selection=[0.3, 0.1, 0.2])
    assert choose_column(rows) == "selection_accuracy"
    assert best_row(rows)["epoch"] == 0


@pytest.mark.parametrize(
    ("patience", "over"), [(None, False), (3, False), (2, True), (1, True)]
)
def test_training_is_over_after_so_many_epochs_without_a_better_one(
    patience, over
):
    rows = rows_of([0.1, 0.5, 0.4, 0.5])
    assert is_over(rows, patience) is over
    assert not is_over([], patience)


def test_a_line_through_the_last_fifth_goes_on():
    """Two points an epoch, and a fifth of 20 epochs is 4."""
    rising = rows_of([0.02 * epoch for epoch in range(20)])
    assert still_rising(rising) == pytest.approx(8)
    assert still_rising(rows_of([0.5] * 20)) == pytest.approx(0)
    assert still_rising(rising[:4]) is None


def test_the_loss_of_guessing_follows_from_the_shares_of_classes():
    assert compute_guessing_loss([7] * 10) == pytest.approx(math.log(10))
    shares = np.array([0.75, 0.25])
    entropy = -(shares * np.log(shares)).sum()
    assert compute_guessing_loss([30, 10, 0]) == pytest.approx(entropy)
    # Smoothed labels have more.
    assert compute_guessing_loss([3, 1], 1.0) == pytest.approx(math.log(2))


def test_diagnostics_in_words():
    flat = rows_of([0.5] * 10)
    assert list(diagnose(flat, 1.01, 100)) == []
    (note,) = diagnose(rows_of([0.5] * 10, loss=1e22), 1.01, 100)
    assert "ended at 1e+22" in note
    assert "optimizer.learning_rate" in note
    (note,) = diagnose(rows_of([0.05 * n for n in range(10)]), 1.01, 1000)
    # At least three epochs are looked at.
    assert "rose by 15.0 points" in note


def test_noise_is_not_taken_for_a_rise():
    """About 5 of 100 flat curves rise by more than their standard error."""
    random = np.random.default_rng(0)
    curves = random.binomial(100, 0.5, (1000, 30)) / 100
    told = sum(bool([*diagnose(rows_of(c), 1.01, 100)]) for c in curves)
    assert 20 <= told <= 80
