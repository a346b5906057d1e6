"""Progress of long work: a bar, or a line if nothing is counted."""

import contextlib
import os
import sys
import threading

from tqdm import tqdm

# Seconds of silence that make nobody wonder.
_PATIENCE = 3
_file = None


def silence():
    """Shows nothing from here on: another process shows the same."""
    global _file
    _file = sys.stdout = open(os.devnull, "w")  # noqa: SIM115


def progress_bar(iterable=None, **kwargs):
    """Builds a tqdm bar that is readable in log files: a line every 10 s."""
    on_terminal = sys.stderr.isatty()
    return tqdm(
        iterable,
        file=_file,
        delay=0 if on_terminal else 10,
        mininterval=0.1 if on_terminal else 10,
        maxinterval=10,
        leave=not on_terminal,
        **_width(on_terminal),
        **kwargs,
    )


def _width(on_terminal):
    if not on_terminal:
        return {}
    # Terminals of containers and editors may have no size, for which tqdm
    # would draw nothing.
    if os.get_terminal_size(sys.stderr.fileno()).columns == 0:
        return {"ncols": 80, "nrows": 24}
    return {"dynamic_ncols": True}


@contextlib.contextmanager
def announce_if_slow(text, patience=_PATIENCE):
    """Prints `text` if the block takes longer than a moment.

    Args:
        text: The work, such as "importing TensorFlow".
        patience: Seconds.

    Example:

    >>> from pipelines.progress import announce_if_slow
    >>> with announce_if_slow("adding"):
    ...     sum(range(10))
    45
    """
    line = f"  {text} ..."
    timer = threading.Timer(patience, print, [line], {"flush": True})
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
