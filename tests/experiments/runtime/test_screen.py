"""The time that the screen says is left, from the pace of the first runs."""

import pytest

from experiments.runtime.screen import RunProgress, StudyScreen


@pytest.fixture
def clock(monkeypatch):
    """The seconds that the screen reads, in a list."""
    clock = [100.0]
    monkeypatch.setattr(
        "experiments.runtime.screen.time.monotonic", lambda: clock[0]
    )
    return clock


@pytest.fixture
def begin(tiny, tmp_path, clock):
    """Begins so many of six runs of 4 epochs, 20 steps and 24 images each."""

    def begin(count):
        screen = StudyScreen([(tiny, seed) for seed in range(6)], tmp_path)
        for number in range(count):
            screen.begin(number)
            screen.show(number, progress())
        return screen

    return begin


def progress(epoch=0, step=0, rate=0.0):
    return RunProgress(epoch, 4, step, 20, rate)


def test_what_is_left_is_told_once_all_of_the_first_runs_have_a_pace(
    begin, clock
):
    screen = begin(2)
    # Importing, tracing and compiling say nothing of the runs to come.
    clock[0] += 30
    screen.show(0, progress(0, 10, rate=32.0))
    assert "left" not in screen.describe()
    screen.show(1, progress(0, 20, rate=16.0))
    # A run has 1,920 images: 60 seconds of one, 120 of the other, so the six
    # take 240, of which (1 / 8 + 1 / 4) / 6 is done.
    assert "about 3.8 min left" in screen.describe()


def test_runs_too_short_for_a_pace_are_told_by_the_first(begin, clock):
    screen = begin(1)
    clock[0] += 10
    screen.fail(0, "it diverged")
    screen.begin(1)
    screen.show(1, progress())
    assert "about 50 s left" in screen.describe()
