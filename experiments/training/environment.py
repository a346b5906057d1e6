"""On what a run was made."""

import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path

import tensorflow as tf

from experiments.errors import ConfigError
from experiments.training.startup import ONEDNN

_PACKAGES = (
    "tensorflow",
    "keras",
    "numpy",
    "pillow",
    "opencv-contrib-python-headless",
)


def environment(strategy, precision, jit_compile):
    """The content of environment.json."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {
            name: importlib.metadata.version(name) for name in _PACKAGES
        },
        "devices": [
            tf.config.experimental.get_device_details(device).get(
                "device_name", device.name
            )
            for device in tf.config.list_physical_devices()
        ],
        "replicas": strategy.num_replicas_in_sync,
        "precision": precision,
        "jit_compile": jit_compile,
        "onednn": _onednn(),
        "git_revision": _git("rev-parse", "HEAD"),
        "git_changes": _git("status", "--porcelain"),
    }


def check_same_numbers(folder):
    """Refuses to go on where the steps to come would not fit those done.

    Args:
        folder: The `RunFolder`, of a run that has not ended.

    Raises:
        ConfigError: if oneDNN was on and is off now, or the other way round:
            both give right numbers, but not the same.
    """
    if not (folder / "environment.json").is_file():
        return
    there = folder.read_json("environment.json").get("onednn", _onednn())
    if there != _onednn():
        raise ConfigError(
            f"{folder.path} was begun with {ONEDNN}={there}, and this is "
            f"{ONEDNN}={_onednn()}, which changes the numbers. Set it as it "
            "was to go on, choose another --workdir, or remove that folder."
        )


def _onednn():
    """As it was asked for; the default depends on the processor."""
    return os.environ.get(ONEDNN, "default")


def _git(*command):
    """What git says of this project's own checkout, or None."""
    root = Path(__file__).parents[2]
    try:
        done = subprocess.run(
            ["git", "-C", root, *command], capture_output=True, text=True
        )
    except FileNotFoundError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
