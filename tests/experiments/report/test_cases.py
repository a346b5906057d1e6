"""Studies of the demo with two seeds, as users would train them."""

import json
import re
import shutil

import pytest

import main
from experiments.report import figures
from experiments.report.report import compare_runs, list_numbers
from experiments.report.sections import ORDER
from experiments.report.summary import summarize
from tests.conftest import ROOT

CASES = ROOT.parent / "shared" / "cases"


@pytest.fixture
def copy_case(tmp_path):
    def copy(name):
        if not (CASES / name).is_dir():
            pytest.skip(f"no folder {CASES / name}")
        return shutil.copytree(CASES / name, tmp_path / "runs")

    return copy


def test_seeds_0_and_2_are_reported(copy_case):
    """The seeds of flip are far apart."""
    runs = copy_case("demo_seeds_0_2")
    (material,), left_out = compare_runs(sorted(runs.glob("*/*")), "demo")
    assert left_out == []
    assert material.findings.alarms == []
    numbers = json.dumps(list_numbers("t", [material], []), allow_nan=False)
    assert len(json.loads(numbers)["groups"][0]["pairs"]) == 10
    assert len(summarize([material]).splitlines()) < 25
    # Previews take seconds and say nothing of the runs.
    made = [make(material) for make in ORDER if make is not figures.previews]
    assert sum(each is not None for each in made) > 8


def test_seeds_0_and_4_are_not_to_be_believed(copy_case, capsys):
    """Their placebo is told apart: that comes first, wherever it is read."""
    runs = copy_case("demo_seeds_0_4")
    assert main.call(["main.py", f"--report={runs}"]) == 0
    screen = [line for line in capsys.readouterr().out.splitlines() if line]
    page = runs / "reports" / "all"
    content = json.loads((page / "comparison.json").read_text())
    alarm, _ = content["alarms"]
    assert alarm.startswith("No difference of this study is to be believed: ")
    assert list(content)[:2] == ["title", "alarms"]
    assert content["groups"][0]["answer"][0] == alarm
    # After the line on the work that is going on.
    assert screen[1] == alarm
    claim = re.compile(r"(lowers|raises) top-1 error")
    for text in (
        "\n".join(screen),
        (page / "report.md").read_text(),
        (page / "index.html").read_text(),
    ):
        lines = re.split("[\n<>]", text)
        sentences = [line for line in lines if claim.search(line)]
        assert len(sentences) == 3
        for sentence in sentences:
            assert "Not to be believed: " in sentence
        assert -1 < text.find(alarm) < claim.search(text).start()
