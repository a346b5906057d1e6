"""What a study makes of its finished runs besides."""

import shutil
from dataclasses import replace

import numpy as np
import tensorflow as tf

from experiments.commands.train import EXTRAS
from experiments.run_folder import RunFolder
from experiments.study import EXTRAS as FUNCTIONS
from experiments.study import run_study
from pipelines.location import Location


def test_names_are_those_of_the_command_line():
    assert tuple(FUNCTIONS) == EXTRAS


def test_runs_get_what_they_lack_and_no_more(trained, tiny, tmp_path, capsys):
    workdir = tmp_path / "runs"
    shutil.copytree(trained.path.parent, workdir / "tiny")
    folder = RunFolder(workdir / "tiny" / "seed_3")

    def study(*extras):
        run_study(
            "mine",
            [replace(tiny, epochs=1)],
            seeds=[3],
            workdir=workdir,
            location=Location("unused"),
            strategy=tf.distribute.get_strategy(),
            extras=extras,
        )
        return capsys.readouterr().out

    report = workdir / "reports" / "mine" / "report.md"
    study()
    assert "Robustness" not in report.read_text()
    printed = study("robustness", "explain")
    assert f"robustness of {folder.path} (1 of 1)" in printed
    assert f"explain of {folder.path} (1 of 1)" in printed
    assert "## Robustness" in report.read_text()
    assert "## What networks look at" in report.read_text()
    # The baseline's share of itself.
    assert "100.00" in report.read_text()
    printed = study("robustness", "explain")
    assert "robustness of" not in printed
    assert "explain of" not in printed
    with np.load(folder / "explanations.npz", allow_pickle=False) as file:
        assert "RISE" in file
