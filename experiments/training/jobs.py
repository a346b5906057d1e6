"""Runs side by side in processes of this machine.

Processes import this file before they know the number of TensorFlow's threads,
so no import at the top may import TensorFlow.
"""

import contextlib
import multiprocessing
import os
import signal
import threading
from collections import deque
from multiprocessing.connection import wait
from multiprocessing.pool import ExceptionWithTraceback
from typing import Any, NamedTuple

from tqdm import tqdm

from experiments.errors import Interrupted, TrainingFailed
from experiments.runtime.interruption import SIGNALS, requests
from experiments.runtime.startup import start_tensorflow
from pipelines import progress

# A network whose width times the side of its images is at most this trains
# faster in several processes of one thread each than in one of several.
_SMALL = 16 * 64
# Memory that a process may need: TensorFlow, images and a network.
_GIB_OF_A_JOB = 3
# Seconds that runs have to save a checkpoint when they are to end.
_PATIENCE = 30


def count_jobs(experiments, threads=1):
    """Processes that train a study of small networks on this machine.

    Args:
        experiments: `experiments.configs.schema.Experiment`s.
        threads: Processor threads of a process.

    Returns:
        Their number, or None if the networks are not small.
    """
    sizes = (each.model.width * each.data.image_size for each in experiments)
    if max(sizes) > _SMALL:
        return None
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    cores = len(os.sched_getaffinity(0))
    return max(1, min(cores // threads, memory // (_GIB_OF_A_JOB * 2**30)))


class SideBySide:
    """Trains several runs at a time, each in a process of its own.

    A run whose process dies has failed; the others go on. As a context
    manager it begins the processes, which import TensorFlow meanwhile, and
    keeps them from one call to the next.

    Args:
        jobs: The most processes.
        threads: Processor threads of each, see `start_tensorflow`. They are a
            part of a run's identity; the number of processes is not.
    """

    def __init__(self, jobs, threads=1):
        self.jobs = jobs
        self.threads = threads
        self._workers = []
        self._is_kept = False

    def __enter__(self):
        self._is_kept = True
        self._workers = [_Worker(self.threads) for _ in range(self.jobs)]
        return self

    def __exit__(self, *_):
        self._is_kept = False
        self._end()

    def __call__(self, runs, *, screen, workdir, location, log, **options):
        """Trains runs.

        Args:
            runs: List of (`experiments.configs.schema.Experiment`, seed).
            screen: The `experiments.runtime.screen.StudyScreen`.
            workdir, location, log: As for `experiments.training.run.run`.
            **options: Other options of `experiments.training.run.run`.

        Returns:
            As `experiments.study.run_one_by_one`.

        Raises:
            ConfigError, DataError: As `experiments.training.run.run`; the
                other runs end, too.
            Interrupted: after one of `SIGNALS`, when the runs have saved a
                checkpoint.
        """
        from experiments.training.logged_run import list_unfinished

        left = deque(list_unfinished(screen, location, log))
        options |= {"workdir": workdir, "location": location, "log": log}
        failures, is_done = [], False
        with requests() as request:
            try:
                while left or any(each.is_busy for each in self._workers):
                    self._begin(left, screen, options)
                    wait([each.pipe for each in self._workers], timeout=1)
                    request.obey()
                    for each in self._workers:
                        failures += each.read(screen)
                    self._workers = [
                        each for each in self._workers if not each.has_ended
                    ]
                    screen.draw()
                is_done = True
            finally:
                if not (is_done and self._is_kept):
                    self._end()
        folders = map(screen.folder, range(len(runs)))
        return [each for each in folders if each.is_finished()], failures

    def _begin(self, left, screen, options):
        """Gives runs to processes without one."""
        idle = [each for each in self._workers if not each.is_busy]
        while left and (idle or len(self._workers) < self.jobs):
            if not idle:
                idle.append(_Worker(self.threads))
                self._workers.append(idle[-1])
            idle.pop(0).begin(left.popleft(), screen, options)

    def _end(self):
        """Lets runs save a checkpoint, and kills those that take too long."""
        for each in self._workers:
            each.pipe.close()
            if each.is_busy:
                each.process.terminate()
            else:
                each.process.kill()
        for each in self._workers:
            each.process.join(_PATIENCE)
            each.process.kill()
            each.process.join()
        self._workers = []


class _Worker:
    """A process that trains one run after the other.

    Attributes:
        number: The run that it trains, or None.
        has_ended: Whether the process has ended.
    """

    def __init__(self, threads):
        context = multiprocessing.get_context("spawn")
        self.pipe, other_end = context.Pipe()
        self.process = context.Process(target=_work, args=(other_end, threads))
        # It inherits this: a terminal sends its signals to all processes, and
        # this one passes them on, as SIGTERM.
        held = {each for each in SIGNALS if each != signal.SIGTERM}
        before = signal.pthread_sigmask(signal.SIG_BLOCK, held)
        try:
            self.process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        # So that the pipe ends with the process.
        other_end.close()
        self.number = None
        self.has_ended = False

    @property
    def is_busy(self):
        return self.number is not None

    def begin(self, number, screen, options):
        """Has the process train a run; it may have died meanwhile."""
        self.number = number
        screen.begin(number)
        with contextlib.suppress(BrokenPipeError):
            self.pipe.send((*screen.runs[number], options))

    def read(self, screen):
        """Shows what has come; returns lines on runs that failed."""
        failures = []
        while not self.has_ended and self.pipe.poll():
            try:
                news = self.pipe.recv()
            except (EOFError, ConnectionResetError):
                self.process.join()
                self.has_ended = True
                if not self.is_busy:
                    break
                news = _Outcome(TrainingFailed(self._describe_loss(screen)))
            if not self.is_busy:
                continue
            if not isinstance(news, _Outcome):
                screen.show(self.number, news)
                continue
            number, self.number = self.number, None
            if news.error is None:
                screen.end(number)
            elif isinstance(news.error, TrainingFailed):
                failures.append(str(news.error))
                screen.fail(number, str(news.error))
            else:
                raise news.error
        return failures

    def _describe_loss(self, screen):
        code = self.process.exitcode
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return (
            f"{screen.name(self.number)}: its process was lost ({how}), which "
            "happens when memory is short; the same command goes on"
        )


class _Outcome(NamedTuple):
    """The end of a run; the error is None if it is finished."""

    error: Any = None


def _work(pipe, threads):
    """Trains the runs that come through a pipe, and sends their lines."""
    signal.signal(signal.SIGTERM, _interrupt)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # One between processes would outlive this one if it is killed.
    tqdm.set_lock(threading.RLock())
    progress.silence()

    # Threads print, too.
    lock = threading.RLock()

    def send(news):
        # The parent may have closed it, to end this process.
        with lock, contextlib.suppress(OSError):
            pipe.send(news)

    start_tensorflow(threads)
    from experiments.runtime.devices import make_strategy
    from experiments.training.logged_run import train

    strategy = make_strategy("default")
    with contextlib.suppress(EOFError, OSError, KeyboardInterrupt):
        while True:
            experiment, seed, options = pipe.recv()
            options["strategy"] = strategy
            error = None
            try:
                train(experiment, seed, send, with_stderr=True, **options)
            except Exception as it:
                error = ExceptionWithTraceback(it, it.__traceback__)
            send(_Outcome(error))


def _interrupt(number, frame):
    raise Interrupted(number)


def _end_with_parent():
    """Ends this process with its parent, which may be killed."""
    multiprocessing.parent_process().join()
    os.kill(os.getpid(), signal.SIGTERM)
