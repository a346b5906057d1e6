"""The time that training waits for batches, and the note on it."""

import time

import numpy as np
import pytest
import tensorflow as tf

from experiments.training import timing
from experiments.training.timing import (
    Speed,
    Waiting,
    measure_peak_memory,
)


@pytest.mark.parametrize("deterministic", [False, True])
def test_the_time_that_batches_are_waited_for(deterministic):
    """Slow batches are the same, and waited for as long as they take."""
    if deterministic:
        tf.config.experimental.enable_op_determinism()

    def slow(number):
        time.sleep(0.05)
        return number

    waiting = Waiting()
    batches = tf.data.Dataset.range(8).map(
        lambda n: (
            tf.ensure_shape(tf.numpy_function(slow, [n], n.dtype), ()),
            n,
        )
    )
    got = list(waiting.timed(batches).as_numpy_iterator())
    assert got == [(n, n) for n in range(8)]
    # A busy machine may sleep longer.
    assert waiting.seconds > 0.9 * 8 * 0.05
    before = waiting.seconds
    ready = tf.data.Dataset.from_tensor_slices(np.arange(8))
    assert len(list(waiting.timed(ready))) == 8
    assert waiting.seconds - before < before


class Clock:
    """A clock that only a test moves."""

    def __init__(self, monkeypatch):
        self.now = 100.0
        monkeypatch.setattr(timing.time, "perf_counter", lambda: self.now)


def epoch(callback, clock, waiting, batches):
    """The first batch takes 10 s, the others 2, of which 0.5 are waited."""
    callback.on_epoch_begin(0)
    for batch in range(batches):
        clock.now += 2 if batch else 10
        waiting.seconds += 0.5 if batch else 9
        callback.on_train_batch_end(batch)
    logs = {}
    callback.on_epoch_end(0, logs)
    return logs


def test_the_first_batch_does_not_count(monkeypatch, capsys):
    clock, waiting = Clock(monkeypatch), Waiting()
    callback = Speed(waiting, batch_size=32)
    for _ in range(2):
        logs = epoch(callback, clock, waiting, 6)
        assert logs["images_per_second"] == pytest.approx(16)
        assert logs["waiting"] == pytest.approx(0.25)
    assert capsys.readouterr().out.count("input-bound: 25%") == 1
    logs = epoch(callback, clock, waiting, 1)
    assert logs["images_per_second"] == pytest.approx(3.2)


def test_a_network_that_waits_for_nothing_is_no_note(monkeypatch, capsys):
    clock = Clock(monkeypatch)
    epoch(Speed(Waiting(), batch_size=32), clock, Waiting(), 6)
    assert capsys.readouterr().out == ""


def test_memory_is_that_of_this_process():
    block = np.ones(2**27, np.uint8)
    assert 0.125 < measure_peak_memory()["host_gib"] < 64
    assert block.any()
