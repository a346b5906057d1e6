"""Imports TensorFlow at its fastest and without its chatter."""

import contextlib
import os
import sys
import tempfile

ONEDNN = "TF_ENABLE_ONEDNN_OPTS"


def start_tensorflow():
    """Imports TensorFlow and touches the devices, which is when it talks.

    What it says is shown if it fails, or if TF_CPP_MIN_LOG_LEVEL is 0.
    """
    # What is an error to the user comes as an exception; what TensorFlow's
    # C++ logs as one is mostly about processors.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    # On processors without AVX-512 VNNI TensorFlow leaves oneDNN off, and
    # convolutions take several times longer. Builds without it ignore this.
    os.environ.setdefault(ONEDNN, "1")
    if os.environ["TF_CPP_MIN_LOG_LEVEL"] == "0":
        import tensorflow

        return
    with _held_back_stderr():
        import tensorflow  # noqa: F811

        tensorflow.config.list_physical_devices()
        # Its Python side, which warns of each new run's new graphs.
        tensorflow.get_logger().setLevel("ERROR")


@contextlib.contextmanager
def _held_back_stderr():
    # TensorFlow's C++ writes to the file descriptor, past sys.stderr.
    sys.stderr.flush()
    with tempfile.TemporaryFile() as held:
        original = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(original, 2)
            held.seek(0)
            sys.stderr.write(held.read().decode(errors="replace"))
            raise
        finally:
            os.dup2(original, 2)
            os.close(original)
