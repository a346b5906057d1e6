"""Damaged files, a lock, a full disk: one line each, and the right numbers."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.kills import kill_often
from experiments.analysis.network import load_trained
from experiments.errors import ConfigError
from experiments.report.report import report_on
from experiments.report.runs import read_runs
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


def foreign(path):
    path.write_bytes(
        {
            ".json": b'{"name": 3, "status": [1], "fingerprints": "x", '
            b'"class_names": [1], "splits": [], "earlier_parts": [4], '
            b'"notes": 1, "precision": 4}',
            ".csv": b"id,label\n1,cat\n",
            ".npz": b"\x89PNG\r\n\x1a\n",
            ".keras": b"PK\x05\x06" + bytes(18),
        }[path.suffix]
    )


def listed(path):
    path.write_text("[1, 2]")


FILES = (
    *("metrics.json", "config.json", "data.json", "environment.json"),
    *("history.csv", "predictions.npz", "model.keras"),
)


def is_line(error):
    return len(str(error).splitlines()) == 1


def results(folder):
    final = folder.metrics()["final"]
    with np.load(folder / "predictions.npz") as file:
        return (
            {k: v for k, v in final.items() if k not in TIMES},
            folder.metrics()["status"],
            file["probabilities"].tobytes(),
        )


@pytest.mark.parametrize("spoil", [empty, cut, foreign, listed])
@pytest.mark.parametrize("name", FILES)
def test_readers_of_a_damaged_run(copied, finished, name, spoil, capsys):
    """Its true numbers, or a line that says why there are none."""
    spoil(copied / name)
    runs, left_out = read_runs([copied.path])
    assert len(runs) + len(left_out) == 1
    for read in runs:
        assert read.history == finished.history()
    refusals = []
    try:
        report_on(copied.path.parents[1])
    except ConfigError as error:
        refusals.append(error)
    try:
        trained = load_trained(copied.path)
        assert trained.experiment.name == "tiny"
    except ConfigError as error:
        refusals.append(error)
    assert all(map(is_line, refusals))


@pytest.mark.parametrize("spoil", [empty, cut, foreign])
def test_results_are_made_again(copied, finished, tiny, spoil, capsys):
    """From the last checkpoint, all at once."""
    for name in ("metrics.json", "history.csv", "predictions.npz"):
        spoil(copied / name)
    train(tiny, copied.path.parents[1])
    said = capsys.readouterr().out
    assert "metrics.json is damaged: made again" in said
    assert "resuming after step 8" in said
    assert results(copied) == results(finished)
    assert copied.history() == finished.history()


def test_a_result_of_another_run_is_known(copied, tiny, capsys):
    with (copied / "model.keras").open("ab") as file:
        file.write(b" ")
    with pytest.raises(ConfigError, match="is not what this run has written"):
        load_trained(copied.path)
    train(tiny, copied.path.parents[1])
    said = capsys.readouterr().out
    assert "model.keras is not what this run has written: made again" in said
    assert not copied.changed_results()


@pytest.mark.parametrize("spoil", [empty, cut, foreign, listed])
@pytest.mark.parametrize("name", ["config.json", "environment.json"])
def test_what_says_which_run_it_is_must_be_whole(copied, tiny, name, spoil):
    spoil(copied / name)
    metrics = copied.metrics()
    copied.write_json("metrics.json", metrics | {"status": "running"})
    with pytest.raises(ConfigError, match=str(copied.path)) as caught:
        train(tiny, copied.path.parents[1])
    assert is_line(caught.value)


def test_without_checkpoints_a_run_starts_over(copied, finished, tiny, capsys):
    for name in CHECKPOINTS:
        empty(copied / name)
    (copied / "predictions.npz").unlink()
    train(tiny, copied.path.parents[1])
    said = capsys.readouterr().out
    assert "starts over" in said
    assert "resuming" not in said
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
    # It is dead, its file is still there.
    assert (folder / ".lock").exists()
    with folder.locked():
        assert str(os.getpid()) in (folder / ".lock").read_text()
    assert not (folder / ".lock").exists()


def test_kills_change_nothing(tmp_path):
    """At a random moment, and while checkpoints are written."""
    done, same = kill_often(tmp_path, kills=4, epochs=4, images=96)
    # A fast machine may finish before a later one, never before the first.
    assert done[0].startswith("while a checkpoint was written")
    assert same, done
