"""Two hosts, simulated by two processes, train like one with two devices."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from experiments.errors import ConfigError
from experiments.run_folder import RunFolder
from experiments.runtime import workers
from experiments.training.multi_worker_fit import deal
from tests.experiments.training.short_runs import numbers

ROOT = Path(__file__).parents[3]
HOST = Path(__file__).with_name("two_hosts.py")
TWO_DEVICES = ROOT / "tests/experiments/training/two_devices.py"
EXPERIMENT = "demo_random_erase"
# 12 steps; the last batch of val, of 6 images, is shared, too.
ASSIGNMENTS = [
    *("epochs=3", "data.steps_per_epoch=4", "data.batch_size=24"),
    *("data.image_size=16", "data.limit_train=90", "data.limit_val=30"),
    *("model.stem=small", "model.width=4", "optimizer.learning_rate=0.3"),
    "optimizer.warmup_epochs=0",
    *("data.augment_on=device", "model.name=ResNet4"),
]
# Seconds after which a worker that hangs is a failed test.
PATIENCE = 600


def free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [
            stack.enter_context(socket.create_server(("localhost", 0)))
            for _ in range(count)
        ]
        return [each.getsockname()[1] for each in sockets]


def train_on_two_hosts(folder):
    """(exit code, lines, errors) of each process of `two_hosts.py`."""
    hosts = [f"localhost:{port}" for port in free_ports(2)]
    sets = [flag for each in ASSIGNMENTS for flag in ("--set", each)]
    processes = [
        subprocess.Popen(
            [
                *(sys.executable, HOST, folder),
                *(f"--experiment={EXPERIMENT}", "--strategy=multiworker"),
                *("--threads=1", *sets),
            ],
            cwd=ROOT,
            env={
                **os.environ,
                "PYTHONPATH": ".",
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
        outputs = [each.communicate(timeout=PATIENCE) for each in processes]
    finally:
        for each in processes:
            each.kill()
            each.communicate()
    return [
        (process.returncode, output.splitlines(), errors)
        for process, (output, errors) in zip(processes, outputs, strict=True)
    ]


def read_reports(lines):
    """[exit code, and on the first host status and step] of each training."""
    return [json.loads(line) for line in lines if line.startswith("[")]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """(folder of the runs, what the two hosts have printed)."""
    folder = tmp_path_factory.mktemp("hosts")
    return folder, train_on_two_hosts(folder)


def folder_in(workdir):
    return RunFolder(workdir / EXPERIMENT / "seed_0")


def check_same_numbers(cut, whole):
    (rows, predictions), (expected_rows, expected) = map(numbers, (cut, whole))
    # Replicas sum an epoch's losses apart, but a checkpoint has one sum: after
    # a resume inside an epoch their mean may differ in its last bit.
    losses, expected_losses = (
        [row.pop("loss") for row in each] for each in (rows, expected_rows)
    )
    assert losses == pytest.approx(expected_losses, rel=1e-6)
    assert rows == expected_rows
    assert predictions == expected


def test_the_first_host_reports(trained):
    _, ((_, lines, errors), (_, other_lines, other_errors)) = trained
    assert any("2 replicas on CPU of 2 workers" in line for line in lines)
    assert read_reports(lines)[0] == [0, "finished", 12], errors
    assert "epoch" in "\n".join(lines)
    # A further call of `main.call` in its process prints again.
    silent = other_lines[: other_lines.index("[0]")]
    assert "epoch" not in "\n".join(silent)
    assert "epoch" not in other_errors


def test_losses_are_those_of_one_host_with_two_devices(trained, tmp_path):
    done = subprocess.run(
        [
            *(sys.executable, TWO_DEVICES, tmp_path, "train"),
            json.dumps({"experiment": EXPERIMENT, "assignments": ASSIGNMENTS}),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "."},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    alone, together = folder_in(tmp_path), folder_in(trained[0] / "whole")
    rows = alone.history()
    assert len(rows) == 3
    # It does learn.
    assert rows[-1]["loss"] < 0.98 * rows[0]["loss"]
    for expected, got in zip(rows, together.history(), strict=True):
        for key in ("loss", "val_loss", "accuracy", "val_accuracy"):
            assert got[key] == pytest.approx(expected[key], rel=1e-4), key
    with (
        np.load(alone / "predictions.npz") as expected,
        np.load(together / "predictions.npz") as got,
    ):
        np.testing.assert_array_equal(got["labels"], expected["labels"])
        np.testing.assert_allclose(
            got["probabilities"], expected["probabilities"], atol=1e-4
        )


def test_stopped_run_ends_as_if_nothing_had_happened(trained):
    folder, ((_, lines, errors), (_, other_lines, other_errors)) = trained
    # Both stop at the same step, although one of them gets the signal.
    stopped = 128 + signal.SIGTERM
    assert read_reports(lines)[1:3] == [
        [stopped, "interrupted", 10],
        [0, "finished", 12],
    ]
    assert read_reports(other_lines) == [[0], [stopped], [0]]
    for wrong in (errors, other_errors):
        assert "the same command goes on" in wrong
        assert "Traceback" not in wrong
    assert any("resuming after step 10" in line for line in lines)
    check_same_numbers(
        folder_in(folder / "stopped"), folder_in(folder / "whole")
    )


def test_a_lost_host_ends_the_other(trained):
    _, ((code, _, errors), (lost_code, *_)) = trained
    assert lost_code == -signal.SIGKILL
    assert code == 1
    assert "another worker of this run was lost" in errors


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
