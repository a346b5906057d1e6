"""Imports TensorFlow with fast settings and without its log messages."""

import contextlib
import json
import os
import sys
import tempfile
from pathlib import Path

from pipelines.progress import announce_if_slow

ONEDNN = "TF_ENABLE_ONEDNN_OPTS"
# The folder of keras.json, from which Keras reads its settings.
_KERAS_HOME = Path(__file__).with_name("keras_home")
# Variables that change Keras's results, or end a training early.
_KERAS_VARIABLES = (
    "KERAS_BACKEND",
    "KERAS_MAX_EPOCHS",
    "KERAS_MAX_STEPS_PER_EPOCH",
    "KERAS_NNX_ENABLED",
    "TF_USE_LEGACY_KERAS",
)


def ensure_utf8():
    """Starts the program again if file names are not read as UTF-8.

    Otherwise names with other letters, in files and in folders, would depend on
    the locale: LC_ALL=C or an ISO-8859 one.
    """
    # python -E would not obey the variable a second time either.
    is_set = os.environ.get("PYTHONUTF8") == "1"
    if is_set or sys.getfilesystemencoding() == "utf-8":
        return
    os.environ["PYTHONUTF8"] = "1"
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


def start_tensorflow(threads=None, gpus=True):
    """Imports TensorFlow and lists the devices, both of which log messages.

    The messages are shown if that fails, or if TF_CPP_MIN_LOG_LEVEL is 0.

    Args:
        threads: Number of threads that TensorFlow may use; None: one for each
            processor.
        gpus: Whether TensorFlow may use GPUs; false if another process uses
            them.
    """
    # Errors that matter to the user come as exceptions. The errors that
    # TensorFlow's C++ logs are mostly about processors.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    _override_keras_settings()
    # On processors without AVX-512 VNNI TensorFlow leaves oneDNN off, and
    # convolutions take several times longer. Builds without it ignore this.
    os.environ.setdefault(ONEDNN, "1")
    if os.environ["TF_CPP_MIN_LOG_LEVEL"] == "0":
        import tensorflow

        _limit(tensorflow, threads, gpus)
        return
    with announce_if_slow("importing TensorFlow"), _held_back_stderr():
        import tensorflow  # noqa: F811

        _limit(tensorflow, threads, gpus)
        tensorflow.config.list_physical_devices()
        # The Python side warns of each new run's new graphs.
        tensorflow.get_logger().setLevel("ERROR")


def _limit(tensorflow, threads, gpus):
    if threads is not None:
        tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
        tensorflow.config.threading.set_inter_op_parallelism_threads(threads)
    if not gpus:
        tensorflow.config.set_visible_devices([], "GPU")


def _override_keras_settings():
    """Overrides the user's settings of Keras, which would change a run.

    One line names the settings that are overridden. Must be called before Keras
    is imported.
    """
    home = os.environ.get("KERAS_HOME")
    if home == str(_KERAS_HOME):
        # The process of this program that started this one has done it.
        return
    given = {
        name: os.environ.pop(name)
        for name in _KERAS_VARIABLES
        if name in os.environ
    }
    if given.get("KERAS_BACKEND") in ("", "tensorflow"):
        del given["KERAS_BACKEND"]
    wanted = json.loads((_KERAS_HOME / "keras.json").read_text())
    # Unlike Path.home(), this takes a user without a home.
    path = Path(home or os.path.expanduser("~/.keras"), "keras.json")
    given |= {
        f"{key} in {path}": value
        for key, value in _read_settings(path).items()
        if wanted.get(key) != value
    }
    os.environ["KERAS_HOME"] = str(_KERAS_HOME)
    os.environ["KERAS_BACKEND"] = wanted["backend"]
    if given:
        settings = ", ".join(f"{name}={value}" for name, value in given.items())
        print(
            f"note: not used here: {settings}; training needs Keras on "
            "TensorFlow as it is by default",
            flush=True,
        )


def _read_settings(path):
    try:
        settings = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return settings if isinstance(settings, dict) else {}


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
