"""Devices, strategy, precision and compilation of a training."""

import math
import os
import subprocess

import numpy as np
import tensorflow as tf

from experiments.errors import ConfigError
from experiments.formatting import counted
from experiments.runtime import workers

# With so many steps in a call, an accelerator need not wait for Python.
_STEPS_ON_ACCELERATORS = 20
# So many bytes of images fit on any accelerator.
_MOST_KEPT = 2 * 2**30


def make_strategy(name):
    """Makes a `tf.distribute` strategy by name.

    "auto" is a TPU if TensorFlow finds one, all GPUs if there are several,
    otherwise the single device.
    """
    if name == "auto":
        if tf.config.list_physical_devices("TPU"):
            name = "tpu"
        elif len(tf.config.list_logical_devices("GPU")) > 1:
            name = "mirrored"
        else:
            name = "default"
    if name == "tpu":
        return _tpu_strategy()
    if name == "multiworker":
        return workers.join()
    if name == "mirrored":
        devices = tf.config.list_logical_devices(resolve_device_kind())
        return tf.distribute.MirroredStrategy([d.name for d in devices])
    return tf.distribute.get_strategy()


def _tpu_strategy():
    try:
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver()
        tf.config.experimental_connect_to_cluster(resolver)
        tf.tpu.experimental.initialize_tpu_system(resolver)
    except (ValueError, tf.errors.OpError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"--strategy=tpu: no TPU found: {reason}") from error
    return tf.distribute.TPUStrategy(resolver)


def resolve_device_kind():
    """The first of "TPU", "GPU" and "CPU" that there is."""
    for kind in ("TPU", "GPU"):
        if tf.config.list_logical_devices(kind):
            return kind
    return "CPU"


def resolve_precision(precision):
    """The dtype policy that "auto" stands for on these devices."""
    if precision != "auto":
        return precision
    by_device = {
        "TPU": "mixed_bfloat16",
        "GPU": "mixed_float16",
        "CPU": "float32",
    }
    return by_device[resolve_device_kind()]


def resolve_jit_compile(strategy, deterministic):
    """True if XLA compiles the train step.

    It does on a TPU, which needs it. It does on one GPU unless operations are
    deterministic: Keras leaves it out then. Over several GPUs it does not, as
    Keras would compile the replicas' exchange along with the step. It does not
    on a CPU either, for which it was measured to be slower.
    """
    kind = resolve_device_kind()
    on_one = strategy.num_replicas_in_sync == 1
    return kind == "TPU" or (kind == "GPU" and on_one and not deterministic)


def steps_per_execution(wanted, *multiples):
    """Steps that one call of TensorFlow trains.

    Args:
        wanted: The most steps, or "auto", as in the config.
        *multiples: Integers that the result divides.
    """
    if wanted == "auto":
        wanted = 1 if resolve_device_kind() == "CPU" else _STEPS_ON_ACCELERATORS
    common = math.gcd(*multiples)
    return next(steps for steps in range(wanted, 0, -1) if common % steps == 0)


def keeps_images(config, images):
    """True if the device keeps all training images, as `Data.keep_on` says.

    Args:
        config: A `pipelines.config.Data`.
        images: The images of a `pipelines.loading.LoadedSplit`.

    Raises:
        ConfigError: if the device is to keep them and cannot.
    """
    is_array = isinstance(images, np.ndarray)
    on_device = config.augment_on == "device"
    if config.keep_on == "device" and not (is_array and on_device):
        reason = (
            "images that are kept decoded; raise data.cache_gib"
            if on_device
            else "data.augment_on=device"
        )
        raise ConfigError(f"data.keep_on=device needs {reason}.")
    if config.keep_on != "auto":
        return config.keep_on == "device"
    fits = is_array and images.nbytes <= _MOST_KEPT
    return fits and on_device and resolve_device_kind() != "CPU"


def in_words(strategy):
    """Describes the devices of a strategy, such as "2 replicas on GPU"."""
    count = strategy.num_replicas_in_sync
    hosts = workers.resolve_worker(strategy).count
    of = f" of {counted(hosts, 'worker')}" if hosts > 1 else ""
    return f"{counted(count, 'replica')} on {resolve_device_kind()}{of}"


def list_devices():
    """Describes each device, such as "GPU:0, NVIDIA H200"."""
    lines = []
    for device in tf.config.list_physical_devices():
        kind, number = device.name.split(":")[-2:]
        details = tf.config.experimental.get_device_details(device)
        if kind == "CPU":
            pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
            model = f"{pages / 2**30:.1f} GiB of memory"
        else:
            model = details.get("device_name", "of unknown model")
        lines.append(f"{kind}:{number}, {model}")
    return lines


def list_nvidia_cards():
    """Lists the cards that NVIDIA's driver knows, one line each.

    Returns:
        Lines such as "NVIDIA H200, 143771 MiB, driver 570.86", or None if
        there is no driver.
    """
    query = "--query-gpu=name,memory.total,driver_version"
    try:
        done = subprocess.run(
            ["nvidia-smi", query, "--format=csv,noheader"],
            capture_output=True,
            text=True,
        )
    except OSError:
        return None
    if done.returncode != 0:
        return None
    rows = [line.rpartition(", ") for line in done.stdout.splitlines()]
    return [f"{card}, driver {driver}" for card, _, driver in rows]


def check_shares(batch_size, strategy):
    """Refuses batches that replicas cannot share evenly.

    Replicas average their means: images of uneven shares would not weigh the
    same.

    Raises:
        ConfigError: if the replicas cannot share a batch evenly.
    """
    count = strategy.num_replicas_in_sync
    if batch_size % count:
        raise ConfigError(
            f"data.batch_size={batch_size} cannot be shared evenly by {count} "
            f"replicas; set it to a multiple of {count}, or use "
            "--strategy=default."
        )
