"""The report uses the run files alone, and warns of bad comparisons."""

import csv
import json
from dataclasses import replace

import pytest

from experiments.configs.registry import EXPERIMENTS
from experiments.configs.schema import augment
from experiments.errors import ConfigError
from experiments.report.report import report_on, write_report
from experiments.run_folder import RunFolder
from experiments.training.callbacks import summarize


def finish(folder, val_accuracies, status="finished"):
    """Writes the files of a run with the given accuracies per epoch."""
    rows = [
        {
            "epoch": epoch,
            "loss": 1.0,
            "accuracy": 0.5,
            "top5_accuracy": 0.9,
            "val_loss": 2.0 - accuracy,
            "val_accuracy": accuracy,
            "val_top5_accuracy": 0.8,
            "learning_rate": 0.1,
            "seconds": 1.0,
        }
        for epoch, accuracy in enumerate(val_accuracies)
    ]
    folder.write_history(rows)
    folder.write_json("metrics.json", summarize(rows, status, len(rows)))


@pytest.fixture
def runs(tmp_path, tiny):
    """A baseline and another arm, two seeds each."""
    arms = {
        "baseline": (tiny, [(0.2, 0.6, 0.5), (0.3, 0.4, 0.7)]),
        "mixed": (
            replace(tiny, augment=(*tiny.augment, augment("CutMix"))),
            [(0.1, 0.8, 0.8), (0.1, 0.7, 0.8)],
        ),
    }
    folders = []
    for name, (experiment, seeds) in arms.items():
        for seed, accuracies in enumerate(seeds):
            folder = RunFolder.of(
                tmp_path, replace(experiment, name=name), seed
            )
            folder.claim(replace(experiment, name=name))
            finish(folder, accuracies)
            folders.append(folder)
    return folders


def table(path):
    with open(path / "comparison.csv", newline="") as file:
        return {row["experiment"]: row for row in csv.DictReader(file)}


def test_table_has_mean_and_deviation_over_seeds(runs, tmp_path):
    write_report(runs, tmp_path / "out", "Test")
    rows = table(tmp_path / "out")
    # Final errors 50 and 30: mean 40, sample deviation 14.14.
    assert rows["baseline"]["top-1 error %"] == "40.00 ± 14.14"
    assert rows["baseline"]["top-5 error %"] == "20.00 ± 0.00"
    # Best epochs 40 and 30.
    assert rows["baseline"]["best top-1 error %"] == "35.00 ± 7.07"
    assert rows["mixed"]["top-1 error %"] == "20.00 ± 0.00"
    assert rows["mixed"]["seeds"] == "2"
    assert rows["mixed"]["epochs"] == "3"


def test_top_five_of_two_classes_say_nothing(runs, tmp_path):
    for folder in runs:
        names = ["cats", "dogs"] if folder in runs[:2] else list("abcdef")
        counts = dict.fromkeys(names, 3)
        folder.write_json(
            "data.json",
            {
                "name": "drawn",
                "class_names": names,
                "train": "train",
                "val": "test",
                "steps_per_epoch": 1,
                "splits": {"train": counts, "test": counts},
                "notes": [],
            },
        )
    write_report(runs, tmp_path / "out", "Test")
    rows = table(tmp_path / "out")
    assert rows["baseline"]["top-5 error %"] == "n/a"
    assert rows["mixed"]["top-5 error %"] == "20.00 ± 0.00"


def test_plots_and_text_are_written_and_printed(runs, tmp_path, capsys):
    write_report(runs, tmp_path / "out", "Test")
    for name in ("accuracy.png", "error.png", "loss.png"):
        assert (tmp_path / "out" / name).stat().st_size > 5000
    text = (tmp_path / "out" / "comparison.md").read_text()
    printed = capsys.readouterr().out
    text, images = text.split("\n\n![", 1)
    assert text in printed
    assert images.count("](") == 3
    assert str(tmp_path / "out") in printed


def test_report_says_what_differs(runs, tmp_path, tiny):
    write_report(runs, tmp_path / "out", "Test")
    text = (tmp_path / "out" / "comparison.md").read_text()
    assert "differ in: augment" in text
    assert "no single cause" not in text
    confounded = RunFolder.of(tmp_path, replace(tiny, name="other"), 0)
    confounded.claim(replace(tiny, name="other", augment=(), epochs=7))
    finish(confounded, [0.5])
    write_report([*runs, confounded], tmp_path / "out", "Test")
    text = (tmp_path / "out" / "comparison.md").read_text()
    assert "differ in: augment, epochs" in text
    assert "no single cause" in text


def test_one_thing_that_needs_two_fields_is_one(runs, tmp_path):
    """Files made offline, and the split that holds them."""
    for folder in runs[2:]:
        config = runs[0].read_json("config.json")
        config["name"] = "mixed"
        config["data"]["train"] += "_aug"
        config["data"]["offline"] = {"count": 3}
        folder.write_json("config.json", config)
    write_report(runs, tmp_path / "out", "Test")
    text = (tmp_path / "out" / "comparison.md").read_text()
    assert "differ in: data.offline." in text
    assert "no single cause" not in text


def test_best_epoch_says_where_it_was_picked(runs, tmp_path):
    for folder in runs:
        config = folder.read_json("config.json")
        config["data"]["selection"] = "held_out"
        folder.write_json("config.json", config)
    write_report(runs, tmp_path / "out", "Test")
    text = (tmp_path / "out" / "comparison.md").read_text()
    assert "best epoch was picked on: held_out" in text
    assert "flatters" not in text


def test_unknown_published_result_is_one_line(runs, tmp_path):
    config = runs[0].read_json("config.json")
    runs[0].write_json("config.json", config | {"published": "nowhere"})
    with pytest.raises(ConfigError, match="published=nowhere"):
        write_report(runs, tmp_path / "out", "Test")


def test_unfinished_runs_are_named(runs, tmp_path):
    finish(runs[1], (0.3,), status="failed")
    report_on(tmp_path)
    text = (tmp_path / "reports" / "all" / "comparison.md").read_text()
    assert f"Not finished: {runs[1].path}" in text


def test_run_that_failed_in_its_first_epoch_is_left_out(runs, tmp_path, tiny):
    experiment = replace(tiny, name="failed")
    folder = RunFolder.of(tmp_path, experiment, 0)
    folder.claim(experiment)
    finish(folder, (), status="failed")
    report_on(tmp_path)
    assert set(table(tmp_path / "reports" / "all")) == {"baseline", "mixed"}


def test_seeds_of_different_configs_are_named(runs, tmp_path):
    config = runs[1].read_json("config.json")
    config["optimizer"]["learning_rate"] = 0.7
    (runs[1] / "config.json").write_text(json.dumps(config))
    write_report(runs, tmp_path / "out", "Test")
    text = (tmp_path / "out" / "comparison.md").read_text()
    assert "Seeds of baseline differ in optimizer.learning_rate" in text


def test_published_results_stand_beside_and_are_marked(tmp_path):
    experiment = EXPERIMENTS["tinyimagenet_salmix"]
    folder = RunFolder.of(tmp_path, experiment, 0)
    folder.claim(experiment)
    finish(folder, (0.2, 0.3))
    report_on(tmp_path)
    row = table(tmp_path / "reports" / "all")[
        "tinyimagenet_salmix, as published"
    ]
    # The figures of the published study: last epoch, and best.
    assert row["top-1 error %"] == "34.74"
    assert row["top-5 error %"] == "15.86"
    assert row["loss"] == "1.605"
    assert row["best top-1 error %"] == "33.86"
    assert row["epochs"] == "300"


def test_no_runs_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match="no runs"):
        report_on(tmp_path)
