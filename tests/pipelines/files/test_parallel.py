"""Results in order; processes that end when they should."""

import functools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipelines.errors import DataError
from pipelines.files.parallel import map_in_processes, map_in_threads

# The first takes longest.
ITEMS = [list(range(300_000, 0, -1)), [2, 1], [3], []]


@pytest.mark.parametrize("processes", [None, 1, 2, 9])
def test_results_of_processes_are_in_order(processes):
    assert map_in_processes(sorted, ITEMS, processes) == [*map(sorted, ITEMS)]


def test_results_of_threads_are_in_order():
    assert list(map_in_threads(sorted, ITEMS)) == [*map(sorted, ITEMS)]


def test_nothing_to_do():
    assert map_in_processes(sorted, []) == []
    assert list(map_in_threads(sorted, [])) == []


def test_one_process_is_this_one():
    here = []
    map_in_processes(here.append, [1, 2], 1)
    assert here == [1, 2]
    map_in_processes(here.append, [3, 4], 2)
    assert here == [1, 2]


@pytest.mark.parametrize("processes", [1, 2])
def test_an_error_ends_the_rest_promptly(processes):
    start = time.monotonic()
    with pytest.raises(ValueError, match="non-negative"):
        map_in_processes(time.sleep, [-1] + [0.3] * 40, processes)
    assert time.monotonic() - start < 5


def test_an_error_in_a_thread_ends_the_rest_promptly():
    start = time.monotonic()
    with pytest.raises(ValueError, match="non-negative"):
        list(map_in_threads(time.sleep, [-1] + [0.3] * 200))
    assert time.monotonic() - start < 5


def test_nobody_who_stops_reading_waits_for_the_rest():
    start = time.monotonic()
    results = map_in_threads(time.sleep, [0] + [0.3] * 200)
    next(results)
    results.close()
    assert time.monotonic() - start < 5


def test_killed_process_is_one_line():
    with pytest.raises(DataError, match="was killed.*memory"):
        map_in_processes(os._exit, [1, 1], 2)


def test_processes_do_not_see_interrupts_and_this_one_does():
    """The interrupt of a terminal is for the main process alone."""
    blocked = functools.partial(signal.pthread_sigmask, signal.SIG_BLOCK)
    assert map_in_processes(blocked, [(), ()], 2) == [{signal.SIGINT}] * 2
    assert signal.SIGINT not in blocked(())
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


IDLE_WORKER = """
import os, time
from pipelines.files.parallel import Workers
if __name__ == "__main__":
    print(Workers(1).submit(os.getpid).result(), flush=True)
    time.sleep(60)
"""


def test_worker_ends_when_its_parent_is_killed(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(IDLE_WORKER)
    with subprocess.Popen(
        [sys.executable, script],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        worker = int(parent.stdout.readline())
        os.kill(worker, 0)
        parent.kill()
        try:
            # The pipe closes when the last process that may write to it ends.
            parent.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            os.kill(worker, signal.SIGKILL)
            raise
