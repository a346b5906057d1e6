"""One progress bar for everything that takes long."""

import sys

from tqdm import tqdm


def progress_bar(iterable=None, **kwargs):
    """A tqdm bar that stays readable in a log file: a line every 10 s."""
    on_terminal = sys.stderr.isatty()
    return tqdm(
        iterable,
        delay=0 if on_terminal else 10,
        mininterval=0.1 if on_terminal else 10,
        maxinterval=10,
        dynamic_ncols=on_terminal,
        leave=not on_terminal,
        **kwargs,
    )
