"""A study: its report, and further results of its finished runs."""

import shutil

import numpy as np
import tensorflow as tf

from experiments.commands.train import EXTRAS
from experiments.designs.fixed import Fixed
from experiments.errors import TrainingFailed
from experiments.run_folder import RunFolder
from experiments.runtime.screen import RunProgress, StudyScreen
from experiments.study import EXTRAS as FUNCTIONS
from experiments.study import run_one_by_one, run_study
from pipelines.location import Location


def test_names_are_those_of_the_command_line():
    assert tuple(FUNCTIONS) == EXTRAS


def test_runs_get_what_they_lack_and_no_more(trained, coarse, tmp_path, capsys):
    workdir = tmp_path / "runs"
    shutil.copytree(trained.path.parent, workdir / "tiny")
    folder = RunFolder(workdir / "tiny" / "seed_3")

    def study(*extras):
        run_study(
            Fixed("mine", [coarse], seeds=[3], workdir=workdir),
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
    # The share of the baseline in itself.
    assert "100.00" in report.read_text()
    printed = study("robustness", "explain")
    assert "robustness of" not in printed
    assert "explain of" not in printed
    with np.load(folder / "explanations.npz", allow_pickle=False) as file:
        assert "RISE" in file


def test_the_margin_reaches_the_report(tiny, tmp_path, monkeypatch):
    given = []

    def write_report(folders, folder, title, *, margin, **options):
        folder.mkdir(parents=True)
        given.append(margin)

    monkeypatch.setattr("experiments.report.report.write_report", write_report)
    run_study(
        Fixed("mine", [tiny], seeds=[3], workdir=tmp_path),
        location=Location("unused"),
        margin=1.5,
        launch=lambda runs, **_: (["folder"], []),
        log=(),
    )
    assert given == [1.5]


def test_runs_whose_loss_diverges_do_not_stop_the_others(
    make_run, tiny, tmp_path, monkeypatch, capsys
):
    def run(experiment, *, seed, report, **_):
        print("  note      images are few")
        if seed == 1:
            raise TrainingFailed(f"tiny, seed {seed}: it diverged")
        folder = make_run("tiny", seed)
        report(RunProgress(0, 1))
        return folder

    monkeypatch.setattr("experiments.training.logged_run.run", run)
    runs = [(tiny, seed) for seed in range(3)]
    screen = StudyScreen(runs, tmp_path / "runs")
    folders, failures = run_one_by_one(
        runs, screen=screen, workdir=tmp_path / "runs"
    )
    assert [each.path.name for each in folders] == ["seed_0", "seed_2"]
    assert failures == ["tiny, seed 1: it diverged"]
    assert capsys.readouterr().out.splitlines() == [
        "  note      tiny, seed 0: images are few",
        "  1 of 3  tiny  seed 0   50.00% error     0 s",
        "  2 of 3  tiny  seed 1  failed: it diverged",
        "  3 of 3  tiny  seed 2   50.00% error     0 s",
    ]
    for seed, text in ((0, True), (1, False), (2, True)):
        log = tmp_path / "runs" / "tiny" / f"seed_{seed}" / "log.txt"
        assert log.exists() == text
        assert not text or log.read_text() == "  note      images are few\n"
