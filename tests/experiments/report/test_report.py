"""The whole report: what it writes, of whatever mixture of folders."""

import contextlib
import csv
import io
import json
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest

import main
from experiments.errors import ConfigError
from experiments.report import load
from experiments.report.report import (
    compare_runs,
    list_numbers,
    report_on,
)
from experiments.report.wording import Names
from experiments.run_folder import ROBUSTNESS, RunFolder
from tests.experiments.report.comparing import change, fail
from tests.experiments.report.test_explanations import explain
from tests.experiments.report.test_robustness import USUAL, list_errors

DATA = {"fingerprints": {"data_set": "d", "train": "t", "val": "v"}}


@pytest.fixture(scope="module")
def mixture(make_run_in, draw_right, tiny, tmp_path_factory):
    """Runs of two studies, with copies, damage and what is no run at all.

    Returns:
        The folder of the runs, and paths of the whole ones of the first study.
    """
    root = tmp_path_factory.mktemp("mixture")
    study = [
        make_run_in(
            root,
            name,
            seed,
            draw_right(percent, 10 * percent + seed),
            data_fields=DATA,
            augment=augment,
        )
        for name, percent, augment in (
            ("demo_baseline", 50, ()),
            ("demo_salmix", 70, tiny.augment),
        )
        for seed in range(3)
    ]
    for folder in study:
        folder.write_json(ROBUSTNESS, list_errors(*USUAL))
        explain(folder, 0.2)
    runs = root / "runs"
    shutil.copytree(study[0].path, study[0].path.with_name("seed_0 copy"))
    shutil.copytree(runs / "demo_salmix", runs / "backup" / "demo_salmix")
    fail(make_run_in(root, "demo_salmix", 6, data_fields=DATA))
    damaged = make_run_in(root, "demo_salmix", 7, data_fields=DATA)
    change(damaged, "metrics.json", best={"val_accuracy": "high"})
    (runs / "bert").mkdir()
    (runs / "bert" / "config.json").write_text('{"layers": 12}')
    shutil.copytree(study[0].path, runs / "wandb" / "copy")
    pets = replace(tiny.data, name="catsdogs")
    for name in ("catsdogs_original", "catsdogs_augly"):
        make_run_in(root, name, data=pets, class_names=("cats", "dogs"))
    earlier = runs / "reports" / "all"
    earlier.mkdir(parents=True)
    for name in ("old.csv", "old.png", "old.svg", "mine.txt"):
        (earlier / name).write_text("of an earlier report")
    return runs, [folder.path for folder in study]


@pytest.fixture(scope="module")
def printed(mixture):
    """The printed lines of the report on the mixture."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        report_on(mixture[0])
    return output.getvalue()


@pytest.fixture
def page(mixture, printed):
    """The folder of the report."""
    return mixture[0] / "reports" / "all"


@pytest.fixture
def numbers(page):
    return json.loads((page / "comparison.json").read_text())


def test_all_files_are_written(page):
    for name in ("index.html", "report.md", "comparison.json"):
        assert (page / name).stat().st_size > 0, name
    for name in ("accuracy", "error", "loss", "confusion", "differences"):
        # A chapter for each study.
        for chapter in ("demo_1", "catsdogs_2"):
            path = page / f"{name}_{chapter}.png"
            assert path.read_bytes().startswith(b"\x89PNG"), path
            assert "<svg" in path.with_suffix(".svg").read_text(), path
    for name in ("robustness", "reliability", "explanations_RISE", "previews"):
        assert (page / f"{name}_demo_1.png").is_file(), name
    for name in ("differences", "comparison", "runs", "settings", "left_out"):
        assert (page / f"{name}_demo_1.csv").stat().st_size > 0, name
    text = (page / "report.md").read_text()
    for picture in re.findall(r"\]\((\S+)\)", text):
        assert (page / picture).is_file()
    for heading in ("Robustness", "What networks look at", "What differed"):
        assert f"### {heading}" in text


def test_an_earlier_reports_tables_and_figures_do_not_stay(page):
    assert [each.name for each in page.glob("old.*")] == []
    assert (page / "mine.txt").is_file()


def test_the_screen_ends_with_the_answer_and_the_path(page, printed):
    names = Names(["demo_baseline", "demo_salmix"])
    sentence = f"{names('demo_salmix')} lowers top-1 error"
    assert sentence in printed
    lines = printed.splitlines()
    assert lines[-1] == f"The report: {page / 'index.html'}"
    assert len(lines) <= 25


def test_whole_runs_are_used_as_if_the_rest_were_not_there(mixture, numbers):
    """But for the sentences on what is lost."""
    runs, study = mixture
    materials, left_out = compare_runs(study, "demo")
    clean = json.loads(json.dumps(list_numbers("t", materials, left_out)))
    (found, _) = numbers["differences"]
    assert [found] == clean["differences"]
    assert set(clean["runs"]) < set(numbers["runs"])
    assert len(numbers["runs"]) == 8
    reasons = {
        each["folder"].removeprefix(f"{runs}/"): each["reason"]
        for each in numbers["left_out"]
    }
    assert sorted(reasons) == [
        "backup/demo_salmix/seed_0",
        "backup/demo_salmix/seed_1",
        "backup/demo_salmix/seed_2",
        "bert",
        "demo_baseline/seed_0 copy",
        "demo_salmix/seed_6",
        "demo_salmix/seed_7",
        "reports",
        "wandb",
    ]
    assert reasons["bert"] == "metrics.json is missing"
    assert "failed: loss is nan" in reasons["demo_salmix/seed_6"]
    assert "best.val_accuracy" in reasons["demo_salmix/seed_7"]
    assert "by its name it holds no runs" in reasons["wandb"]


def test_the_page_names_what_is_left_out(page, numbers):
    with open(page / "left_out_demo_1.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows == numbers["left_out"]
    (demo, _) = numbers["groups"]
    assert demo["arms"][1]["lost"] == {"failed": 1, "left out": 1}
    answer = " ".join(demo["answer"])
    assert "2 of 5 runs are not in this comparison" in answer
    assert ", of the runs that did not fail, by 20.0 points" in answer


def test_each_study_has_a_reference_of_its_own(numbers):
    pairs = [(d["arm"], d["reference"]) for d in numbers["differences"]]
    assert pairs == [
        ("demo_salmix", "demo_baseline"),
        ("catsdogs_augly", "catsdogs_original"),
    ]
    first, second = numbers["differences"]
    assert first["verdict"] == "better"
    assert first["difference"] == pytest.approx(20)
    assert 0 < first["detectable"] < 20
    assert second["verdict"] == "trained_once"


def test_what_runs_were_given_later_is_in_comparison_json(numbers):
    demo, catsdogs = numbers["groups"]
    figures = demo["robustness"]["demo_salmix"]["figures"]
    assert figures["mean_corruption_error"]["mean"] == 100
    scores = demo["explanations"]["demo_salmix"]["scores"]["RISE"]
    assert scores["deletion"]["mean"] == pytest.approx(0.2)
    assert catsdogs["robustness"] == catsdogs["explanations"] == {}


def test_the_numbers_can_be_loaded(page, numbers):
    study = load(page)
    assert study.model_dump(mode="json") == numbers
    (error,) = [
        each["mean"]
        for each in study.rows("figures")
        if (each["arm"], each["figure"]) == ("demo_salmix", "top1_error")
    ]
    assert error == pytest.approx(30)
    first, second = study.rows()
    assert first["verdict"] == "better"
    assert first["variance.images"] > 0
    assert second["verdict"] == "trained_once"


def test_the_page_needs_nothing_from_elsewhere(page):
    text = (page / "index.html").read_text()
    assert not re.search(r"""(src|href)=["'](?!data:|#)""", text)
    assert "http" not in re.sub(r"data:\S+", "", text)
    figures = re.findall(r"<figure[^>]*>\s*<(svg|img) ([^>]*)>", text)
    assert len(figures) == len(list(page.glob("*.svg")))
    for _, attributes in figures:
        assert re.search(r'(alt|aria-label)="[^"]{10,}"', attributes)


def test_links_lead_to_headings(page):
    text = (page / "index.html").read_text()
    places = re.findall(r' id="([^"]*)"', text)
    assert len(places) == len(set(places))
    targets = re.findall(r'href="#([^"]*)"', text)
    assert set(targets) <= set(places)
    # In the contents and beside the heading, of each of two chapters.
    for place in ("results_demo_1", "runs_catsdogs_2"):
        assert targets.count(place) == 2


def test_a_report_folder_that_is_a_file_is_one_line(make_run, tmp_path, capsys):
    make_run("plain")
    runs = tmp_path / "runs"
    (runs / "reports").write_text("mine")
    assert main.call(["main.py", f"--report={runs}"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: cannot write the report to ")
    assert str(runs / "reports") in error
    assert len(error.splitlines()) == 1
    assert (runs / "reports").read_text() == "mine"


def test_unknown_published_result_is_one_line(make_run):
    folder = make_run("arm", published="nowhere")
    with pytest.raises(ConfigError, match="published=nowhere"):
        compare_runs([folder], "mine")


def test_nothing_to_report_is_an_error(tmp_path, tiny):
    with pytest.raises(ConfigError, match="no runs"):
        report_on(tmp_path)
    folder = RunFolder.of(tmp_path, tiny, 0)
    folder.claim(tiny, 0)
    with pytest.raises(ConfigError, match="metrics.json is missing"):
        report_on(tmp_path)
    assert not (tmp_path / "reports").exists()


def test_own_images_are_kept_from_the_page(make_run, tmp_path):
    run = make_run("plain", augment=())
    images = np.zeros((6, 16, 16, 3), np.uint8)
    np.savez(run / "previews.npz", images=images, labels=np.arange(6))
    runs = tmp_path / "runs"
    assert main.call(["main.py", f"--report={runs}", "--drawn_previews"]) == 0
    text = (runs / "reports" / "all" / "report.md").read_text()
    assert "The same drawn images as each arm's training shows them" in text
