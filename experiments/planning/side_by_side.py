"""Steps timed in several processes at once, for runs side by side.

Processes import this file before they know the number of TensorFlow's threads,
so no import at the top may import TensorFlow.
"""

import contextlib
import io
import multiprocessing
import signal
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from experiments.errors import ConfigError
from experiments.formatting import counted
from experiments.runtime.startup import start_tensorflow
from pipelines import progress


def time_side_by_side(experiments, counts, jobs, threads):
    """Measures the steps of each arm while other processes do the same.

    Args:
        experiments: `experiments.configs.schema.Experiment`s.
        counts: `image_counts.Counts` of each.
        jobs: Number of processes.
        threads: Processor threads of each.

    Returns:
        A list of `step_timing.Step`, each the mean over the processes.

    Raises:
        ConfigError: if a config cannot be run, or memory is short.
    """
    arms = counted(len(experiments), "arm")
    print(f"timing steps of {arms}, in {jobs} processes at once", flush=True)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, context, _begin, (threads,)) as pool:
        try:
            found = list(
                pool.map(_time_arms, [experiments] * jobs, [counts] * jobs)
            )
        except BrokenProcessPool as error:
            raise ConfigError(
                f"one of {jobs} processes was lost, which happens when memory "
                "is short. Choose fewer with --jobs."
            ) from error
        except BaseException:
            # Nobody waits for what the others still measure.
            for process in multiprocessing.active_children():
                process.terminate()
            raise
    return [
        type(each[0])(*(sum(times) / jobs for times in zip(*each, strict=True)))
        for each in zip(*found, strict=True)
    ]


def _begin(threads):
    # A terminal sends its signals to all processes; the parent ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    progress.silence()
    start_tensorflow(threads)


def _time_arms(experiments, counts):
    from experiments.planning.step_timing import time_arms
    from experiments.runtime.devices import make_strategy

    with contextlib.redirect_stdout(io.StringIO()):
        return time_arms(experiments, counts, make_strategy("default"))
