"""Runs on Ray have the numbers of runs one after the other."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from experiments.run_folder import RunFolder
from tests.experiments.training.short_runs import numbers

pytest.importorskip(
    "ray", reason="Ray is not installed; see requirements-ray.txt"
)

ROOT = Path(__file__).parents[3]
ARMS = ("demo_baseline", "demo_flip")
ONE_ARM = ("demo_flip",)
EPOCHS = 8
OPTIONS = [
    *("--study=demo", "--seeds=1", "--threads=1", "--verbose", "--log=none"),
    *("--set", "data.image_size=16"),
    *("--set", "data.limit_train=96", "--set", "data.limit_val=42"),
    *("--set", "data.batch_size=24", "--set", "model.width=4"),
    *("--set", "model.name=ResNet4"),
    *("--set", f"epochs={EPOCHS}"),
]
# Importing TensorFlow takes longer than training, and drawing does, too.
IN_ONE_PROCESS = """
import json, sys, main
from experiments import study
from experiments.designs.base import StudyDesign
from experiments.run_folder import RunFolder
from experiments.training.session import Session
StudyDesign.write_report = study.track_report = lambda *_, **__: None
RunFolder.write_plot = Session._draw_samples = lambda *_: None
sys.exit(max(map(main.call, json.loads(sys.argv[1]))))
"""


def build_arguments(workdir, *options, arms=ARMS):
    names = ",".join(each.removeprefix("demo_") for each in arms)
    return [*OPTIONS, f"--arms={names}", f"--workdir={workdir}", *options]


def read_results(workdir, arms=ARMS):
    """The numbers of each arm."""
    folders = {arm: RunFolder(workdir / arm / "seed_0") for arm in arms}
    return {arm: numbers(folder) for arm, folder in folders.items()}


class Study:
    """The process of a study, in a process group of its own, and its files."""

    def __init__(self, folder, *options, arms=ARMS, **environment):
        self.workdir = folder / "runs"
        self.screen = folder / "screen.txt"
        arguments = build_arguments(self.workdir, *options, arms=arms)
        with open(self.screen, "wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "main.py", *arguments],
                cwd=ROOT,
                env=os.environ | environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def end(self):
        """Waits for its end; returns its output."""
        assert self.process.wait() == 0, self.screen.read_text()
        return self.screen.read_text()

    def is_on_its_way(self, arm):
        """True if there is a checkpoint of the run to go on from."""
        assert self.process.poll() is None, self.screen.read_text()
        return (self.workdir / arm / "seed_0/checkpoint.npz").exists()


@pytest.fixture
def cluster():
    """Two nodes of one processor each."""
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    cluster.add_node(num_cpus=1)
    yield cluster
    cluster.shutdown()


def processes():
    """(id of the parent, command, environment) of all of them."""
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            yield (
                int(
                    (folder / "stat").read_text().rpartition(")")[2].split()[1]
                ),
                (folder / "cmdline").read_text(errors="replace"),
                (folder / "environ").read_text(errors="replace"),
            )


def arm_on(node):
    """The arm that a node of the cluster trains, or None."""
    (raylet,) = node.all_processes["raylet"]
    for parent, command, _ in processes():
        if parent == raylet.process.pid and command.startswith("ray::demo_"):
            return command.removeprefix("ray::").partition(",")[0]
    return None


def end_by(signal_number, send, is_time, folder):
    """Ends a study by a signal: all of its processes, in one line."""
    mark = f"MARK_OF_A_TEST={uuid.uuid4().hex}"
    study = Study(
        folder, "--launcher=ray", arms=ONE_ARM, **dict([mark.split("=")])
    )
    while not is_time(study):
        assert study.process.poll() is None, study.screen.read_text()
        time.sleep(0.1)
    send(study.process.pid, signal_number)
    code = study.process.wait()
    printed = study.screen.read_text()
    assert code == 128 + signal_number, printed
    assert printed.endswith("\n\ninterrupted; the same command goes on\n")
    # Ray's own processes end when they notice that their cluster is gone.
    for _ in range(300):
        left = [command for _, command, there in processes() if mark in there]
        if not left:
            break
        time.sleep(0.1)
    assert left == []
    assert not list(study.workdir.glob(".shared-*"))


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """The folder of a study that two signals have ended."""
    folder = tmp_path_factory.mktemp("ended")
    # All processes of a terminal get it.
    end_by(
        signal.SIGINT,
        os.killpg,
        lambda study: study.is_on_its_way(*ONE_ARM),
        folder,
    )
    # As job schedulers do; this one at once.
    end_by(
        signal.SIGTERM,
        os.kill,
        lambda study: "1 runs, 1 at a time" in study.screen.read_text(),
        folder,
    )
    return folder


@pytest.fixture(scope="module")
def called(ended, tmp_path_factory):
    """(output, folder of the study that went on, folder of a whole one)."""
    alone = tmp_path_factory.mktemp("alone") / "runs"
    calls = (
        build_arguments(ended / "runs", "--jobs=1", arms=ONE_ARM),
        build_arguments(alone, "--jobs=1"),
    )
    done = subprocess.run(
        [
            *(sys.executable, "-c", IN_ONE_PROCESS),
            json.dumps([["main.py", *arguments] for arguments in calls]),
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout, ended / "runs", alone


@pytest.fixture(scope="module")
def alone(called):
    """The results of one run after the other."""
    *_, workdir = called
    results = read_results(workdir)
    assert all(len(rows) == EPOCHS for rows, _ in results.values())
    return results


def test_signals_end_all_and_the_other_launcher_goes_on(called, alone):
    printed, workdir, _ = called
    assert printed.count("resuming after step") == 1
    (arm,) = ONE_ARM
    assert read_results(workdir, ONE_ARM) == {arm: alone[arm]}


def test_a_lost_node_changes_nothing(cluster, alone, tmp_path):
    study = Study(
        tmp_path, "--launcher=ray", f"--ray_address={cluster.address}"
    )
    (lost,) = cluster.worker_nodes
    while (arm := arm_on(lost)) is None or not study.is_on_its_way(arm):
        time.sleep(0.1)
    cluster.remove_node(lost, allow_graceful=False)
    printed = study.end()
    assert "2 runs, 2 at a time, with --threads=1 and no GPU each" in printed
    again = f"{arm}, seed 0: its process or node was lost; started again"
    assert printed.count(again) == 1
    assert f"{arm}, seed 0: resuming after step" in printed
    for each in ARMS:
        assert f"{each}, seed 0: epoch {EPOCHS}/{EPOCHS}  loss" in printed
    assert (study.workdir / "reports" / "demo" / "index.html").is_file()
    assert read_results(study.workdir) == alone
