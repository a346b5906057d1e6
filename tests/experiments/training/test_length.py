"""Settings that cannot work at some length are refused, or noted."""

from dataclasses import replace

import pytest

from experiments.configs.overrides import override
from experiments.configs.registry import EXPERIMENTS
from experiments.errors import ConfigError
from experiments.training.length import check_length

# Of 10 epochs of 24 steps each.
FITTING = (
    "ema=0.98",
    "early_stop=9",
    "optimizer.warmup_epochs=1",
    "optimizer.accumulate_steps=24",
    "unmixed_epochs=9",
    "optimizer.schedule=step optimizer.step_epochs=9",
)


@pytest.fixture
def check(tiny):
    def check(changes, epochs=10, steps=24):
        held_out = replace(tiny.data, selection="holdout")
        experiment = replace(tiny, data=held_out, epochs=epochs)
        return check_length(override(experiment, changes.split()), 500, steps)

    return check


@pytest.mark.parametrize("changes", FITTING)
def test_what_fits_is_not_noted(check, changes):
    assert check(changes) == []


@pytest.mark.parametrize(
    ("changes", "epochs", "parts"),
    [
        ("ema=0.999", 1, ["24 updates: 98%", "set it to 0.79 or less"]),
        ("ema=0.995", 10, ["240 updates: 30%", "set it to 0.979 or less"]),
        (
            "ema=0.9 optimizer.accumulate_steps=20",
            10,
            ["12 updates: 31%", "set it to 0.58 or less"],
        ),
        ("ema=0.9 optimizer.accumulate_steps=24", 3, ["leave it out"]),
        ("optimizer.warmup_epochs=5", 2, ["warmup_epochs=5", "to 0.1"]),
        (
            "optimizer.warmup_epochs=1 optimizer.schedule=constant",
            10,
            ["goes with optimizer.schedule=cosine"],
        ),
        ("optimizer.accumulate_steps=50", 10, ["change 4 times", "24 or less"]),
        ("early_stop=10", 10, ["never ends a training of 10", "set it to 5"]),
        ("early_stop=1", 1, ["leave it out"]),
        (
            "optimizer.schedule=step optimizer.step_epochs=30",
            10,
            ["never drops", "set it to 4"],
        ),
        ("unmixed_epochs=10", 10, ["no layer ever mixes", "set it to 1"]),
    ],
)
def test_what_does_little_is_noted_with_a_number_that_works(
    check, changes, epochs, parts
):
    (note,) = check(changes, epochs)
    for part in parts:
        assert part in note
    assert not note.endswith(".")


@pytest.mark.parametrize(
    ("changes", "steps", "message"),
    [
        ("judged=ema ema=0.999", 24, r"24 updates: 98%.*0\.79 or less, or tr"),
        ("optimizer.accumulate_steps=25", 24, "more than the 24 steps"),
        ("data.batch_size=501", 0, "larger than the 500 training images"),
    ],
)
def test_what_cannot_work_is_refused(check, changes, steps, message):
    with pytest.raises(ConfigError, match=message):
        check(changes, epochs=1, steps=steps)


def test_numbers_that_are_named_work(check):
    """An average with the number of the message is not noted."""
    for epochs in (1, 3, 10, 400):
        (note,) = check("ema=0.99999", epochs)
        fitting = note.partition("set it to ")[2].partition(" ")[0]
        assert check(f"ema={fitting}", epochs) == []


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_fits_its_length(name):
    assert check_length(EXPERIMENTS[name], 500, 24) == []
