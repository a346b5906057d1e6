"""On what a run was made."""

import importlib.metadata
import platform
import subprocess
from pathlib import Path

import tensorflow as tf

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
        "git_revision": _git("rev-parse", "HEAD"),
        "git_changes": _git("status", "--porcelain"),
    }


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
