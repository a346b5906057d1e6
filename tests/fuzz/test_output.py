"""Random streams that fail: printing never raises, and drops the rest."""

import contextlib
import errno
import io
import os
import sys

from hypothesis import strategies as st

from experiments.runtime.output import unbreakable_output
from tests.fuzz.cases import fuzz

ERRORS = (errno.ENOSPC, errno.EIO, errno.EPIPE, errno.EBADF, errno.EAGAIN)
TEXTS = st.text(max_size=8) | st.sampled_from(("\udce9.png", "\u732b", "\0"))


class Failing(io.StringIO):
    """A stream that fails at some writes, and at flushes from then on."""

    def __init__(self, error, first):
        super().__init__()
        self._error, self._left, self.failed = error, first, None

    def write(self, text):
        self._left -= 1
        self.flush()
        return super().write(text)

    def flush(self):
        if self._left < 0:
            self.failed = self._error
            raise OSError(self._error, os.strerror(self._error))


def close(stream):
    stream.close()
    return stream


def leave_reader():
    """A pipe whose reader is gone."""
    reader, writer = os.pipe()
    os.close(reader)
    return os.fdopen(writer, "w", errors="backslashreplace")


class Encoded(io.TextIOWrapper):
    """A stream in memory that knows few letters."""

    def __init__(self, encoding):
        super().__init__(io.BytesIO(), encoding)


STREAMS = (
    st.builds(Failing, st.sampled_from(ERRORS), st.integers(0, 3))
    | st.builds(leave_reader)
    | st.builds(close, st.builds(io.StringIO) | st.builds(leave_reader))
    | st.builds(Encoded, st.sampled_from(("ascii", "latin-1", "utf-8")))
)


@fuzz(100, streams=st.tuples(STREAMS, STREAMS), texts=st.lists(TEXTS))
def test_printing_never_raises(streams, texts):
    """Letters that an encoding lacks stand as their codes."""
    with (
        contextlib.redirect_stdout(streams[0]),
        contextlib.redirect_stderr(streams[1]),
        unbreakable_output() as output,
    ):
        for text in texts:
            print(text, flush=True)
            print(text, file=sys.stderr)
            sys.stdout.writelines([text])
            assert not sys.stdout.isatty()
    if isinstance(streams[0], Failing):
        failed = streams[0].failed
        assert (output.error and output.error.errno) == failed
    if isinstance(streams[0], Encoded):
        encoding = streams[0].encoding
        said = "".join(f"{text}\n{text}" for text in texts)
        expected = said.encode(encoding, "backslashreplace")
        assert streams[0].buffer.getvalue() == expected
        assert output.error is None
