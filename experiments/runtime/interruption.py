"""Signals that end a run after its next step and a checkpoint."""

import contextlib
import signal
import threading

from experiments.errors import Interrupted

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


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
    """Yields a `Request` that SIGINT and SIGTERM set inside the context.

    A second signal ends the run at once. A thread, which cannot handle
    signals, gets a `Request` that is never set.
    """
    request = Request()

    def note(number, frame):
        if request.signal is not None:
            raise Interrupted(number)
        request.signal = number
        print(
            "\n  stopping after this step; once more to stop at once",
            flush=True,
        )

    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    before = {number: signal.signal(number, note) for number in _SIGNALS}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
