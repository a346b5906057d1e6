"""The same command gives the same bytes, killed in between or not."""

import json
import shutil

import pytest

import main
from benchmarks.kills import COMMAND, kill_often

SIZE = {"epochs": 1, "images": 192}
# Other tests that kill a run have it on.
ONEDNN = "0"


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """(folder, kills, whether all is the same)."""
    folder = tmp_path_factory.mktemp("killed")
    environment = {"TF_ENABLE_ONEDNN_OPTS": ONEDNN}
    return folder, *kill_often(folder, 1, **SIZE, env=environment)


def test_same_bytes_again_and_after_kills(killed):
    folder, done, same = killed
    assert done[0].startswith("while a checkpoint was written: step")
    assert same, done
    for name in ("cut", "whole"):
        (file,) = (folder / name).glob("*/seed_0/environment.json")
        assert json.loads(file.read_text())["onednn"] == ONEDNN


def test_a_run_does_not_go_on_with_other_numbers(
    killed, tmp_path, capsys, monkeypatch
):
    """The numbers depend on oneDNN and on the number of threads."""
    folder, *_ = killed
    shutil.copytree(folder / "whole", tmp_path / "runs")
    (run,) = (tmp_path / "runs").glob("*/seed_0")
    for name, changes in (
        ("metrics.json", {"status": "running"}),
        ("environment.json", {"threads": 61}),
    ):
        content = json.loads((run / name).read_text())
        (run / name).write_text(json.dumps(content | changes))
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "1")
    arguments = [
        *(*COMMAND[1:], "--set", f"epochs={SIZE['epochs']}"),
        *("--set", f"data.limit_train={SIZE['images']}"),
        f"--workdir={tmp_path / 'runs'}",
    ]
    assert main.call(arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"threads=61, TF_ENABLE_ONEDNN_OPTS={ONEDNN}, and this is" in line
