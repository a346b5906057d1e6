"""Two hosts, simulated by two processes, train like one with two devices."""

import contextlib
import csv
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from experiments.errors import ConfigError
from experiments.run_folder import TIMES, RunFolder
from experiments.runtime import workers
from experiments.training.multi_worker_fit import deal

ROOT = Path(__file__).parents[3]
# 24 steps; the last batch of val, of 6 images, is shared, too. At a higher rate
# so small a network turns the last digit of a sum into one percent of a loss.
ASSIGNMENTS = [
    *("epochs=6", "data.steps_per_epoch=4", "data.batch_size=24"),
    *("data.image_size=16", "data.limit_train=90", "data.limit_val=30"),
    *("model.stem=small", "model.width=4", "optimizer.learning_rate=0.002"),
    *("data.augment_on=device", "checkpoint.every_steps=1"),
]
# Seconds after which a worker that hangs is a failed test.
PATIENCE = 300


def free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [
            stack.enter_context(socket.create_server(("localhost", 0)))
            for _ in range(count)
        ]
        return [each.getsockname()[1] for each in sockets]


@contextlib.contextmanager
def started(workdir, assignments=ASSIGNMENTS):
    """Yields two processes of one run."""
    hosts = [f"localhost:{port}" for port in free_ports(2)]
    sets = [flag for each in assignments for flag in ("--set", each)]
    processes = [
        subprocess.Popen(
            [
                *(sys.executable, "main.py", "--experiment=demo_salmix"),
                *("--strategy=multiworker", "--threads=1"),
                *(f"--workdir={workdir}", *sets),
            ],
            cwd=ROOT,
            env={
                **os.environ,
                "TF_CONFIG": json.dumps(
                    {
                        "cluster": {"worker": hosts},
                        "task": {"type": "worker", "index": index},
                    }
                ),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for index in range(2)
    ]
    try:
        yield processes
    finally:
        for each in processes:
            each.kill()
            each.communicate()


def ended(processes):
    """(exit code, output, errors) of each."""
    outputs = [each.communicate(timeout=PATIENCE) for each in processes]
    return [
        (process.returncode, *output)
        for process, output in zip(processes, outputs, strict=True)
    ]


def wait_for_rows(folder, count):
    """Until history.csv has so many."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with contextlib.suppress(FileNotFoundError):
            lines = (folder / "history.csv").read_text().splitlines()
            if len(lines) > count:
                return
        time.sleep(0.02)
    raise AssertionError("the run did not get that far")


def rows_of(folder):
    with open(folder / "history.csv", newline="") as file:
        return [
            {key: row[key] for key in row if key not in TIMES}
            for row in csv.DictReader(file)
        ]


@pytest.fixture(scope="module")
def run_of_two(tmp_path_factory):
    workdir = tmp_path_factory.mktemp("of_two")
    with started(workdir) as processes:
        (code, output, errors), (other_code, other_output, other_errors) = (
            ended(processes)
        )
    assert (code, other_code) == (0, 0), errors + other_errors
    assert "2 replicas on CPU of 2 workers" in output
    assert "epoch" not in other_output
    assert "epoch" not in other_errors
    return RunFolder(workdir / "demo_salmix" / "seed_0")


def test_losses_are_those_of_one_host_with_two_devices(run_of_two, tmp_path):
    done = subprocess.run(
        [
            *(
                sys.executable,
                ROOT / "tests/experiments/training/two_devices.py",
            ),
            *(tmp_path, "mirrored", json.dumps({"assignments": ASSIGNMENTS})),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "."},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    alone = RunFolder(tmp_path / "demo_salmix" / "seed_0")
    rows = alone.history()
    assert len(rows) == 6
    # It does learn.
    assert rows[-1]["loss"] < 0.98 * rows[0]["loss"]
    for expected, got in zip(rows, run_of_two.history(), strict=True):
        for key in ("loss", "val_loss", "accuracy", "val_accuracy"):
            assert got[key] == pytest.approx(expected[key], rel=1e-4), key
    with (
        np.load(alone / "predictions.npz") as expected,
        np.load(run_of_two / "predictions.npz") as got,
    ):
        np.testing.assert_array_equal(got["labels"], expected["labels"])
        np.testing.assert_allclose(
            got["probabilities"], expected["probabilities"], atol=1e-4
        )


def test_killed_and_stopped_run_ends_as_if_nothing_had_happened(
    run_of_two, tmp_path
):
    folder = tmp_path / "demo_salmix" / "seed_0"
    with started(tmp_path) as processes:
        wait_for_rows(folder, 1)
        # To one of them.
        processes[1].send_signal(signal.SIGTERM)
        for code, _, wrong in ended(processes):
            assert code == 128 + signal.SIGTERM, wrong
            assert "the same command goes on" in wrong
            assert "Traceback" not in wrong
    stopped_at = len(rows_of(folder))
    assert RunFolder(folder).metrics()["status"] == "interrupted"
    assert stopped_at < 6
    with started(tmp_path) as processes:
        wait_for_rows(folder, stopped_at + 1)
        processes[1].kill()
        code, _, wrong = ended(processes)[0]
    assert code == 1
    assert "another worker of this run was lost" in wrong
    assert "Traceback" not in wrong
    with started(tmp_path) as processes:
        for code, _, wrong in ended(processes):
            assert code == 0, wrong
    assert rows_of(folder) == rows_of(run_of_two)
    names = "predictions.npz", "model.keras"
    with (
        np.load(run_of_two / names[0]) as expected,
        np.load(folder / names[0]) as got,
    ):
        np.testing.assert_array_equal(
            got["probabilities"], expected["probabilities"]
        )


@pytest.mark.parametrize("devices", [1, 2, 3])
def test_devices_of_a_host_get_all_of_its_batch_in_order(devices):
    batches = tf.data.Dataset.range(20).batch(8)
    images, labels = zip(
        *deal(tf.data.Dataset.zip(batches, batches), devices), strict=True
    )
    assert len(images) == 3 * devices
    np.testing.assert_array_equal(np.concatenate(images), np.arange(20))
    np.testing.assert_array_equal(np.concatenate(labels), np.arange(20))
    sizes = [len(each) for each in images[:devices]]
    assert sum(sizes) == 8
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize(
    ("variables", "received"),
    [
        ({}, "neither"),
        ({"TF_CONFIG": "{"}, "Expecting property name"),
        ({"TF_CONFIG": "{}"}, "jobs []"),
        (
            {"TF_CONFIG": '{"cluster": {"ps": ["a:1"], "worker": ["b:1"]}}'},
            "jobs ['ps', 'worker']",
        ),
        (
            {
                "TF_CONFIG": '{"cluster": {"worker": ["a:1"]}, "task": '
                '{"type": "worker", "index": 0}}'
            },
            "0 of 1",
        ),
        ({"SLURM_PROCID": "0"}, "SLURM"),
    ],
)
def test_settings_that_name_no_cluster(monkeypatch, variables, received):
    for name in ("TF_CONFIG", "SLURM_PROCID"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(
        ConfigError, match="--strategy=multiworker expects"
    ) as e:
        workers.resolve_cluster()
    assert received in str(e.value)
    assert "\n" not in str(e.value)


def test_cluster_of_slurm(monkeypatch):
    """Three tasks on two hosts."""
    monkeypatch.delenv("TF_CONFIG", raising=False)
    for name, value in {
        "PROCID": "2",
        "STEP_NUM_TASKS": "3",
        "STEP_NODELIST": "node[1-2]",
        "STEP_TASKS_PER_NODE": "2,1",
    }.items():
        monkeypatch.setenv(f"SLURM_{name}", value)
    resolver = workers.resolve_cluster()
    assert resolver.task_id == 2
    assert resolver.cluster_spec().as_dict() == {
        "worker": ["node1:8888", "node1:8889", "node2:8888"]
    }
