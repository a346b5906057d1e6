"""Reports of studies drawn at random: never a traceback, no odd text."""

import contextlib
import json
import re

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings

import main
from experiments.errors import ConfigError
from experiments.report import Comparison, wording
from experiments.report.document import Code, Picture, Table, Text
from experiments.report.figures import previews
from experiments.report.report import compare_runs, list_numbers
from experiments.report.right import pack_right
from experiments.report.sections import ORDER
from tests.scenarios.drawn_studies import studies, write_study

ODD_TEXT = re.compile(r"\b(nan|inf|None)\b")


@pytest.fixture(scope="module")
def script(load_script):
    """The script beside the committed studies."""
    return load_script("docs/studies/recompute.py")


def list_texts(sections):
    """Texts of the sections, without the reasons, which quote damage."""
    for section in sections:
        yield section.title
        for block in section.blocks:
            if isinstance(block, Table):
                for row in block.rows:
                    yield from (
                        str(cell)
                        for title, cell in row.items()
                        if title != "reason"
                    )
            elif isinstance(block, Text):
                yield from block.sentences
            elif isinstance(block, (Picture, Code)):
                yield block.text


def find_table(sections, file):
    for section in sections:
        for block in section.blocks:
            if isinstance(block, Table) and block.file == file:
                return block.rows
    return []


@settings(
    max_examples=40,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(study=studies())
def test_a_drawn_study_is_reported(study, script, tmp_path_factory):
    folders = write_study(study, tmp_path_factory.mktemp("study"))
    paths = [folders[run.arm, run.seed] for run in study.runs]
    if not any(run.fate in ("finished", "copied") for run in study.runs):
        # Damage may leave a run as it was.
        with contextlib.suppress(ConfigError):
            compare_runs(paths, "mine")
        return
    materials, left_out = compare_runs(paths, "mine")
    numbers = json.loads(
        json.dumps(list_numbers("t", materials, left_out), allow_nan=False)
    )
    Comparison.model_validate(numbers)
    assert sorted(
        [*numbers["runs"], *(each["folder"] for each in numbers["left_out"])]
    ) == sorted(map(str, paths))
    for material in materials:
        check_material(material, study, numbers)
        path = tmp_path_factory.mktemp("bits") / "right.npz"
        np.savez_compressed(path, **pack_right(material))
        check_bits(script.recompute(path), material, numbers)


def check_bits(recomputed, material, numbers):
    """Intervals that follow from the bits are those of comparison.json."""
    (group,) = (
        each
        for each in numbers["groups"]
        if each["title"] == material.findings.title
    )
    stored = [
        each
        for each in numbers["differences"]
        if each["group"] == group["title"]
    ]
    for found, expected in zip(
        recomputed, (stored, group["pairs"]), strict=True
    ):
        assert [(each.arm, each.reference) for each in found] == [
            (each["arm"], each["reference"]) for each in expected
        ]
        for name in ("difference", "low", "high"):
            np.testing.assert_allclose(
                [getattr(each, name) for each in found],
                [each[name] for each in expected],
                atol=1e-9,
            )


def check_material(material, study, numbers):
    # Previews take seconds and say nothing of the runs.
    made = [make(material) for make in ORDER if make is not previews]
    sections = [section for section in made if section is not None]
    for text in list_texts(sections):
        assert not ODD_TEXT.search(text), text
    (group,) = (
        each
        for each in numbers["groups"]
        if each["title"] == material.findings.title
    )
    check_differences(sections, material, numbers)
    check_errors(sections, group)
    check_placebo(material, study, numbers)
    check_lost(material, group)


def check_differences(sections, material, numbers):
    rows = find_table(sections, "differences.csv")
    stored = numbers["differences"]
    assert len(rows) == len(stored)
    for row, each in zip(rows, stored, strict=True):
        assert row["difference, points"] == f"{each['difference']:+.2f}"
        interval = f"{each['low']:+.2f} to {each['high']:+.2f}"
        assert row["95 % interval"] == interval
        size = each["detectable"]
        if each["verdict"] == "trained_once":
            assert (size, row["detectable, points"]) == (None, "n/a")
        else:
            shown = "more than 100" if size is None else f"{size:.2f}"
            assert row["detectable, points"] == shown
        assert each["low"] <= each["difference"] <= each["high"]


def check_errors(sections, group):
    rows = find_table(sections, "comparison.csv")
    assert len(rows) == len(group["arms"])
    for row, arm in zip(rows, group["arms"], strict=True):
        error = arm["figures"].get("top1_error")
        if error is not None:
            assert row["top-1 error, %"].startswith(f"{error['mean']:.2f}")


def check_placebo(material, study, numbers):
    told = [
        each
        for each in numbers["differences"]
        if each["arm"] == study.placebo
        and each["verdict"] in ("better", "worse")
        and each["arm"] in material.findings.placebos
    ]
    answer = wording.answer(material.findings)
    doubted = answer[0].startswith("No difference of this study is to be")
    assert doubted == bool(told)
    assert bool(numbers["alarms"]) == bool(told)
    if told:
        claims = [each for each in answer if re.search("lowers|raises", each)]
        assert all(each.startswith("Not to be believed") for each in claims)


def check_lost(material, group):
    for arm in group["arms"]:
        lost = sum(arm["lost"].values())
        sentences = " ".join(group["answer"])
        runs = lost + len(arm["seeds"])
        assert (f"{lost} of {runs} runs" in sentences) == (lost > 0)
    assert material.findings.arms


@pytest.mark.parametrize("number", range(3))
def test_a_drawn_study_is_reported_by_the_command(
    number, script, tmp_path, capsys
):
    """With its figures, from the command to the last line."""
    from hypothesis import find

    sizes = ((2, 2), (7, 3), (1, 1))[number]
    study = find(
        studies(*sizes),
        lambda each: len(each.arms) == sizes[0],
        settings=settings(max_examples=200, database=None),
    )
    folders = write_study(study, tmp_path / "runs")
    code = main.call(["main.py", f"--report={tmp_path / 'runs'}"])
    printed = capsys.readouterr()
    assert code == 0, printed.err
    page = tmp_path / "runs" / "reports" / "all"
    assert printed.out.splitlines()[-1].endswith("index.html")
    assert len(printed.out.splitlines()) <= 25
    for name in ("index.html", "report.md", "comparison.json"):
        assert (page / name).stat().st_size > 0
    content = json.loads((page / "comparison.json").read_text())
    assert len(content["runs"]) + len(content["left_out"]) == len(folders)
    script.main(page)
    recomputed = capsys.readouterr().out
    for each in content["differences"]:
        interval = f"{each['difference']:+.2f} ({each['low']:+.2f} to "
        assert f"{each['reference']}: {interval}" in recomputed
