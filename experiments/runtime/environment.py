"""On what a run was made."""

import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path

import tensorflow as tf

from experiments.errors import ConfigError
from experiments.runtime import devices
from experiments.runtime.startup import ONEDNN
from experiments.runtime.workers import worker_of
from pipelines.config import compare_configs

_FILE = "environment.json"
# What environment.json says of the whole run, not of a part.
_OF_ALL = ("notes", "earlier_parts")

_PACKAGES = (
    "tensorflow",
    "keras",
    "numpy",
    "pillow",
    "opencv-contrib-python-headless",
)


def surroundings(experiment, strategy):
    """What changes the numbers of a run besides its config and its data."""
    return {
        "precision": devices.resolve_precision(experiment.precision),
        "device": devices.kind_of_device(),
        "replicas": strategy.num_replicas_in_sync,
        "workers": worker_of(strategy).count,
        "jit_compile": devices.resolve_jit_compile(
            strategy, experiment.deterministic
        ),
        "augment_on": experiment.data.augment_on,
        "onednn": _onednn(),
        # As asked for; 0 is one for each core.
        "threads": tf.config.threading.get_intra_op_parallelism_threads(),
        "packages": {
            name: importlib.metadata.version(name) for name in _PACKAGES
        },
    }


def check_same_numbers(folder, here):
    """Refuses to go on where the steps to come would not fit those done.

    Both would be right numbers, but not those of one run.

    Args:
        folder: The `RunFolder`, of a run that has not ended.
        here: `surroundings` of now.

    Raises:
        ConfigError: names the first of them that was another.
    """
    for field, old, new in _moved(folder, here):
        name = ONEDNN if field == "onednn" else field
        raise ConfigError(
            f"{folder.path} was begun with {name}={old}, and this is "
            f"{name}={new}, which changes the numbers. Set it as it was to go "
            "on, go on all the same with --allow_moved, which the report will "
            "tell, choose another --workdir, or remove that folder."
        )


def environment(folder, here, first_step):
    """The content of environment.json.

    Args:
        folder: The `RunFolder`; what it holds of earlier parts of the run
            stays, where the surroundings were others.
        here: `surroundings` of now.
        first_step: Steps that the run has behind it.
    """
    there = folder.read_json(_FILE) or {}
    parts = there.get("earlier_parts", [])
    moved = _moved(folder, here)
    if moved:
        parts = [*parts, {k: v for k, v in there.items() if k not in _OF_ALL}]
    elif there:
        first_step = there.get("first_step", 0)
    # A part that ended before its first checkpoint has left nothing.
    parts = [p for p in parts if p.get("first_step", 0) < first_step]
    return {
        "first_step": first_step if parts else 0,
        **here,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "devices": [
            tf.config.experimental.get_device_details(device).get(
                "device_name", device.name
            )
            for device in tf.config.list_physical_devices()
        ],
        "git_revision": _git("rev-parse", "HEAD"),
        "git_changes": _git("status", "--porcelain"),
        "earlier_parts": parts,
    }


def _moved(folder, here):
    """(field, old, new) of what was another when the run was begun.

    Earlier versions have not written all of it down.
    """
    there = folder.read_json(_FILE) or {}
    return compare_configs(
        {key: there.get(key, here[key]) for key in here}, here
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
