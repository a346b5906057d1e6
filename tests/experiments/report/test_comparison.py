"""The report's intervals and differences, from fabricated run files."""

import csv
from dataclasses import replace

import numpy as np
import pytest

from experiments.configs.registry import EXPERIMENTS
from experiments.report.counts import merge_counts
from experiments.report.judgements import (
    Judgements,
    differences,
    metrics_of_shares,
)
from experiments.report.report import report_on, write_report
from experiments.run_folder import RunFolder
from experiments.training.callbacks import summarize

NAMES = ["cats", "dogs"]
# 14 cats, then 14 dogs.
LABELS = np.repeat([0, 1], 14)


def said(cats, dogs):
    """Predictions that are right for so many cats and dogs."""
    right = np.r_[np.arange(14) < cats, np.arange(14) < dogs]
    return np.where(right, LABELS, 1 - LABELS)


@pytest.fixture
def finished(tmp_path, tiny):
    """Writes the files of a finished run."""

    def write(name, predicted, seed=0, ids=None, labels=LABELS, **changes):
        changes = {"positive_class": "dogs", **changes}
        experiment = replace(tiny, name=name, **changes)
        folder = RunFolder.of(tmp_path / "runs", experiment, seed)
        folder.claim(experiment)
        accuracy = float(np.mean(predicted == labels))
        row = {
            "epoch": 0,
            "loss": 1.0,
            "accuracy": 0.5,
            "top5_accuracy": 1.0,
            "val_loss": 1.0,
            "val_accuracy": accuracy,
            "val_top5_accuracy": 1.0,
            "learning_rate": 0.1,
            "seconds": 1.0,
        }
        folder.write_history([row])
        folder.write_json("metrics.json", summarize([row], "finished", 1))
        if ids is None:
            ids = np.array([f"{index:03}.jpg" for index in range(len(labels))])
        content = {"ids": ids, "class_names": np.array(NAMES)}
        folder.replace(
            "predictions.npz",
            lambda path: np.savez(
                path,
                probabilities=np.eye(2, dtype="float32")[predicted],
                labels=labels.astype("int32"),
                **(content if len(ids) else {}),
            ),
        )
        return folder

    return write


def report(folders, tmp_path):
    path = tmp_path / "out"
    write_report(folders, path, "Test")
    tables = []
    for name in ("classification.csv", "differences.csv"):
        rows = []
        if (path / name).is_file():
            with open(path / name, newline="") as file:
                rows = list(csv.DictReader(file))
        tables.append(rows)
    return (path / "comparison.md").read_text(), *tables


def test_metrics_with_intervals(finished, tmp_path):
    text, (row,), _ = report([finished("a", said(8, 8))], tmp_path)
    assert row["positive class"] == "dogs"
    assert row["images"] == row["predictions"] == "28"
    # 8 of 14, and 16 of 28: Wilson's intervals as scipy has them.
    assert row["precision"] == row["recall"] == "0.5714 [0.33, 0.79]"
    assert row["accuracy"] == "0.5714 [0.39, 0.73]"
    assert row["F1"].startswith("0.5714 [0.")
    assert "0.5714 [0.39, 0.73]" in text
    assert "one is 3.57 points" in text
    assert "positive class: dogs" in text
    assert "![confusion](confusion.png)" in text
    assert (tmp_path / "out" / "confusion.png").stat().st_size > 5000


def test_the_same_answers_again_narrow_nothing(finished, tmp_path):
    arms = {"a": said(8, 8), "b": said(6, 11)}
    once = [finished(name, answers) for name, answers in arms.items()]
    _, rows, differ = report(once, tmp_path)
    thrice = once + [
        finished(name, answers, seed)
        for seed in (1, 2)
        for name, answers in arms.items()
    ]
    text, rows_again, differ_again = report(thrice, tmp_path)
    assert [row["predictions"] for row in rows_again] == ["84", "84"]
    for before, after in zip(rows, rows_again, strict=True):
        assert before | {"predictions": "84"} == after
    assert differ == differ_again
    assert "asking again about the same image" in text


def test_differences_to_the_first_arm(finished, tmp_path):
    folders = [
        finished("first", said(8, 8)),
        finished("close", said(6, 11)),
        finished("perfect", said(14, 14)),
    ]
    text, _, rows = report(folders, tmp_path)
    found = {(row["experiment"], row["metric"]): row for row in rows}
    assert {row["compared with"] for row in rows} == {"first"}
    key = "difference, points"
    assert found["close", "accuracy"][key] == f"{100 / 28:+.2f}"
    assert found["close", "recall"][key] == f"{300 / 14:+.2f}"
    assert (
        found["close", "precision"][key] == f"{100 * (11 / 19 - 8 / 14):+.2f}"
    )
    assert found["close", "F1"][key] == f"{100 * (22 / 33 - 8 / 14):+.2f}"
    assert found["close", "accuracy"]["includes 0"] == "yes"
    assert found["perfect", "accuracy"]["includes 0"] == "no"
    told, *_ = [x for x in text.splitlines() if "No difference" in x]
    assert "close (+3.57" in told
    assert "perfect" not in told
    (told,) = [x for x in text.splitlines() if "more than the choice" in x]
    assert "perfect (+42.86" in told
    assert "close" not in told


def test_no_verdict_of_no_difference_where_there_is_one(finished, tmp_path):
    folders = [finished("a", said(2, 2)), finished("b", said(14, 14))]
    text, _, _ = report(folders, tmp_path)
    assert "No difference" not in text


def test_equal_arms_differ_by_nothing(finished, tmp_path):
    folders = [finished("a", said(8, 8)), finished("b", said(8, 8))]
    _, _, rows = report(folders, tmp_path)
    for row in rows:
        assert row["difference, points"] == "+0.00"
        assert row["95 % interval"] == "[+0.00, +0.00]"
        assert row["includes 0"] == "yes"


def test_folds_are_pooled(finished, tmp_path, tiny):
    data = replace(tiny.data, folds=2)
    ids = np.array([f"{index:03}" for index in range(28)])
    folders = []
    for seed in range(2):
        part = np.arange(28) % 2 == seed
        folders.append(
            finished(
                "a",
                said(8, 10)[part],
                seed,
                ids=ids[part],
                labels=LABELS[part],
                data=data,
            )
        )
    text, (row,), _ = report(folders, tmp_path)
    assert row["images"] == row["predictions"] == "28"
    assert row["accuracy"].startswith(f"{18 / 28:.4f} ")
    assert "Cross-validated" in text
    assert "missing" not in text
    text, (row,), _ = report(folders[1:], tmp_path)
    assert row["images"] == "14"
    assert "2 folds these are missing: 0." in text


def test_repetitions_that_differ_are_averaged(finished, tmp_path):
    folders = [finished("a", said(8, 8)), finished("a", said(9, 12), seed=1)]
    _, (row,), _ = report(folders, tmp_path)
    # 16 and 21 of 28: on average 18.5 of 28, halfway between what scipy
    # gives for 18 and 19, and not 37 of 56.
    assert row["accuracy"] == "0.6607 [0.48, 0.81]"
    assert row["precision"].startswith(f"{20 / 31:.4f}")


def test_other_images_are_not_compared(finished, tmp_path):
    others = np.array([f"other {index:03}" for index in range(28)])
    folders = [
        finished("a", said(8, 8)),
        finished("b", said(8, 9), ids=others),
    ]
    text, rows, differ = report(folders, tmp_path)
    assert len(rows) == 2
    assert not differ
    assert "b and a were judged on different images" in text
    folders.append(finished("c", said(9, 9), ids=others))
    _, _, differ = report(folders, tmp_path)
    assert {(r["compared with"], r["experiment"]) for r in differ} == {
        ("b", "c")
    }


def test_same_names_of_other_images_are_not_compared(finished, tmp_path):
    """Names such as 000.jpg are in many data sets."""
    folders = [
        finished("a", said(8, 8)),
        finished("b", said(8, 8), labels=1 - LABELS),
    ]
    text, _, differ = report(folders, tmp_path)
    assert not differ
    assert "different images" in text


def test_runs_without_names_of_images_are_left_out(finished, tmp_path):
    folders = [
        finished("a", said(8, 8)),
        finished("b", said(8, 8), ids=np.array([])),
    ]
    text, (row,), _ = report(folders, tmp_path)
    assert row["experiment"] == "a"
    assert "does not say which images" in text
    assert str(folders[1].path) in text


def test_accuracy_alone_without_a_positive_class(finished, tmp_path):
    folders = [
        finished("a", said(8, 8), positive_class=None),
        finished("b", said(8, 9), positive_class=None),
    ]
    text, rows, differ = report(folders, tmp_path)
    assert set(rows[0]) == {"experiment", "images", "predictions", "accuracy"}
    assert [row["metric"] for row in differ] == ["accuracy"]
    assert "Precision" not in text


def test_undefined_precision_is_said(finished, tmp_path):
    folders = [finished("a", said(8, 8)), finished("b", said(14, 0))]
    text, rows, differ = report(folders, tmp_path)
    assert rows[1]["precision"] == "n/a"
    assert rows[1]["recall"].startswith("0.0000 [0.00, ")
    (row,) = [row for row in differ if row["metric"] == "precision"]
    assert row["difference, points"] == row["includes 0"] == "n/a"
    assert "precision of b n/a" in text


def test_files_of_an_earlier_report_do_not_stay(finished, tmp_path):
    report([finished("a", said(8, 8)), finished("b", said(8, 9))], tmp_path)
    out = tmp_path / "out"
    assert (out / "differences.csv").is_file()
    report([finished("c", said(8, 8), ids=np.array([]))], tmp_path)
    for name in ("classification.csv", "differences.csv", "confusion.png"):
        assert not (out / name).exists()


def test_published_rows_and_what_they_allow(finished, tmp_path):
    folders = [
        finished("a", said(9, 9), published="catsdogs_original"),
        finished("b", said(9, 10), published="catsdogs_augly"),
    ]
    text, rows, differ = report(folders, tmp_path)
    found = {row["experiment"]: row for row in rows}
    assert list(found) == ["a", "a, as published", "b", "b, as published"]
    assert found["a, as published"]["accuracy"] == "0.5714 [0.39, 0.73]"
    assert found["b, as published"]["accuracy"] == "0.6071 [0.42, 0.76]"
    assert found["b, as published"]["recall"].startswith("0.7857 [")
    assert "1 image of 28" in text
    assert "cannot tell the two apart" in text
    assert "not measured here" in text
    # Other images, or the same: nobody knows, so no pairs with our own.
    assert {row["experiment"] for row in differ} == {"b"}


def test_resampled_metrics_are_scikit_learns():
    generator = np.random.default_rng(0)
    # Some images are judged three times, the others twice.
    ids = np.array([f"{i % 100:03}" for i in range(250)])
    labels = generator.integers(0, 2, 100)[np.arange(250) % 100]
    predicted = np.where(generator.random(250) < 0.7, labels, 1 - labels)
    judged = Judgements(("cats", "dogs"), "dogs", ids, labels, predicted)
    assert judged.images == 100
    found = metrics_of_shares(judged.shares.mean(0)[:, None])
    assert found[:, 0] == pytest.approx(list(judged.metrics.values()))


def test_a_bound_of_zero_is_zero():
    """Sums of thirds gave 1.1e-16 here, which would leave 0 out."""

    def arm(right_of_three):
        ids = np.repeat([f"{index}" for index in range(10)], 3)
        right = np.concatenate([np.arange(3) < n for n in right_of_three])
        zeros = np.zeros(30, int)
        return Judgements(("a", "b"), None, ids, zeros, np.where(right, 0, 1))

    arms = (
        arm([1, 2, 3, 0, 0, 2, 0, 3, 1, 1]),
        arm([2, 2, 3, 1, 2, 3, 2, 3, 3, 0]),
    )
    assert differences(*arms)["accuracy"][1] == 0


def test_counts_of_all_arms_are_drawn(finished, tmp_path):
    folders = [finished("a", said(8, 8)), finished("b", said(8, 9))]
    splits = {"train": {"cats": 56, "dogs": 56}, "test": {"cats": 14}}
    description = {
        "name": "cats_dogs",
        "class_names": NAMES,
        "train": "train",
        "val": "test",
        "splits": splits,
        "notes": ["a.jpg is in train and in test"],
    }
    folders[0].write_json("data.json", description)
    more = {**splits, "train_aug": {"cats": 224}, "train": {"cats": 5}}
    folders[1].write_json(
        "data.json", description | {"splits": more, "train": "train_aug"}
    )
    arms = {"a": folders[:1], "b": folders[1:]}
    assert merge_counts(arms) == {
        "cats_dogs": {
            "train": splits["train"],
            "train (b)": {"cats": 5},
            "train_aug": {"cats": 224},
            "test": {"cats": 14},
        }
    }
    assert list(merge_counts(arms)["cats_dogs"])[-1] == "test"
    text, *_ = report(folders, tmp_path)
    assert "![counts](counts.png)" in text
    assert text.count("a.jpg is in train and in test") == 1


def test_different_numbers_of_steps_are_said(finished, tmp_path):
    """Four times the images, in as many epochs, are four times the steps."""
    folders = [finished(name, said(8, 8), epochs=10) for name in "ab"]

    def text(*steps):
        for folder, count in zip(folders, steps, strict=True):
            content = {
                "name": "x",
                "class_names": NAMES,
                "train": "train",
                "splits": {},
                "steps_per_epoch": count,
            }
            folder.write_json("data.json", content)
        return report(folders, tmp_path)[0]

    assert "numbers of steps" in (different := text(4, 14))
    assert "a 40, b 140." in different
    assert "numbers of steps" not in text(14, 14)


def test_report_on_lists_baselines_first(finished, tmp_path):
    known = list(EXPERIMENTS)[:2]
    for name in ("an own one", *reversed(known)):
        finished(name, said(8, 8))
    report_on(tmp_path / "runs")
    path = tmp_path / "runs" / "reports" / "all" / "classification.csv"
    with open(path, newline="") as file:
        names = [row["experiment"] for row in csv.DictReader(file)]
    assert names == [*known, "an own one"]
