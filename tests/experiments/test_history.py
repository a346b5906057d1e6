"""Best epochs, early stopping and diagnostics of a history.csv."""

import math

import pytest

from experiments.history import (
    best_row,
    choose_column,
    diagnose,
    has_diverged,
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


def test_a_loss_above_that_of_guessing_has_diverged():
    guessing = math.log(10)
    assert has_diverged(rows_of([0.1], loss=guessing + 0.01), 10)
    assert not has_diverged(rows_of([0.1], loss=guessing - 0.01), 10)


def test_diagnostics_in_words():
    flat = rows_of([0.5] * 10)
    assert list(diagnose(flat, 10)) == []
    (note,) = diagnose(rows_of([0.5] * 10, loss=1e22), 10)
    assert "ended at 1e+22" in note
    assert "optimizer.learning_rate" in note
    (note,) = diagnose(rows_of([0.05 * epoch for epoch in range(10)]), 10)
    # The least part that tells is of three epochs.
    assert "rose by 15.0 points" in note
