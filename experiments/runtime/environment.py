"""The environment of a run: packages, devices and settings."""

import importlib.metadata
import os
import platform

import tensorflow as tf

from experiments.runtime import devices
from experiments.runtime.machine import (
    describe_code,
    read_code,
    read_processor,
)
from experiments.runtime.startup import ONEDNN
from experiments.runtime.workers import Worker, resolve_worker
from pipelines.config import compare_configs

_FILE = "environment.json"
# Fields of environment.json that are about all parts of the run.
_OF_ALL_PARTS = ("notes", "earlier_parts")

# Fields in which the workers of one run may differ; the first one's are kept.
_HARDWARE = ("accelerator", "processor")
_PACKAGES = (
    "tensorflow",
    "keras",
    "numpy",
    "pillow",
    "opencv-contrib-python-headless",
)


def resolve_environment(experiment, strategy):
    """Everything besides config and data that affects the results of a run.

    Automatic values are resolved: `threads` is the number that TensorFlow
    uses, whether or not one was asked for.

    Args:
        experiment: An `experiments.configs.schema.Experiment`.
        strategy: A `tf.distribute` strategy.

    Returns:
        {field: value}, as it goes into environment.json.
    """
    return {
        "precision": devices.resolve_precision(experiment.precision),
        "device": devices.resolve_device_kind(),
        "accelerator": _read_accelerator(),
        "processor": read_processor(),
        "threads": _count_threads(),
        "replicas": strategy.num_replicas_in_sync,
        "workers": resolve_worker(strategy).count,
        "jit_compile": devices.resolve_jit_compile(
            strategy, experiment.deterministic
        ),
        "augment_on": experiment.data.augment_on,
        # As it was asked for; the default depends on the processor.
        "onednn": os.environ.get(ONEDNN, "default"),
        "packages": {
            name: importlib.metadata.version(name) for name in _PACKAGES
        },
    }


def list_environment_changes(folder, environment, worker):
    """(field, old, new) of what has changed since a run was begun.

    Args:
        folder: The `RunFolder`.
        environment: As `resolve_environment` returns it.
        worker: The `Worker` that this process is.
    """
    there = folder.read_json(_FILE)
    if there is None:
        return []
    now = {
        key: value
        for key, value in environment.items()
        if worker.is_chief or key not in _HARDWARE
    }
    return compare_configs({key: there.get(key) for key in now}, now)


def record_environment(folder, environment, first_step, notes):
    """Writes environment.json, on the first worker.

    An earlier part of the run that was made in another environment, or by
    other code, stays under "earlier_parts". Each part has the step that it
    began at.

    Args:
        folder: The `RunFolder`.
        environment: As `resolve_environment` returns it.
        first_step: Steps that the run has behind it.
        notes: Sentences that a reader of the run must know.

    Returns:
        A sentence on a change of the code since the last part, or None.
    """
    last = folder.read_json(_FILE) or {}
    code = read_code()
    before, now = describe_code(last), describe_code(code)
    has_moved = bool(list_environment_changes(folder, environment, Worker()))
    parts, begins_at = last.get("earlier_parts", []), first_step
    if last and (has_moved or before != now):
        part = {k: v for k, v in last.items() if k not in _OF_ALL_PARTS}
        parts = [*parts, part]
    elif last:
        begins_at = min(last.get("first_step", 0), first_step)
    # A part that ended before its first checkpoint has left nothing.
    parts = [p for p in parts if p.get("first_step", 0) < first_step]
    folder.write_json(
        _FILE,
        {
            "first_step": begins_at if parts else 0,
            **environment,
            "python": platform.python_version(),
            "platform": platform.platform(),
            "devices": [
                _read_device_name(device)
                for device in tf.config.list_physical_devices()
            ],
            **code,
            "earlier_parts": parts,
            "notes": notes,
        },
    )
    if not last or first_step == 0 or before == now:
        return None
    return f"goes on with {now} after {before}"


def _read_device_name(device):
    details = tf.config.experimental.get_device_details(device)
    return details.get("device_name", device.name)


def _read_accelerator():
    """The model of the first GPU or TPU that trains, or None."""
    kind = devices.resolve_device_kind()
    if kind == "CPU":
        return None
    found = tf.config.list_physical_devices(kind)
    return _read_device_name(found[0]) if found else kind


def _count_threads():
    """The threads that TensorFlow uses for one operation."""
    wanted = tf.config.threading.get_intra_op_parallelism_threads()
    if wanted:
        return wanted
    # 0 is one for each processor that this process may use.
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count()
