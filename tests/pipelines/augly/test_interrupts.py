"""Offline augmentation that is killed or interrupted, in real processes."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

SCRIPT = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from pipelines.augly.offline import augment_folder
if __name__ == "__main__":
    operations = {{"rotate": {{"degrees": (-8.0, 8.0)}}}}
    try:
        augment_folder(
            *sys.argv[1:], operations=operations, count=6, seed=7, processes=2
        )
    except KeyboardInterrupt:
        print("interrupted")
        sys.exit(130)
"""


def contents(folder):
    """{path: bytes} of all files."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def status(target):
    return json.loads((target / "augmentation.json").read_text())["status"]


@pytest.fixture
def start(tmp_path):
    """Starts the script; ends what is left of it after the test."""
    (tmp_path / "script.py").write_text(SCRIPT)
    processes = []

    def start(target):
        process = subprocess.Popen(
            [sys.executable, tmp_path / "script.py", tmp_path / "many", target],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def test_killed_and_interrupted_runs_go_on(tmp_path, start, draw_image):
    for number in range(18):
        path = tmp_path / "many" / "abc"[number % 3] / f"{number}.png"
        draw_image(path, number, size=(300, 200))
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    process = start(whole)
    assert process.communicate()[1] == ""
    assert process.returncode == 0

    def images():
        return len(list(broken.glob("*/*")))

    process = start(broken)
    wait_for(lambda: images() > 20)
    process.kill()
    # The pipes close when the last worker has ended, too: one that lived on
    # would write into what a second run writes.
    process.communicate(timeout=10)
    assert status(broken) == "running"

    before = images()
    process = start(broken)
    wait_for(lambda: images() > before + 20)
    # As a terminal does: to all processes.
    os.killpg(process.pid, signal.SIGINT)
    output, errors = process.communicate(timeout=20)
    assert (process.returncode, output, errors) == (130, "interrupted\n", "")
    assert status(broken) == "running"

    process = start(broken)
    assert process.wait(timeout=60) == 0
    assert contents(broken) == contents(whole)


def test_interrupt_while_the_workers_start(tmp_path, start, draw_image):
    draw_image(tmp_path / "many" / "a" / "1.png", 0)
    draw_image(tmp_path / "many" / "a" / "2.png", 0)
    target = tmp_path / "target"
    process = start(target)
    wait_for((target / "augmentation.json").is_file)
    os.killpg(process.pid, signal.SIGINT)
    output, errors = process.communicate(timeout=20)
    assert (process.returncode, output, errors) == (130, "interrupted\n", "")
