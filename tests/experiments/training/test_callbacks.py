"""Callbacks that read the loss do not make the device wait."""

import math
import time

import pytest

from experiments.errors import TrainingFailed
from experiments.training.callbacks import StopOnNonFiniteLoss
from experiments.training.console import Bar, Report


class Loss:
    """A number that knows when it is read."""

    moments = set()

    def __init__(self, step, value=1.0):
        self.step = step
        self.value = value

    def __float__(self):
        Loss.moments.add(Loss.now)
        return self.value


def watch(callback, losses):
    """Feeds an epoch of losses; the steps after which any were read."""
    Loss.moments = set()
    callback.set_params({"steps": len(losses)})
    callback.on_epoch_begin(0)
    for step, value in enumerate(losses, 1):
        Loss.now = step
        callback.on_train_batch_end(step - 1, {"loss": Loss(step, value)})
    return Loss.moments


@pytest.mark.parametrize("callback", [StopOnNonFiniteLoss("run", 0), Bar(1)])
def test_losses_are_read_once_a_second_at_most(callback):
    started = time.monotonic()
    moments = watch(callback, [1.0] * 2000)
    assert 1 <= len(moments) <= 2 + time.monotonic() - started


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_the_first_bad_step_is_named_when_the_epoch_ends_at_last(bad):
    callback = StopOnNonFiniteLoss("run", first_step=100)
    watch(callback, [1.0] * 6 + [bad, bad])
    with pytest.raises(TrainingFailed, match=f"run: .* {bad} at step 107;"):
        callback.on_epoch_end(0)


def test_no_checkpoint_is_made_of_a_bad_step():
    callback = StopOnNonFiniteLoss("run", first_step=0, every_steps=4)
    with pytest.raises(TrainingFailed, match="at step 3;"):
        watch(callback, [1.0, 1.0, math.nan, math.nan])


def test_progress_is_reported_once_a_second_at_most_without_any_loss():
    reported = []
    callback = Report(reported.append, epochs=4, batch_size=32)
    started = time.monotonic()
    assert watch(callback, [1.0] * 2000) == set()
    callback.on_epoch_begin(3)
    assert 3 <= len(reported) <= 4 + time.monotonic() - started
    assert reported[0].share == 0
    assert reported[-1].share == 0.75
    assert reported[-1].epoch == 3
