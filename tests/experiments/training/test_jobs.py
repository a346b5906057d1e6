"""Runs side by side have the bits of one thread, and fail one by one."""

import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from experiments.configs.overrides import override
from experiments.configs.registry import get_experiment
from experiments.run_folder import RunFolder
from experiments.runtime.screen import StudyScreen
from experiments.training.jobs import SideBySide, count_jobs
from pipelines.location import Location
from tests.experiments.training.short_runs import numbers

ROOT = Path(__file__).parents[3]
ARMS = ("demo_baseline", "demo_flip")
ASSIGNMENTS = [
    *("epochs=6", "checkpoint.every_steps=1", "data.batch_size=24"),
    *("data.image_size=16", "data.limit_train=72", "data.limit_val=24"),
    *("model.name=ResNet4", "model.width=4"),
]


def start(workdir, *arguments):
    sets = [flag for each in ASSIGNMENTS for flag in ("--set", each)]
    return subprocess.Popen(
        [
            *(sys.executable, "main.py", "--study=demo", "--seeds=1"),
            *("--arms=baseline,flip", "--log=none", f"--workdir={workdir}"),
            *(*sets, *arguments),
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def await_checkpoint(folder, process):
    while not (folder / "checkpoint.npz").exists():
        assert process.poll() is None, process.stdout.read()
        time.sleep(0.01)


def await_termination(process):
    """Waits until a process that is stopped has been sent SIGTERM."""
    status, pending = Path(f"/proc/{process}/status"), 0
    while not pending & 1 << signal.SIGTERM - 1:
        time.sleep(0.01)
        (line,) = re.findall(r"ShdPnd:\s*(\w+)", status.read_text())
        pending = int(line, 16)


def list_children(process):
    path = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    for number in path.read_text().split():
        if "spawn_main" in Path(f"/proc/{number}/cmdline").read_text():
            yield int(number)


def test_a_killed_process_and_a_signal_change_no_bit(tmp_path, capsys):
    cut, whole = (
        [RunFolder(tmp_path / f"{before}{arm}" / "seed_0") for arm in ARMS]
        for before in ("", "whole_")
    )
    first = start(tmp_path, "--jobs=2")
    await_checkpoint(cut[0], first)
    children = sorted(list_children(first))
    assert len(children) == 2
    # So that its run does not end meanwhile.
    os.kill(children[0], signal.SIGSTOP)
    await_checkpoint(cut[1], first)
    # The second process has got the second run.
    os.kill(children[1], signal.SIGKILL)
    lost = next(line for line in first.stdout if "failed" in line)
    assert "demo_flip      seed 0  failed: its process was lost" in lost
    assert "(SIGKILL)" in lost
    first.send_signal(signal.SIGHUP)
    await_termination(children[0])
    os.kill(children[0], signal.SIGCONT)
    printed, _ = first.communicate()
    assert first.returncode == 128 + signal.SIGHUP, printed
    assert printed.endswith("interrupted; the same command goes on\n")
    assert not any(Path(f"/proc/{each}").exists() for each in children)
    assert not cut[0].is_finished()
    # One process trains both of the runs, and both again from the start.
    runs = [(override(get_experiment(arm), ASSIGNMENTS), 0) for arm in ARMS]
    runs += [(replace(arm, name=f"whole_{arm.name}"), 0) for arm, _ in runs]
    with SideBySide(jobs=1) as launch:
        processes = multiprocessing.active_children()
        launch(
            runs,
            screen=StudyScreen(runs, tmp_path, together=True),
            workdir=tmp_path,
            location=Location("unused"),
            log=(),
        )
        # It stays for the next round.
        assert multiprocessing.active_children() == processes != []
    assert multiprocessing.active_children() == []
    for folder in cut:
        assert "resuming after step" in (folder / "log.txt").read_text()
    printed = capsys.readouterr().out
    assert re.search("2 of 4  demo_flip +seed 0", printed)
    # Neither the bars nor the lines of the epochs.
    assert "epoch" not in printed
    assert list(map(numbers, cut)) == list(map(numbers, whole))
    for folder in (*cut, *whole):
        assert folder.read_json("environment.json")["threads"] == 1


@pytest.mark.parametrize(
    ("width", "side", "threads", "expected"),
    [(16, 64, 1, 8), (16, 64, 3, 2), (16, 64, 9, 1), (64, 64, 1, None)],
)
def test_small_networks_share_the_cores(
    monkeypatch, tiny, width, side, threads, expected
):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(8))
    monkeypatch.setattr(os, "sysconf", lambda name: 2**20)
    arm = replace(
        tiny,
        model=replace(tiny.model, width=width),
        data=replace(tiny.data, image_size=side),
    )
    assert count_jobs([tiny, arm], threads) == expected
