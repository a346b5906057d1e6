"""Output that may go away: a closed terminal, a full disk, `| head`."""

import contextlib
import os
import sys


class UnbreakableStream:
    """A text stream that drops what cannot be written.

    Printing then never ends a run.

    Args:
        stream: The stream that is written to, such as `sys.stdout`.

    Attributes:
        error: The first `OSError` of it, or None.
    """

    def __init__(self, stream):
        self._stream = stream
        self.error = None

    def __getattr__(self, name):
        return getattr(self._stream, name)

    def write(self, text):
        self._attempt(self._write, text)
        return len(text)

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def flush(self):
        self._attempt(self._stream.flush)

    def isatty(self):
        try:
            return self._stream.isatty()
        except (OSError, ValueError):
            return False

    def _write(self, text):
        try:
            self._stream.write(text)
        except UnicodeEncodeError as error:
            known = text.encode(error.encoding, "backslashreplace")
            self._stream.write(known.decode(error.encoding))

    def _attempt(self, function, *arguments):
        try:
            function(*arguments)
        except OSError as error:
            self.error = self.error or error
        except (RuntimeError, ValueError):
            # A signal's handler that prints has interrupted a print, or the
            # stream is closed.
            return


@contextlib.contextmanager
def unbreakable_output():
    """Makes both outputs unbreakable; yields the `UnbreakableStream` of one.

    What is not written at the end is dropped. Python itself would try once
    more, and complain.

    Yields:
        The one of standard output.
    """
    outputs = UnbreakableStream(sys.stdout), UnbreakableStream(sys.stderr)
    with (
        contextlib.redirect_stdout(outputs[0]),
        contextlib.redirect_stderr(outputs[1]),
    ):
        try:
            yield outputs[0]
        finally:
            for each in outputs:
                each.flush()
                if each.error is not None:
                    _lead_nowhere(each)


def _lead_nowhere(stream):
    """Leads a stream's file to /dev/null; one in memory has none."""
    with contextlib.suppress(AttributeError, OSError, ValueError):
        number = stream.fileno()
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), number)


def reopen_closed_streams():
    """Opens /dev/null as each standard stream that is closed, as by `>&-`.

    Otherwise the next file that is opened would take its number.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        if number:
            name = "stdout" if number == 1 else "stderr"
            setattr(sys, name, open(number, "w", closefd=False))  # noqa: SIM115
    os.close(number)
