"""The same command gives the same bytes, killed in between or not."""

import json
import os
import shutil
import subprocess

import pytest

from benchmarks.kills import COMMAND, ROOT, kill_often

SIZE = {"epochs": 2, "images": 96}


@pytest.fixture(scope="module", params=["1", "0"])
def killed(request, tmp_path_factory):
    """(value of the variable of oneDNN, folder, kills, whether all is same)."""
    onednn = request.param
    folder = tmp_path_factory.mktemp("killed")
    environment = {"TF_ENABLE_ONEDNN_OPTS": onednn}
    done, same = kill_often(folder, 1, **SIZE, env=environment)
    return onednn, folder, done, same


def test_same_bytes_again_and_after_kills(killed):
    onednn, folder, done, same = killed
    assert done[0].startswith("while a checkpoint was written: step")
    assert same, done
    for name in ("cut", "whole"):
        (file,) = (folder / name).glob("*/seed_0/environment.json")
        assert json.loads(file.read_text())["onednn"] == onednn


@pytest.mark.parametrize("killed", ["1"], indirect=True)
def test_a_run_does_not_go_on_with_other_numbers(killed, tmp_path):
    """The numbers depend on oneDNN and on the number of threads."""
    _, folder, *_ = killed
    shutil.copytree(folder / "whole", tmp_path / "runs")
    (metrics,) = (tmp_path / "runs").glob("*/seed_0/metrics.json")
    content = json.loads(metrics.read_text())
    metrics.write_text(json.dumps(content | {"status": "running"}))
    done = subprocess.run(
        [
            *(*COMMAND, "--set", f"epochs={SIZE['epochs']}"),
            *("--set", f"data.limit_train={SIZE['images']}"),
            *("--threads=61", f"--workdir={tmp_path / 'runs'}"),
        ],
        cwd=ROOT,
        env=os.environ | {"TF_ENABLE_ONEDNN_OPTS": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 2
    assert "TF_ENABLE_ONEDNN_OPTS=1, and this is threads=61, " in done.stdout
    # On a busy machine even importing is announced.
    text = done.stdout.removeprefix("  importing TensorFlow ...\n")
    assert len(text.splitlines()) == 1
