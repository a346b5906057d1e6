"""A run is read whole, or left out with the reason."""

import json
import shutil

import numpy as np
import pytest

from experiments.report.runs import read_runs


def reason(folder):
    runs, left_out = read_runs([folder.path])
    assert runs == []
    ((path, text),) = left_out
    assert path == folder.path
    return text


def test_a_finished_run_is_read(make_run):
    right = np.arange(60) < 45
    folder = make_run("arm", 3, right)
    (run,), left_out = read_runs([folder.path])
    assert left_out == []
    assert (run.name, run.seed) == ("arm", 3)
    np.testing.assert_array_equal(run.predictions.right, right)
    np.testing.assert_allclose(run.predictions.confidence, 0.9, rtol=1e-6)
    surprise = run.predictions.surprise
    np.testing.assert_allclose(surprise[0], -np.log(0.9), rtol=1e-6)
    np.testing.assert_allclose(surprise[-1], -np.log(0.02), rtol=1e-6)
    assert len(run.history) == 6


def test_the_seed_is_that_of_the_config(make_run):
    """Not of the folder's name, but in runs of earlier versions."""
    folder = make_run("arm", 3)
    renamed = folder.path.rename(folder.path.with_name("seed_8"))
    (run,), _ = read_runs([renamed])
    assert run.seed == 3
    config = json.loads((renamed / "config.json").read_text())
    del config["seed"]
    (renamed / "config.json").write_text(json.dumps(config))
    (run,), _ = read_runs([renamed])
    assert run.seed == 8
    _, ((_, text),) = read_runs([renamed.rename(renamed.with_name("mine"))])
    assert "names its seed" in text


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


DAMAGES = {
    "metrics empty": ("metrics.json", lambda p: p.write_text(""), "damaged"),
    "metrics {}": ("metrics.json", lambda p: p.write_text("{}"), "finished"),
    "metrics list": ("metrics.json", lambda p: p.write_text("[]"), "damaged"),
    "config gone": ("config.json", lambda p: p.unlink(), "missing"),
    "config foreign": (
        "config.json",
        lambda p: p.write_text('{"model": "bert"}'),
        "not a run of this program",
    ),
    "history cut": ("history.csv", cut, "history.csv"),
    "history text": (
        "history.csv",
        lambda p: p.write_text("epoch,loss\n0,much\n"),
        "damaged",
    ),
    "history empty": (
        "history.csv",
        lambda p: p.write_text(""),
        "has no epoch",
    ),
    "history nan": (
        "history.csv",
        lambda p: p.write_text(p.read_text().replace("1.0", "nan")),
        "no number for loss in epoch 0",
    ),
    "predictions cut": ("predictions.npz", cut, "damaged"),
    "predictions gone": ("predictions.npz", lambda p: p.unlink(), "missing"),
    "predictions text": (
        "predictions.npz",
        lambda p: p.write_text("hello"),
        "damaged",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_named(make_run, damage):
    name, spoil, expected = DAMAGES[damage]
    folder = make_run("arm")
    spoil(folder / name)
    assert expected in reason(folder)


def rewrite_predictions(folder, **changes):
    with np.load(folder / "predictions.npz") as file:
        content = dict(file) | changes
    content = {k: v for k, v in content.items() if v is not None}
    np.savez(folder / "predictions.npz", **content)
    return content


def test_predictions_that_are_no_numbers(make_run):
    folder = make_run("arm")
    table = np.full((60, 6), np.nan, np.float32)
    rewrite_predictions(folder, probabilities=table)
    assert "no numbers" in reason(folder)


def test_predictions_of_an_earlier_version(make_run):
    folder = make_run("arm")
    rewrite_predictions(folder, ids=None)
    assert "has no ids" in reason(folder)


def test_objects_in_predictions_are_not_unpickled(make_run):
    folder = make_run("arm")
    rewrite_predictions(folder, ids=np.array([print] * 60, object))
    assert "damaged" in reason(folder)


def test_predictions_of_another_run(make_run):
    folder = make_run("arm", right=np.arange(60) < 50)
    other = make_run("other", right=np.arange(60) < 20)
    shutil.copy(other / "predictions.npz", folder / "predictions.npz")
    assert "not of one run" in reason(folder)


@pytest.mark.parametrize(
    ("status", "expected"),
    [("running", "not finished: 6 of 6"), ("failed", "it failed: the loss")],
)
def test_runs_that_did_not_end(make_run, status, expected):
    folder = make_run("arm")
    metrics = folder.metrics() | {"status": status, "error": "the loss is nan"}
    folder.write_json("metrics.json", metrics)
    assert expected in reason(folder)


def test_copies_are_known_by_their_content(make_run):
    folder = make_run("arm", 0)
    copy = folder.path.with_name("seed_0 copy")
    shutil.copytree(folder.path, copy)
    backup = folder.path.parents[2] / "backup" / "arm" / "seed_0"
    shutil.copytree(folder.path, backup)
    runs, left_out = read_runs([folder.path, copy, backup])
    assert [run.path for run in runs] == [folder.path]
    assert [path for path, _ in left_out] == [copy, backup]
    assert all(f"a copy of {folder.path}" in text for _, text in left_out)


def test_a_second_run_of_one_seed_is_not_another_seed(make_run):
    first = make_run("arm", 0, np.arange(60) < 40)
    second = make_run("arm", 0, np.arange(60) < 41, workdir="again")
    runs, ((path, text),) = read_runs([first.path, second.path])
    assert [run.path for run in runs] == [first.path]
    assert path == second.path
    assert "another run of arm with seed 0" in text


def test_a_head_with_more_outputs_than_classes(make_run):
    """1000 outputs for 200 classes, as in a published recipe."""
    folder = make_run("arm")
    table = np.full((60, 9), 0.01, np.float32)
    table[:, 8] = 0.92
    rewrite_predictions(folder, probabilities=table)
    for name in ("metrics.json", "history.csv"):
        path = folder / name
        path.write_text(path.read_text().replace("0.5,0.8", "0.0,0.8"))
    metrics = json.loads((folder / "metrics.json").read_text())
    metrics["final"]["val_accuracy"] = 0.0
    folder.write_json("metrics.json", metrics)
    (run,), _ = read_runs([folder.path])
    assert not run.predictions.right.any()
