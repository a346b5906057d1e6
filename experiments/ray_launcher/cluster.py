"""A Ray cluster: how to reach it, and what there is on it."""

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


@contextlib.contextmanager
def cluster(address):
    """Connects to a cluster, or makes one of this machine, until the end.

    Args:
        address: As for `ray_cluster.run_on_ray`.

    Raises:
        ConfigError: if there is none.
        Interrupted: after SIGTERM.
    """
    # Nobody is told; a run without a GPU keeps its CUDA_VISIBLE_DEVICES.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    # A busy machine takes longer to start its parts than Ray waits by default.
    os.environ.setdefault("RAY_agent_register_timeout_ms", "60000")
    local = {}
    if address is None:
        # A key of its own, or Ray would keep one in the user's home.
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
        local = {
            # As TensorFlow sees them.
            "num_gpus": len(tf.config.list_physical_devices("GPU")),
            "include_dashboard": False,
            # Little goes through it.
            "object_store_memory": 128 * 2**20,
        }
    else:
        _knock(address)
    try:
        ray.init(
            address or "local",
            log_to_driver=False,
            logging_level="error",
            **local,
        )
    # Plain where a part of it did not start in time.
    except Exception as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"--launcher=ray: Ray: {reason}") from error
    # What its own handler of SIGTERM does meanwhile.
    except SystemExit as error:
        raise Interrupted(signal.SIGTERM) from error
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        ray.shutdown()


def _interrupt(number, frame):
    raise Interrupted(number)


def _knock(address):
    """Ray itself tries for minutes.

    Raises:
        ConfigError: if `address` is none, or nobody listens there.
    """
    if address == "auto":
        return
    if not re.fullmatch(r"[^/]+:\d{1,5}", address):
        raise ConfigError(
            "--ray_address expects HOST:PORT, for example that which `ray "
            f"start --head` prints, or auto. Received: {address!r}."
        )
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except (OSError, OverflowError) as error:
        raise ConfigError(
            f"--ray_address={address}: no Ray cluster answers: {error}"
        ) from error


def nodes():
    """What each node has, such as [{"CPU": 16.0, "GPU": 2.0}]."""
    return [node["Resources"] for node in ray.nodes() if node["Alive"]]


def resources(nodes, threads, strategy):
    """What a run takes.

    Args:
        nodes: As `nodes` returns them.
        threads, strategy: As for `ray_cluster.run_on_ray`.

    Returns:
        {"num_cpus": integer, "num_gpus": integer}.

    Raises:
        ConfigError: if no node has as much.
    """
    gpus = int(max(node.get("GPU", 0) for node in nodes))
    if gpus:
        nodes = [node for node in nodes if node.get("GPU", 0) >= 1]
        gpus = gpus if strategy == "mirrored" else 1
        each = min(node.get("CPU", 0) * gpus // node["GPU"] for node in nodes)
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


def in_words(runs, nodes, share):
    """As "20 runs, 4 at a time, with --threads=1 and no GPU each"."""
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
    return (
        f"{len(runs)} runs, {min(room, len(runs))} at a time, with "
        f"--threads={cpus} and {gpus or 'no'} GPU{'s' if gpus > 1 else ''} each"
    )
