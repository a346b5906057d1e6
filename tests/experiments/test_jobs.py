"""Runs side by side have the bits of one thread, and fail one by one."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from experiments.jobs import count_jobs
from experiments.run_folder import RunFolder
from tests.experiments.training.short_runs import numbers

ROOT = Path(__file__).parents[2]
COMMAND = (
    *(sys.executable, "main.py", "--study=demo", "--arms=baseline,flip"),
    *("--seeds=1", "--log=none", "--set", "epochs=6"),
    *("--set", "data.image_size=16", "--set", "data.limit_train=72"),
    *("--set", "data.limit_val=24", "--set", "data.batch_size=24"),
    *("--set", "model.name=ResNet10", "--set", "model.width=4"),
    *("--set", "checkpoint.every_steps=1"),
)


def start(workdir, *arguments):
    return subprocess.Popen(
        [*COMMAND, f"--workdir={workdir}", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def await_checkpoint(folder, process):
    while not (folder / "checkpoint.npz").exists():
        assert process.poll() is None, process.stdout.read()
        time.sleep(0.01)


def list_children(process):
    path = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    for number in path.read_text().split():
        if "spawn_main" in Path(f"/proc/{number}/cmdline").read_text():
            yield int(number)


def test_a_killed_process_and_a_signal_change_no_bit(tmp_path):
    arms = [
        RunFolder(tmp_path / "cut" / f"demo_{arm}" / "seed_0")
        for arm in ("baseline", "flip")
    ]
    first = start(tmp_path / "cut", "--jobs=2")
    await_checkpoint(arms[1], first)
    children = list(list_children(first))
    assert len(children) == 2
    # The second process has got the second run.
    os.kill(max(children), signal.SIGKILL)
    lost = next(line for line in first.stdout if "failed" in line)
    assert "demo_flip      seed 0  failed: its process was lost" in lost
    assert "(SIGKILL)" in lost
    first.send_signal(signal.SIGHUP)
    printed, _ = first.communicate()
    assert first.returncode == 128 + signal.SIGHUP, printed
    assert printed.endswith("interrupted; the same command goes on\n")
    assert not any(Path(f"/proc/{each}").exists() for each in children)
    assert not arms[0].is_finished()
    second = start(tmp_path / "cut", "--jobs=1", "--threads=1")
    printed, _ = second.communicate()
    assert second.returncode == 0, printed
    for folder in arms:
        assert "resuming after step" in (folder / "log.txt").read_text()
    # Neither the bars nor the lines of the epochs.
    assert "epoch" not in printed
    third = start(tmp_path / "whole", "--jobs=2")
    printed, _ = third.communicate()
    assert third.returncode == 0, printed
    for folder in arms:
        whole = tmp_path / "whole" / folder.path.relative_to(tmp_path / "cut")
        assert numbers(folder) == numbers(RunFolder(whole))


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
