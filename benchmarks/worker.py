"""A process of a benchmark that works when it is told to, and then waits.

Sides that cannot share a process, an environment or a setting of TensorFlow
are timed in turns all the same, so that a busy machine slows all of them.
"""

import os
import statistics
import subprocess
import sys
import time


class Worker:
    """Starts a process that runs `serve`.

    Args:
        command: Of the process.
        **environment: Variables besides those that are set.
    """

    def __init__(self, command, **environment):
        self._process = subprocess.Popen(
            list(map(str, command)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | environment,
            text=True,
        )

    def seconds(self, amount):
        """Seconds that the process takes for this amount."""
        self._process.stdin.write(f"{amount}\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args} ended; run it by hand")
        return float(line)

    def end(self):
        self._process.communicate()


def in_turns(workers, amounts, images, repeats):
    """Speeds of workers that take turns, and ends them.

    Args:
        workers: {side: `Worker`}, the first of them ours.
        amounts: {side: what it is told to do in a turn}.
        images: {side: how many images that is}.
        repeats: Turns of each.

    Returns:
        {side: results for a table}; medians over the turns.
    """
    speeds = {side: [] for side in workers}
    for _ in range(repeats):
        for side, worker in workers.items():
            seconds = worker.seconds(amounts[side])
            speeds[side].append(images[side] / seconds)
    for worker in workers.values():
        worker.end()
    ours, *_ = speeds.values()
    return {
        side: {
            "side": side,
            "images_per_second": statistics.median(found),
            "ours_is_faster_by": statistics.median(
                one / other for one, other in zip(ours, found, strict=True)
            ),
            "repeats": found,
        }
        for side, found in speeds.items()
    }


def serve(do, prepare=None):
    """Calls `do(amount)` for each line of the input, and prints its time.

    Args:
        do: What is timed.
        prepare: Called before each, outside the time.
    """
    for line in sys.stdin:
        if prepare is not None:
            prepare()
        started = time.perf_counter()
        do(int(line))
        print(time.perf_counter() - started, flush=True)
