"""Runs on Ray: the same numbers as one after the other, whatever is lost."""

import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip(
    "ray", reason="Ray is not installed; see requirements-ray.txt"
)

from experiments.errors import ConfigError
from experiments.launchers.ray_cluster import resources, run_on_ray

ROOT = Path(__file__).parents[3]
ARMS = ("demo_baseline", "demo_salmix")
COMMAND = [
    *(sys.executable, "main.py", "--study=demo", "--arms=baseline,salmix"),
    *("--seeds=1", "--threads=1", "--set", "data.image_size=16"),
    *("--set", "data.limit_train=96", "--set", "data.limit_val=42"),
    *("--set", "data.batch_size=24", "--set", "model.width=4"),
]
EPOCHS = 40


@pytest.fixture
def start(tmp_path):
    """Starts the study, in a session of its own; its output is in a file."""
    processes = []

    def start_study(workdir, *arguments, epochs=EPOCHS, **environment):
        with open(tmp_path / f"{workdir}.txt", "ab") as output:
            process = subprocess.Popen(
                [
                    *COMMAND,
                    *("--set", f"epochs={epochs}"),
                    f"--workdir={tmp_path / workdir}",
                    *arguments,
                ],
                cwd=ROOT,
                env=os.environ | environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        processes.append(process)
        return process

    yield start_study
    for process in processes:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture
def alone(start, tmp_path):
    """The folder of the study that was made in one process."""
    assert start("alone").wait() == 0, said(tmp_path, "alone")
    return tmp_path / "alone"


@pytest.fixture
def cluster():
    """Two nodes of one processor each."""
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    cluster.add_node(num_cpus=1)
    yield cluster
    cluster.shutdown()


def said(tmp_path, workdir):
    return (tmp_path / f"{workdir}.txt").read_text()


def said_last(tmp_path, workdir):
    return said(tmp_path, workdir).splitlines()[-1]


def wait_for(condition, process):
    while not condition():
        assert process.poll() is None
        time.sleep(0.1)


def epochs_done(workdir, arm):
    try:
        return len((workdir / arm / "seed_0/history.csv").open().readlines())
    except FileNotFoundError:
        return 0


def assert_same_results(one, other):
    """history.csv without the times, and predictions, to the last bit."""
    for arm in ARMS:
        folders = [workdir / arm / "seed_0" for workdir in (one, other)]
        first, second = (
            [
                row.rsplit(",", 1)[0]
                for row in (folder / "history.csv").read_text().splitlines()
            ]
            for folder in folders
        )
        assert first == second
        assert len(first) == EPOCHS + 1
        first, second = (
            np.load(folder / "predictions.npz")["probabilities"]
            for folder in folders
        )
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    ("nodes", "threads", "strategy", "taken"),
    [
        ([{"CPU": 8.0}, {"CPU": 2.0}], None, "auto", (1, 0)),
        ([{"CPU": 8.0}, {"CPU": 2.0}], 4, "auto", (4, 0)),
        ([{"CPU": 2.0}, {"CPU": 16.0, "GPU": 4.0}], None, "auto", (4, 1)),
        ([{"CPU": 2.0}, {"CPU": 16.0, "GPU": 4.0}], None, "mirrored", (16, 4)),
        ([{"CPU": 2.0}, {"CPU": 16.0, "GPU": 4.0}], 2, "default", (2, 1)),
        # So that a run has room on each.
        ([{"CPU": 8.0, "GPU": 1.0}, {"CPU": 4.0, "GPU": 1.0}], None, "auto",
         (4, 1)),
        ([{"CPU": 2.0, "GPU": 8.0}], None, "auto", (1, 1)),
    ],
)  # fmt: skip
def test_what_a_run_takes(nodes, threads, strategy, taken):
    found = resources(nodes, threads, strategy)
    assert tuple(found.values()) == taken
    assert list(found) == ["num_cpus", "num_gpus"]


@pytest.mark.parametrize(
    ("nodes", "said"),
    [
        ([{"CPU": 2.0}, {"CPU": 4.0}], "no node has more than 4"),
        ([{"CPU": 9.0}, {"CPU": 4.0, "GPU": 1}], "no node with a GPU has more"),
    ],
)
def test_a_run_that_fits_nowhere_is_refused(nodes, said):
    with pytest.raises(ConfigError, match=said):
        resources(nodes, 8, "auto")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("nonsense", "expects HOST:PORT"),
        ("ray://127.0.0.1:10001", "expects HOST:PORT"),
        ("127.0.0.1:1", "no Ray cluster answers"),
    ],
)
def test_an_address_without_a_cluster(tiny, tmp_path, address, said):
    with pytest.raises(ConfigError, match=said):
        run_on_ray([(tiny, 0)], workdir=tmp_path / "runs", address=address)
    assert not (tmp_path / "runs").exists()


def test_a_lost_node_changes_nothing(cluster, start, alone, tmp_path):
    process = start("ray", "--launcher=ray", f"--ray_address={cluster.address}")
    workdir = tmp_path / "ray"
    wait_for(
        lambda: all(epochs_done(workdir, arm) > 2 for arm in ARMS), process
    )
    cluster.remove_node(cluster.list_all_nodes()[-1], allow_graceful=False)
    assert process.wait(timeout=300) == 0, said(tmp_path, "ray")
    output = said(tmp_path, "ray")
    assert "2 runs, 2 at a time, with --threads=1 and no GPU each" in output
    assert output.count("its process or node was lost; started again") == 1
    assert output.count("resuming after step") == 1
    for arm in ARMS:
        assert f"{arm}, seed 0: epoch {EPOCHS}/{EPOCHS}  loss" in output
    assert (workdir / "reports" / "demo" / "index.html").is_file()
    assert_same_results(alone, workdir)


def test_ctrl_c_ends_all_and_the_same_command_goes_on(start, alone, tmp_path):
    mark = uuid.uuid4().hex
    process = start("ray", "--launcher=ray", MARK_OF_THE_TEST=mark)
    workdir = tmp_path / "ray"
    wait_for(
        lambda: any(epochs_done(workdir, arm) > 2 for arm in ARMS), process
    )
    # All processes of a terminal get it.
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(timeout=60) == 130
    assert said_last(tmp_path, "ray") == "interrupted; the same command goes on"
    assert with_variable("MARK_OF_THE_TEST", mark) == []
    assert not all(epochs_done(workdir, arm) == EPOCHS for arm in ARMS)
    again = start("ray", "--launcher=ray")
    assert again.wait(timeout=300) == 0, said(tmp_path, "ray")
    assert "resuming after step" in said(tmp_path, "ray")
    assert not list(workdir.glob(".shared-*"))
    assert_same_results(alone, workdir)


def with_variable(name, value):
    """Commands of the processes that have this in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            variables = (folder / "environ").read_bytes().split(b"\0")
            if f"{name}={value}".encode() in variables:
                found.append((folder / "cmdline").read_bytes())
        except OSError:
            # It has ended, or is another user's.
            continue
    return found
