"""Kills a run again and again; its end must be that of one left alone.

    python benchmarks/kills.py

Every second kill comes at a random moment, the others while a checkpoint is
being written. Prints each with the step that the run had reached, and exits
with 1 if history.csv (without its times) or the predictions differ in a bit.
"""

import argparse
import csv
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from experiments.run_folder import CHECKPOINTS, TIMES

ROOT = Path(__file__).parents[1]
EXPERIMENT = "demo_random_erase"
COMMAND = (
    *(sys.executable, "main.py", f"--experiment={EXPERIMENT}"),
    *("--set", "data.image_size=16", "--set", "data.limit_val=42"),
    *("--set", "data.batch_size=24", "--set", "model.width=8"),
    *("--set", "model.name=ResNet4"),
    *("--set", "checkpoint.every_steps=1"),
)
# Trains in one folder after the other, which spares importing TensorFlow and
# tracing anew.
_IN_EACH = (
    "import sys, main; sys.exit(max(main.call([*sys.argv[:-2], "
    "f'--workdir={folder}']) for folder in sys.argv[-2:]))"
)
_WRITING = ".writing-checkpoint.npz"
# Seconds after which a random kill comes at the latest, or a process that
# should have written a checkpoint counts as stuck.
_LATEST, _STUCK = 15, 300
# Seconds between two looks at the folder; writing a checkpoint takes longer.
_LOOK = 0.0005


def kill_often(workdir, kills, epochs=6, images=480, seed=0, env=None):
    """Trains a run through many kills, and the same run without any.

    Args:
        workdir: Both go below it.
        kills: Number of kills.
        epochs, images: Size of the run.
        seed: Seed of the random moments.
        env: Environment variables.

    Returns:
        (str on each kill, whether the ends are the same bits).
    """
    command = [*COMMAND, "--set", f"epochs={epochs}"]
    command += ["--set", f"data.limit_train={images}"]
    moments = random.Random(seed)
    cut = workdir / "cut"
    done = []
    for number in range(kills):
        process = _start([*command, f"--workdir={cut}"], env)
        if number % 2 == 0:
            how = _await_writing(process, cut, moments.randrange(4))
        else:
            seconds = moments.uniform(0, _LATEST)
            how = f"after {seconds:.1f} s"
            _wait(process, seconds)
        process.send_signal(signal.SIGKILL)
        output, _ = process.communicate()
        if process.returncode == 0:
            done.append(f"{how}: it had finished")
            break
        if process.returncode != -signal.SIGKILL:
            raise RuntimeError(output)
        done.append(f"{how}: {_reached(cut)}")
    whole = workdir / "whole"
    process = _start(
        [command[0], "-c", _IN_EACH, *command[2:], cut, whole], env
    )
    output, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(output)
    return done, _results(cut) == _results(whole)


def _start(command, env):
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | (env or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _folder(workdir):
    return workdir / EXPERIMENT / "seed_0"


def _wait(process, seconds):
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return


def _await_writing(process, workdir, skipped):
    """Waits until a checkpoint is half written, after so many skipped ones."""
    path = _folder(workdir) / _WRITING
    end = time.monotonic() + _STUCK
    seen = 0
    while process.poll() is None and time.monotonic() < end:
        if path.exists():
            seen += 1
            if seen > skipped:
                return "while a checkpoint was written"
            while path.exists() and process.poll() is None:
                time.sleep(_LOOK)
        time.sleep(_LOOK)
    return "after the last checkpoint"


def _reached(workdir):
    # A kill may come between the renaming of one and of the other.
    for name in CHECKPOINTS:
        path = _folder(workdir) / name
        if path.exists():
            with np.load(path) as file:
                return f"step {file['step']}"
    return "no checkpoint yet"


def _results(workdir):
    with open(_folder(workdir) / "history.csv", newline="") as file:
        rows = [
            [text for name, text in row.items() if name not in TIMES]
            for row in csv.DictReader(file)
        ]
    with np.load(_folder(workdir) / "predictions.npz") as file:
        return rows, file["probabilities"].tobytes()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    workdir = Path(tempfile.mkdtemp(prefix="kills-"))
    try:
        done, same = kill_often(workdir, arguments.kills, seed=arguments.seed)
    finally:
        shutil.rmtree(workdir)
    print(*done, sep="\n")
    print(f"{len(done)} kills: the end is {'the same' if same else 'ANOTHER'}")
    return not same


if __name__ == "__main__":
    sys.exit(main())
