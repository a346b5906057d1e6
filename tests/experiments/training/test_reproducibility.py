"""The same command gives the same bytes, killed in between or not."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from experiments.run_folder import TIMES

ROOT = Path(__file__).parents[3]
COMMAND = [
    *(sys.executable, "main.py", "--experiment=demo_salmix"),
    *("--set", "epochs=2", "--set", "data.image_size=16"),
    *("--set", "data.limit_train=96", "--set", "data.limit_val=42"),
    *("--set", "data.batch_size=24", "--set", "model.width=8"),
    *("--set", "checkpoint.every_steps=2"),
]


def start(workdir, onednn):
    environment = os.environ | {"TF_ENABLE_ONEDNN_OPTS": onednn}
    return subprocess.Popen(
        [*COMMAND, f"--workdir={workdir}"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(workdir, onednn):
    process = start(workdir, onednn)
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    return output


def run_folder(workdir):
    return workdir / "demo_salmix" / "seed_0"


def results(workdir):
    """history.csv without the times, and the predictions."""
    with open(run_folder(workdir) / "history.csv", newline="") as file:
        rows = [
            {k: v for k, v in row.items() if k not in TIMES}
            for row in csv.DictReader(file)
        ]
    with np.load(run_folder(workdir) / "predictions.npz") as file:
        return rows, file["probabilities"]


@pytest.mark.parametrize("onednn", ["1", "0"])
def test_same_bytes_again_and_after_a_kill(tmp_path, onednn):
    finish(tmp_path / "whole", onednn)
    cut = tmp_path / "cut"
    process = start(cut, onednn)
    deadline = time.monotonic() + 300
    while not (run_folder(cut) / "checkpoint.npz").exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    assert not (run_folder(cut) / "predictions.npz").exists()
    assert "resuming after step" in finish(cut, onednn)
    (rows, expected), (rows_again, got) = (
        results(tmp_path / "whole"),
        results(cut),
    )
    assert rows_again == rows
    assert len(rows) == 2
    np.testing.assert_array_equal(got, expected)
    environment = json.loads((run_folder(cut) / "environment.json").read_text())
    assert environment["onednn"] == onednn


def test_a_run_does_not_go_on_with_other_numbers(tmp_path):
    finish(tmp_path, "1")
    metrics = run_folder(tmp_path) / "metrics.json"
    content = json.loads(metrics.read_text())
    metrics.write_text(json.dumps(content | {"status": "running"}))
    process = start(tmp_path, "0")
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 2
    assert "TF_ENABLE_ONEDNN_OPTS=1" in output
    # On a busy machine even importing is announced.
    said = output.removeprefix("  importing TensorFlow ...\n")
    assert len(said.splitlines()) == 1
