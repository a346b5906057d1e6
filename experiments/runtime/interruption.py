"""Signals that end a run wait for its next step, and its checkpoint."""

import contextlib
import signal
import threading

from experiments.errors import Interrupted

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Request:
    """Whether somebody wants the run to end.

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
    """Yields the `Request` that SIGINT and SIGTERM make while inside.

    A second signal does not wait. In a thread, which cannot have signals,
    none is ever made.
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
