"""Long work shows progress, on terminals and in files."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
import time

import pytest

from pipelines.progress import announce_if_slow

BAR = """
from pipelines.progress import progress_bar
list(progress_bar(range(3), desc="reading"))
"""


@pytest.mark.parametrize("size", [(0, 0), (24, 100)])
def test_a_terminal_shows_bars_whatever_size_it_claims(size):
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
    with subprocess.Popen([sys.executable, "-c", BAR], stderr=its):
        os.close(its)
        shown = b""
        # The end of a terminal that nobody holds any more is an error.
        while piece := _read(ours):
            shown += piece
    os.close(ours)
    assert b"reading:" in shown


def _read(terminal):
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""


def test_what_takes_longer_than_a_moment_is_announced(capsys):
    with announce_if_slow("counting", patience=0.01):
        for _ in range(500):
            time.sleep(0.01)
            if "  counting ...\n" in capsys.readouterr().out:
                return
    pytest.fail("nothing was said in 5 s")


def test_what_is_quick_says_nothing(capsys):
    with announce_if_slow("counting", patience=0.5):
        pass
    time.sleep(0.7)
    assert capsys.readouterr().out == ""
