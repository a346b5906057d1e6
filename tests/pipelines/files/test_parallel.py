"""Processes that return results in order, and end when they should."""

import functools
import os
import signal
import time

import pytest

from pipelines.errors import DataError
from pipelines.files.parallel import map_in_processes


def test_results_are_in_order():
    # The first takes longest.
    items = [list(range(300_000, 0, -1)), [2, 1], [3], []]
    assert map_in_processes(sorted, items, 2) == list(map(sorted, items))


def test_an_error_ends_the_rest_promptly():
    start = time.monotonic()
    with pytest.raises(ValueError, match="non-negative"):
        map_in_processes(time.sleep, [-1] + [0.3] * 20, 1)
    assert time.monotonic() - start < 5


def test_killed_process_is_one_line():
    with pytest.raises(DataError, match="was killed.*memory"):
        map_in_processes(os._exit, [1], 1)


def test_processes_do_not_see_interrupts_and_this_one_does():
    """The interrupt of a terminal is for the main process alone."""
    blocked = functools.partial(signal.pthread_sigmask, signal.SIG_BLOCK)
    assert map_in_processes(blocked, [(), ()], 2) == [{signal.SIGINT}] * 2
    assert signal.SIGINT not in blocked(())
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
