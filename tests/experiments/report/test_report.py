"""The whole report: what it writes, of whatever mixture of folders."""

import csv
import json
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest

from experiments.configs.arms import parse_arm
from experiments.configs.registry import EXPERIMENTS
from experiments.errors import ConfigError
from experiments.report.report import locate_runs, report_on, write_report
from experiments.run_folder import RunFolder


@pytest.fixture
def study(make_run, draw_right):
    """Two arms of three seeds, 20 points apart."""
    return [
        make_run(name, seed, draw_right(percent, 10 * percent + seed))
        for name, percent in (("demo_baseline", 50), ("demo_salmix", 70))
        for seed in range(3)
    ]


def table(path, name):
    with open(path / f"{name}.csv", newline="") as file:
        return {row["arm"]: row for row in csv.DictReader(file)}


def test_all_files_are_written_and_the_text_is_printed(study, tmp_path, capsys):
    out = tmp_path / "out"
    write_report(study, out, "Study demo", study="demo")
    for name in ("index.html", "report.md", "comparison.json", "runs.csv"):
        assert (out / name).stat().st_size > 0, name
    for name in ("differences", "accuracy", "error", "loss", "confusion"):
        assert (out / f"{name}.png").read_bytes().startswith(b"\x89PNG"), name
        assert "<svg" in (out / f"{name}.svg").read_text(), name
    printed = capsys.readouterr().out
    assert "salmix lowers top-1 error by 20.0 points" in printed
    assert str(out / "index.html") in printed
    text = (out / "report.md").read_text()
    for picture in re.findall(r"\]\((\S+)\)", text):
        assert (out / picture).is_file()


def test_numbers_of_the_page_are_in_json(study, tmp_path):
    write_report(study, tmp_path / "out", "Study demo", study="demo")
    content = json.loads((tmp_path / "out" / "comparison.json").read_text())
    (found,) = content["differences"]
    assert found["arm"] == "demo_salmix"
    assert found["reference"] == "demo_baseline"
    assert found["metric"] == "accuracy"
    assert found["verdict"] == "better"
    assert found["low"] < found["difference"] < found["high"]
    assert found["difference"] == pytest.approx(20)
    assert 0 < found["detectable"] < 20
    assert sorted(content["runs"]) == sorted(str(f.path) for f in study)
    assert content["left_out"] == []
    (group,) = content["groups"]
    figures = group["arms"][0]["figures"]["top1_error"]
    assert figures["values"] == pytest.approx([50, 50, 50])
    row = table(tmp_path / "out", "comparison")["baseline"]
    assert row["top-1 error, %"] == "50.00 ± 0.00"
    assert row["seeds"] == "3"


def test_page_needs_nothing_from_elsewhere(study, tmp_path):
    write_report(study, tmp_path / "out", "Study demo", study="demo")
    page = (tmp_path / "out" / "index.html").read_text()
    assert not re.search(r"""(src|href)=["'](?!data:)""", page)
    assert "http" not in re.sub(r"data:\S+", "", page)
    images = re.findall(r"<img [^>]*>", page)
    assert len(images) == 8
    for image in images:
        assert re.search(r'alt="[^"]{10,}"', image)


def test_an_earlier_reports_files_do_not_stay(study, tmp_path):
    write_report(study, tmp_path / "out", "Study demo", study="demo")
    write_report(study[:1], tmp_path / "out", "Study demo", study="demo")
    assert not (tmp_path / "out" / "differences.csv").exists()
    assert not (tmp_path / "out" / "differences.png").exists()


def test_any_mixture_of_folders(study, make_run, tmp_path):
    """What is valid is used, and as if the rest were not there."""
    runs = tmp_path / "runs"
    write_report(study, tmp_path / "clean", "Study demo", study="demo")
    shutil.copytree(study[0].path, study[0].path.with_name("seed_0 copy"))
    shutil.copytree(runs / "demo_salmix", runs / "backup" / "demo_salmix")
    unfinished = make_run("demo_salmix", 7, np.zeros(2000, bool))
    metrics = unfinished.metrics() | {"status": "running", "epochs_done": 1}
    unfinished.write_json("metrics.json", metrics)
    foreign = runs / "bert"
    foreign.mkdir()
    (foreign / "config.json").write_text('{"layers": 12}')
    report_on(runs)
    out = runs / "reports" / "all"
    content = json.loads((out / "comparison.json").read_text())
    clean = json.loads((tmp_path / "clean" / "comparison.json").read_text())
    assert content["differences"] == clean["differences"]
    assert sorted(content["runs"]) == sorted(clean["runs"])
    reasons = {e["folder"]: e["reason"] for e in content["left_out"]}
    assert len(reasons) == 6
    assert "not finished: 1 of 6" in reasons[str(unfinished.path)]
    assert "metrics.json is missing" in reasons[str(foreign)]
    assert (out / "left_out.csv").is_file()
    # A report is no run.
    assert len(locate_runs(runs)[0]) == 12


def test_studies_side_by_side(study, make_run, tmp_path, tiny):
    data = replace(tiny.data, name="catsdogs")
    pets = ("cats", "dogs")
    for name in ("catsdogs_original", "catsdogs_augly"):
        make_run(name, data=data, class_names=pets)
    report_on(tmp_path / "runs")
    content = json.loads(
        (tmp_path / "runs/reports/all/comparison.json").read_text()
    )
    pairs = [(d["arm"], d["reference"]) for d in content["differences"]]
    assert pairs == [
        ("demo_salmix", "demo_baseline"),
        ("catsdogs_augly", "catsdogs_original"),
    ]
    assert content["differences"][1]["verdict"] == "trained_once"
    assert (tmp_path / "runs/reports/all/accuracy_demo_1.png").is_file()


def test_published_results_stand_beside_with_what_differs(make_run, tmp_path):
    recipe = EXPERIMENTS["tinyimagenet_salmix"]
    fields = {
        name: getattr(recipe, name)
        for name in ("data", "model", "optimizer", "augment", "published")
    }
    make_run(recipe.name, **fields)
    report_on(tmp_path / "runs")
    rows = table(tmp_path / "runs" / "reports" / "all", "comparison")
    label = "tinyimagenet_salmix, as published (with other epochs, precision)"
    row = rows[label]
    # The figures of the published study: last epoch, and best.
    assert row["top-1 error, %"] == "34.74"
    assert row["top-5 error, %"] == "15.86"
    assert row["loss"] == "1.605"
    assert row["epochs"] == "300"
    best = table(tmp_path / "runs" / "reports" / "all", "chosen_epoch")[label]
    assert best["top-1 error, %"] == "33.86"


def test_augmentation_is_shown_as_it_is_spelled_out(make_run, tmp_path):
    text = "OneOf(CutMix(alpha=0.5), MixUp(), per='batch')"
    folders = [
        make_run("a", augment=()),
        make_run("b"),
        make_run("c", augment=parse_arm(f"c={text}").layers),
    ]
    write_report(folders, tmp_path / "out", "Test", study="mine")
    with open(tmp_path / "out" / "settings.csv", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["a"] == "none"
    assert row["b"].startswith("RandomFlip()")
    assert row["c"] == text


def images(first, last):
    return [f"{index:04}" for index in range(first, last)]


def test_arms_without_a_common_image_are_no_comparison(make_run, tmp_path):
    """Each shares some with the first, but none is shared by all three."""
    right = np.arange(40) < 30
    folders = [
        make_run("a", right=right, ids=images(0, 40)),
        make_run("b", right=right, ids=images(20, 60)),
        make_run("c", right=right[:20], ids=images(0, 20)),
    ]
    write_report(folders, tmp_path / "out", "Test", study="mine")
    content = json.loads((tmp_path / "out" / "comparison.json").read_text())
    assert content["differences"] == []
    assert "no image in common" in content["groups"][0]["answer"][0]


def test_folds_that_no_two_arms_have_are_no_comparison(
    make_run, tmp_path, tiny
):
    data = replace(tiny.data, folds=3)
    folders = [
        make_run("a", 0, ids=images(0, 60), data=data),
        make_run("b", 1, ids=images(60, 120), data=data),
    ]
    write_report(folders, tmp_path / "out", "Test", study="mine")
    text = (tmp_path / "out" / "report.md").read_text()
    assert "no image in common" in text


def test_best_epoch_says_where_it_was_picked(study, tmp_path):
    for folder in study:
        metrics = folder.metrics() | {"best_selected_on": "selection"}
        folder.write_json("metrics.json", metrics)
    write_report(study, tmp_path / "out", "Study demo", study="demo")
    text = (tmp_path / "out" / "report.md").read_text()
    assert "picked on images held out of training" in text
    assert "flatters" not in text


def test_unknown_published_result_is_one_line(make_run, tmp_path):
    folder = make_run("arm", published="nowhere")
    with pytest.raises(ConfigError, match="published=nowhere"):
        write_report([folder], tmp_path / "out", "Test", study="mine")


def test_nothing_to_report_is_an_error(tmp_path, tiny):
    with pytest.raises(ConfigError, match="no runs"):
        report_on(tmp_path)
    folder = RunFolder.of(tmp_path, tiny, 0)
    folder.claim(tiny, 0)
    with pytest.raises(ConfigError, match="metrics.json is missing"):
        report_on(tmp_path)
    assert not (tmp_path / "reports").exists()
