"""Connection to a Ray cluster, and the resources of its nodes."""

import contextlib
import math
import os
import re
import secrets
import signal
import socket

import ray
import tensorflow as tf

from experiments.errors import ConfigError, Interrupted
from experiments.runtime.interruption import handled


@contextlib.contextmanager
def connect(address):
    """Connects to a cluster inside the context, or starts one on this machine.

    Args:
        address: As for `launch.run_on_ray`.

    Raises:
        ConfigError: if there is no such cluster.
        Interrupted: after one of `SIGNALS`.
    """
    # No usage statistics; a run without a GPU keeps its CUDA_VISIBLE_DEVICES.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    # A busy machine takes longer to start its parts than Ray waits by default.
    os.environ.setdefault("RAY_agent_register_timeout_ms", "60000")
    local = {}
    if address is None:
        # Without a key of its own, Ray would write one into the user's home.
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
        local = {
            # The GPUs that TensorFlow sees.
            "num_gpus": len(tf.config.list_physical_devices("GPU")),
            "include_dashboard": False,
            # Little data goes through it.
            "object_store_memory": 128 * 2**20,
        }
    else:
        _check_address(address)
    try:
        ray.init(
            address or "local",
            log_to_driver=False,
            logging_level="error",
            **local,
        )
    # Ray raises plain exceptions if a part of it does not start in time.
    except Exception as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"--launcher=ray: Ray: {reason}") from error
    # Until it has started, Ray's own handler of SIGTERM exits.
    except SystemExit as error:
        raise Interrupted(signal.SIGTERM) from error
    try:
        with handled(_interrupt):
            yield
    finally:
        ray.shutdown()


def _interrupt(number, frame):
    raise Interrupted(number)


def _check_address(address):
    """Refuses a wrong address at once; Ray itself would try for minutes.

    Raises:
        ConfigError: if `address` is no address, or no program listens there.
    """
    if address == "auto":
        return
    if not re.fullmatch(r"[^/]+:\d{1,5}", address):
        raise ConfigError(
            "--ray_address expects HOST:PORT, for example the one that `ray "
            f"start --head` prints, or auto. Received: {address!r}."
        )
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except (OSError, OverflowError) as error:
        raise ConfigError(
            f"--ray_address={address}: no Ray cluster answers: {error}"
        ) from error


def list_nodes():
    """The resources of each node, such as [{"CPU": 16.0, "GPU": 2.0}]."""
    return [node["Resources"] for node in ray.nodes() if node["Alive"]]


def compute_share(nodes, threads, strategy, runs_per_gpu=1):
    """The resources that one run takes.

    Args:
        nodes: As `list_nodes` returns them.
        threads, strategy, runs_per_gpu: As for `launch.run_on_ray`.

    Returns:
        {"num_cpus": integer, "num_gpus": number}, the latter a fraction if
        several runs share a GPU.

    Raises:
        ConfigError: if no node has so many processors.
    """
    gpus = int(max(node.get("GPU", 0) for node in nodes))
    if gpus:
        nodes = [node for node in nodes if node.get("GPU", 0) >= 1]
        # Ray counts in steps of 0.0001.
        part = math.floor(10_000 / runs_per_gpu) / 10_000
        gpus = gpus if strategy == "mirrored" else part
        gpus = int(gpus) if gpus >= 1 else gpus
        each = min(
            node.get("CPU", 0) // max(1, int(node["GPU"] / gpus))
            for node in nodes
        )
    else:
        each = 1
    threads = threads or max(1, int(each))
    most = int(max(node.get("CPU", 0) for node in nodes))
    if threads > most:
        raise ConfigError(
            f"A run with --threads={threads} takes as many processors, and no "
            f"node{' with a GPU' if gpus else ''} has more than {most}."
        )
    return {"num_cpus": threads, "num_gpus": gpus}


def describe_runs(runs, nodes, share):
    """For example "20 runs, 4 at a time, with --threads=1 and no GPU each"."""
    cpus, gpus = share["num_cpus"], share["num_gpus"]
    room = sum(
        int(
            min(
                node.get("CPU", 0) // cpus,
                node.get("GPU", 0) // gpus if gpus else math.inf,
            )
        )
        for node in nodes
    )
    share = f"{gpus or 'no'} GPU{'s' if gpus > 1 else ''} each"
    if 0 < gpus < 1:
        share = f"{int(1 / gpus)} on each GPU"
    return (
        f"{len(runs)} runs, {min(room, len(runs))} at a time, with "
        f"--threads={cpus} and {share}"
    )
