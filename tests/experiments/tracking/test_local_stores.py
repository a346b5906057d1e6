"""MLflow and W&B have a run and a report, without a server.

Both are used in a process of their own, which W&B's service must not outlive.
"""

import contextlib
import itertools
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from experiments.report.report import locate_runs
from experiments.run_folder import RunFolder
from experiments.tracking.tracking import track_run

SCRIPT = Path(__file__).with_name("in_parts.py")
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def track(trained, tmp_path_factory):
    """Function of a tool: returns the workdir in which it was used."""

    def use(name):
        workdir = tmp_path_factory.mktemp(name)
        shutil.copytree(trained.path, workdir / "tiny" / "seed_3")
        report = workdir / "reports" / "mine"
        report.mkdir(parents=True)
        (report / "index.html").write_text("<h1>better</h1>")
        (report / "comparison.csv").write_text("arm,accuracy\n")
        kept = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("MLFLOW_", "WANDB_"))
        }
        done = subprocess.run(
            [
                *(sys.executable, SCRIPT, workdir / "tiny" / "seed_3"),
                *(report, name),
            ],
            cwd=workdir,
            env=kept | {"PYTHONPATH": str(ROOT), "WANDB_MODE": "offline"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        assert done.stdout.count(f"  {name}") == len(
            done.stdout.splitlines()
        ), done.stdout
        return workdir

    return use


def test_mlflow(track, monkeypatch, capsys):
    pytest.importorskip(
        "mlflow", reason="MLflow is not installed; see requirements-mlflow.txt"
    )
    from mlflow import MlflowClient

    workdir = track("mlflow")
    folder = RunFolder(workdir / "tiny" / "seed_3")
    client = MlflowClient(f"sqlite:///{workdir / 'mlflow/mlflow.db'}")
    experiment = client.get_experiment_by_name("augment_tf").experiment_id
    report, run = client.search_runs([experiment])
    assert run.info.run_name == "tiny, seed 3"
    assert run.info.status == report.info.status == "FINISHED"
    assert run.data.params["seed"] == "3"
    assert run.data.params["data.limit_train"] == "96"
    assert run.data.params["augment"] == "RandomFlip() + CutMix()"
    assert run.data.tags["precision"] == "float32"
    assert "packages.tensorflow" in run.data.tags
    for name in folder.history()[0].keys() - {"epoch"}:
        curve = client.get_metric_history(run.info.run_id, name)
        assert [(each.step, each.value) for each in curve] == [
            (row["epoch"], row[name]) for row in folder.history()
        ]
    final = folder.metrics()["final"]["val_accuracy"]
    assert run.data.metrics["final.val_accuracy"] == final
    files = workdir / "mlflow/files" / run.info.run_id / "artifacts"
    for name in ("config.json", "plots/samples.png", "plots/confusion.png"):
        assert (files / name).read_bytes() == (folder / name).read_bytes()
    assert report.info.run_name == "Study mine, report"
    names = [file.path for file in client.list_artifacts(report.info.run_id)]
    assert sorted(names) == ["comparison.csv", "index.html"]
    # Copies are no runs.
    assert locate_runs(workdir)[0] == [folder.path]
    # If a server is not there, one line says so.
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with track_run(folder, ["mlflow"]) as tracking:
        tracking.follow()
    (line,) = capsys.readouterr().out.splitlines()
    assert "MLflow failed, and the run goes on" in line
    assert "127.0.0.1" in line


def records(path):
    """Records of a file of W&B, a log in the format of LevelDB's."""
    from wandb.proto.wandb_internal_pb2 import Record

    data, position, whole = path.read_bytes(), 7, b""
    while position < len(data):
        left = 2**15 - position % 2**15
        if left < 7:
            position += left
            continue
        length = int.from_bytes(data[position + 4 : position + 6], "little")
        kind = data[position + 6]
        whole += data[position + 7 : position + 7 + length]
        position += 7 + length
        # Whole, or the last part.
        if kind in (1, 4):
            yield Record.FromString(whole)
            whole = b""


def value_of(items):
    return {
        ".".join(item.nested_key) or item.key: json.loads(item.value_json)
        for item in items
    }


def processes_in(folder):
    """Command lines of processes whose current folder this is."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        # Others than ours, or ended meanwhile.
        with contextlib.suppress(OSError):
            if (process / "cwd").resolve() == folder:
                found.append((process / "cmdline").read_text())
    return found


def files_of(parts):
    """Names of the files of each artifact."""
    return [
        {each.path for each in record.artifact.manifest.contents}
        for _, part in parts
        for record in part
        if record.HasField("artifact")
    ]


def test_wandb(track):
    pytest.importorskip(
        "wandb", reason="W&B is not installed; see requirements-wandb.txt"
    )
    workdir = track("wandb")
    until = time.monotonic() + 20
    while left := processes_in(workdir):
        assert time.monotonic() < until, left
        time.sleep(0.2)
    folder = RunFolder(workdir / "tiny" / "seed_3")
    # Of the run and of the report, each in parts.
    told = {"tiny, seed 3": [], "Study mine, report": []}
    for path in workdir.glob("wandb/offline-run-*/*.wandb"):
        part = list(records(path))
        (about,) = (each.run for each in part if each.HasField("run"))
        told[about.display_name].append((about.run_id, part))
    run, report = told.values()
    assert len(run) == 3
    assert len(report) == 2
    assert len({identity for identity, _ in run}) == 1
    assert len({identity for identity, _ in report}) == 1
    rows, config, summary, images = [], {}, {}, set()
    for record in itertools.chain.from_iterable(part for _, part in run):
        if record.HasField("history"):
            row = value_of(record.history.item)
            if "loss" in row:
                rows.append({k: row[k] for k in row if k[0] != "_"})
            images |= {name for name in row if name.endswith(".path")}
        elif record.HasField("config"):
            config |= value_of(record.config.update)
        elif record.HasField("summary"):
            summary |= value_of(record.summary.update)
    assert sorted(rows, key=lambda row: row["epoch"]) == folder.history()
    assert config["seed"] == 3
    assert config["data.limit_train"] == 96
    assert config["environment"]["precision"] == "float32"
    final = folder.metrics()["final"]["val_accuracy"]
    assert summary["final.val_accuracy"] == final
    assert {"samples.path", "confusion.path"} <= images
    (files,) = files_of(run)
    assert {"config.json", "plots/curves.png"} <= files
    assert files_of(report) == 2 * [{"comparison.csv", "index.html"}]
