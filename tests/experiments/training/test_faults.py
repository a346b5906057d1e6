"""Damaged files and a lock: one line each, and the right numbers."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from experiments.analysis.network import load_trained
from experiments.errors import ConfigError
from experiments.report.report import report_on
from experiments.run_folder import CHECKPOINTS, TIMES, RunFolder
from tests.experiments.training.short_runs import train

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def finished(tiny, tmp_path_factory):
    return train(tiny, tmp_path_factory.mktemp("finished"))


@pytest.fixture
def copied(finished, tmp_path):
    shutil.copytree(finished.path, tmp_path / "runs" / "tiny" / "seed_0")
    return RunFolder(tmp_path / "runs" / "tiny" / "seed_0")


def empty(path):
    path.write_bytes(b"")


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def results(folder):
    final = folder.metrics()["final"]
    with np.load(folder / "predictions.npz") as file:
        return (
            {k: v for k, v in final.items() if k not in TIMES},
            folder.metrics()["status"],
            file["probabilities"].tobytes(),
        )


def test_results_are_made_again(copied, finished, tiny, capsys):
    """From the last checkpoint, all at once; the report waits for them."""
    for name in ("metrics.json", "history.csv", "predictions.npz"):
        cut(copied / name)
    with pytest.raises(ConfigError) as caught:
        report_on(copied.path.parents[1])
    assert len(str(caught.value).splitlines()) == 1
    train(tiny, copied.path.parents[1])
    printed = capsys.readouterr().out
    assert "metrics.json is damaged: made again" in printed
    assert "resuming after step 8" in printed
    assert results(copied) == results(finished)
    assert copied.history() == finished.history()


@pytest.mark.parametrize("spoil", [empty, cut])
def test_a_damaged_network_is_one_line(copied, spoil):
    spoil(copied / "model.keras")
    with pytest.raises(ConfigError, match="model.keras cannot be load") as e:
        load_trained(copied.path)
    assert len(str(e.value).splitlines()) == 1


def test_a_result_of_another_run_is_known(copied, tiny, capsys):
    with (copied / "model.keras").open("ab") as file:
        file.write(b" ")
    with pytest.raises(
        ConfigError, match="is not the file that this run has written"
    ):
        load_trained(copied.path)
    train(tiny, copied.path.parents[1])
    printed = capsys.readouterr().out
    assert "model.keras is not what this run has written: made again" in printed
    assert not copied.changed_results()


@pytest.mark.parametrize("name", ["config.json", "environment.json"])
def test_the_identity_of_a_run_must_be_whole(copied, tiny, name):
    cut(copied / name)
    metrics = copied.metrics()
    copied.write_json("metrics.json", metrics | {"status": "running"})
    with pytest.raises(ConfigError, match=str(copied.path)) as caught:
        train(tiny, copied.path.parents[1])
    assert len(str(caught.value).splitlines()) == 1


def test_without_checkpoints_a_run_starts_over(copied, finished, tiny, capsys):
    for name in CHECKPOINTS:
        empty(copied / name)
    (copied / "predictions.npz").unlink()
    train(tiny, copied.path.parents[1])
    printed = capsys.readouterr().out
    assert "starts over" in printed
    assert "resuming" not in printed
    assert results(copied) == results(finished)


def test_a_run_is_trained_by_one_process(tiny, tmp_path):
    folder = RunFolder.of(tmp_path, tiny, 0)
    held = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from pipelines.files.locking import file_lock\n"
        f"with file_lock(Path({str(folder / '.lock')!r})):\n"
        "    print('held', flush=True)\n"
        "    time.sleep(600)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", held],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(ConfigError) as caught:
            train(tiny, tmp_path)
        other.send_signal(signal.SIGKILL)
    holder = f"({socket.gethostname()}, process {other.pid})"
    assert holder in str(caught.value)
    # That process is dead, and its file is still there.
    assert (folder / ".lock").exists()
    with folder.locked():
        assert str(os.getpid()) in (folder / ".lock").read_text()
    assert not (folder / ".lock").exists()
