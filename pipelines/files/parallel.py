"""Work on all cores, in threads or in processes that end with this one."""

import contextlib
import multiprocessing
import os
import signal
import threading
from collections import deque
from concurrent.futures import (
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    as_completed,
)
from concurrent.futures.process import BrokenProcessPool

from pipelines.errors import DataError
from pipelines.progress import progress_bar

# Items that threads may be ahead of whoever reads the results.
_AHEAD = 1000


def map_in_threads(function, items, **bar):
    """Yields function(item) in order; for functions without Python's lock.

    Args:
        function, items: Pillow decodes without the lock, for example.
        **bar: For `progress_bar`, which counts the items.
    """
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        done = _yield_in_order(pool, function, items)
        yield from progress_bar(done, total=len(items), **bar)
    finally:
        # After an error or Ctrl-C nobody waits for the rest.
        pool.shutdown(cancel_futures=True)


def _yield_in_order(pool, function, items):
    """Yields results; `pool.map` would take memory for all items at once."""
    begun = deque()
    for item in items:
        begun.append(pool.submit(function, item))
        if len(begun) == _AHEAD:
            yield begun.popleft().result()
    while begun:
        yield begun.popleft().result()


def map_in_processes(function, items, processes=None, **bar):
    """Calls function(item) for each item, in new processes.

    The first exception of any of them ends the rest; so does Ctrl-C.

    Args:
        function, items: Go to the processes by pickle.
        processes: Their number at most; None: one for each core. One is none:
            all is done in this process.
        **bar: For `progress_bar`, which counts the items.

    Returns:
        The results, in the order of the items.

    Raises:
        DataError: if a process was killed.
    """
    processes = min(processes or os.cpu_count(), len(items))
    if processes <= 1:
        return [function(item) for item in progress_bar(items, **bar)]
    pool = Workers(processes)
    try:
        futures = [pool.submit(function, item) for item in items]
        done = as_completed(futures)
        for future in progress_bar(done, total=len(futures), **bar):
            future.result()
        return [future.result() for future in futures]
    except BrokenProcessPool as error:
        raise DataError(
            "a worker process was killed, which happens when memory is short. "
            "Start again, with fewer processes: what is done is kept."
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


class Workers(ProcessPoolExecutor):
    """New processes that see no Ctrl-C and end with this one.

    Those of joblib and of the standard library live on when it is killed.

    Args:
        processes: Their number at most.
        prepare: Function without arguments that each calls first, or None.
    """

    def __init__(self, processes, prepare=None):
        super().__init__(
            processes,
            # A fork of a process that runs TensorFlow hangs.
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_start,
            initargs=(prepare,),
        )

    def submit(self, function, /, *arguments):
        # Which may start a process.
        with _hold_back_interrupts():
            return super().submit(function, *arguments)


@contextlib.contextmanager
def _hold_back_interrupts():
    """Holds back Ctrl-C; processes that start meanwhile never see it.

    Ctrl-C reaches all processes of a terminal. The main process ends the
    others, which would only print tracebacks. So would a process that starts
    while the main one is interrupted, before it gets its work.
    """
    held = []
    # The processes inherit this.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    # Another thread may take the signal: Python still acts in its main one.
    in_main = threading.current_thread() is threading.main_thread()
    if in_main:
        handler = signal.signal(signal.SIGINT, lambda *_: held.append(True))
    try:
        yield
    finally:
        if in_main:
            signal.signal(signal.SIGINT, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    if held:
        signal.raise_signal(signal.SIGINT)


def _start(prepare):
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if prepare is not None:
        prepare()


def _end_with_parent():
    """Ends this worker with its parent, which may be killed."""
    multiprocessing.parent_process().join()
    os._exit(1)
