"""Runs are read with their names and seeds; what did not end is left out."""

import json
import shutil

import numpy as np
import pytest

from experiments.report.runs import read_runs
from experiments.report.sections import results
from tests.experiments.report.comparing import (
    change,
    change_arrays,
    compare,
    fail,
    get_table,
)


def test_a_finished_run_is_read(make_run):
    right = np.arange(60) < 45
    folder = make_run("arm", 3, right)
    (run,), left_out = read_runs([folder.path])
    assert left_out == []
    assert (run.name, run.seed) == ("arm", 3)
    np.testing.assert_array_equal(run.predictions.right, right)
    sure = run.predictions.confidence[0]
    assert 0.88 < sure <= 0.9
    np.testing.assert_allclose(run.predictions.confidence, sure, rtol=1e-6)
    nll = run.predictions.nll
    np.testing.assert_allclose(nll[0], -np.log(sure), rtol=1e-6)
    others = (1 - sure) / 5
    np.testing.assert_allclose(nll[-1], -np.log(others), rtol=1e-6)
    assert len(run.history) == 6


def test_the_seed_is_that_of_the_config(make_run):
    folder = make_run("arm", 3)
    renamed = folder.path.rename(folder.path.with_name("seed_8"))
    (run,), _ = read_runs([renamed])
    assert run.seed == 3


def test_a_head_with_more_outputs_than_classes(make_run):
    """1000 outputs for 200 classes, as in a published recipe."""
    folder = make_run("arm", right=np.zeros(60, bool))
    table = np.full((60, 9), 0.01, np.float32)
    table[:, 8] = 0.92
    change_arrays(folder, probabilities=table)
    (run,), _ = read_runs([folder.path])
    assert set(run.predictions.predicted) == {8}


def drop_seconds(folder):
    path = folder / "history.csv"
    lines = [line.rpartition(",")[0] for line in path.read_text().splitlines()]
    path.write_text("\n".join(lines) + "\n")


def empty_a_cell(folder):
    path = folder / "history.csv"
    path.write_text(path.read_text().replace(",2.0\n", ",\n", 1))


def add_a_column(folder):
    """As a column that only the last epochs have."""
    path = folder / "history.csv"
    header, *rows, last = path.read_text().splitlines()
    rows = [f"{header},images_per_second", *(f"{row}," for row in rows)]
    path.write_text("\n".join([*rows, f"{last},5.5"]) + "\n")


def lose_the_loss_of_the_best_epoch(folder):
    best = json.loads((folder / "metrics.json").read_text())["best"]
    change(folder, "metrics.json", best=best | {"val_loss": None})


# What a whole run may lack, and figures that its arm then has not got.
SPEED = {"seconds", "images_per_second"}
ABSENT = {
    "plain_train is null": (
        lambda folder: change(folder, "metrics.json", plain_train=None),
        {"train_error"},
        "top-1 error on plain train images, %",
    ),
    "no column of seconds": (drop_seconds, SPEED, "seconds"),
    "an empty cell of seconds": (empty_a_cell, SPEED, "seconds"),
    "no loss of the best epoch": (
        lose_the_loss_of_the_best_epoch,
        {"chosen_loss"},
        "loss",
    ),
    "empty cells of a later column": (add_a_column, set(), None),
    "class names are numbers": (
        lambda folder: change_arrays(folder, class_names=np.arange(6)),
        set(),
        None,
    ),
}


@pytest.mark.parametrize("absence", ABSENT)
def test_absent_values_cost_a_figure_and_nothing_else(make_run, absence):
    """The arm lacks the figure even if only one of its seeds does."""
    spoil, figures, column = ABSENT[absence]
    folders = [
        change(
            make_run(name, seed, class_names=tuple("012345")),
            "metrics.json",
            plain_train={"accuracy": 0.8},
        )
        for name in ("plain", "other")
        for seed in range(2)
    ]
    before = set(compare(*folders).findings.arms[1].figures)
    assert figures <= before
    spoil(folders[-1])
    material = compare(*folders)
    assert material.left_out == []
    plain, other = material.findings.arms
    assert set(plain.figures) == before
    assert set(other.figures) == before - figures
    if column is not None:
        chosen = "chosen_loss" in figures
        file = "chosen_epoch.csv" if chosen else "comparison.csv"
        rows = get_table(results(material), file)
        assert rows["other"][column] == "n/a"
        assert rows["plain"][column] != "n/a"


def test_runs_that_did_not_end_say_so(make_run):
    failed = fail(make_run("arm", 0))
    running = change(
        make_run("arm", 1), "metrics.json", status="running", epochs_done=5
    )
    empty = make_run("arm", 2)
    empty.write_json("metrics.json", {})
    runs, left_out = read_runs([failed.path, running.path, empty.path])
    assert runs == []
    assert [(each.arm, each.kind, each.is_lost) for each in left_out] == [
        ("arm", "failed", True),
        ("arm", "unfinished", True),
        ("arm", "unfinished", True),
    ]
    assert [each.reason for each in left_out] == [
        "it failed: loss is nan",
        "it is not finished: 5 of 6 epochs",
        "it is not finished",
    ]


def test_copies_are_known_by_their_content(make_run):
    folder = make_run("arm", 0)
    copy = folder.path.with_name("seed_0 copy")
    shutil.copytree(folder.path, copy)
    backup = folder.path.parents[2] / "backup" / "arm" / "seed_0"
    shutil.copytree(folder.path, backup)
    runs, left_out = read_runs([folder.path, copy, backup])
    assert [run.path for run in runs] == [folder.path]
    for each, path in zip(left_out, (copy, backup), strict=True):
        assert each == (path, f"a copy of {folder.path}", "arm", "copy")
        assert not each.is_lost


def test_another_seed_with_the_same_predictions_is_one_training(make_run):
    """Bit for bit; those that only name the same classes are two."""
    first, second, third = (make_run("arm", seed) for seed in range(3))
    shutil.copy(first / "predictions.npz", second / "predictions.npz")
    runs, (copy,) = read_runs([first.path, second.path, third.path])
    assert [run.seed for run in runs] == [0, 2]
    assert (copy.path, copy.kind, copy.is_lost) == (
        second.path,
        "repeated",
        True,
    )
    assert copy.reason == (
        f"its predictions are bit for bit those of {first.path}: one "
        "training, not two"
    )


def test_a_second_run_of_one_seed_is_not_another_seed(make_run):
    first = make_run("arm", 0, np.arange(60) < 40)
    second = make_run("arm", 0, np.arange(60) < 41, workdir="again")
    runs, (other,) = read_runs([first.path, second.path])
    assert [run.path for run in runs] == [first.path]
    assert (other.path, other.kind, other.is_lost) == (
        second.path,
        "second",
        False,
    )
    assert other.reason == (
        f"another run of arm with seed 0; used is {first.path}"
    )
