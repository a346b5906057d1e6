"""Signals that end a run after its next step and a checkpoint."""

import contextlib
import signal
import sys
import threading
import time

from experiments.errors import Interrupted

# Closing a terminal sends SIGHUP; Slurm sends SIGUSR1 before the time is over
# if `sbatch --signal=USR1@120` asks for it.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)
# Seconds within which a signal is the same request: schedulers and wrappers
# send one to a whole group, and pass it on as well.
SAME_REQUEST = 1


class Request:
    """A request to end the run.

    Attributes:
        signal: The number of the signal that asked for it, or None.
    """

    def __init__(self):
        self.signal = None

    def obey(self):
        """Raises `Interrupted` if there was a signal."""
        if self.signal is not None:
            raise Interrupted(self.signal)


@contextlib.contextmanager
def requests():
    """Yields a `Request` that `SIGNALS` set inside the context.

    A second signal, from `SAME_REQUEST` seconds on, ends the run at once. A
    thread, which cannot handle signals, gets a `Request` that is never set.
    """
    request, asked = Request(), 0

    def note(number, frame):
        nonlocal asked
        if request.signal is not None:
            if time.monotonic() - asked >= SAME_REQUEST:
                raise Interrupted(number)
            return
        request.signal, asked = number, time.monotonic()
        print(
            "\n  stopping after this step; once more to stop at once",
            file=sys.stderr,
            flush=True,
        )

    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    with handled(note):
        yield request


@contextlib.contextmanager
def handled(handler):
    """Has `SIGNALS` call a handler inside the context.

    SIGHUP stays ignored if it is: nohup asks for that.
    """
    before = {
        number: signal.signal(number, handler)
        for number in SIGNALS
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
