"""The page of a study that is looked at while its seeds come in."""

import json
from dataclasses import replace

import pytest

from experiments.configs.schema import layer
from experiments.designs.until import Until
from experiments.report import sections, wording
from experiments.report.design import DesignFolder, read_designs
from experiments.report.report import compare_runs, list_numbers, locate_runs
from experiments.statistics.sequential import Looks
from tests.experiments.report.comparing import get_table, get_text


@pytest.fixture
def make_study(tiny, tmp_path, make_run, draw_right):
    """Makes runs and looks at them; returns the design.

    Args of the function: {arm: (percent right, seeds)} and fields of `Looks`.
    """

    def make(arms, looks=(3, 5), **options):
        experiments = []
        for place, (arm, (percent, seeds)) in enumerate(arms.items()):
            own = () if arm in ("plain", "placebo") else (layer("CutMix"),)
            experiments.append(replace(tiny, name=arm, augment=own))
            for seed in range(seeds):
                right = draw_right(percent, 100 * place + seed, 600)
                make_run(arm, seed, right, augment=own)
        until = Until(
            "mine",
            experiments,
            Looks(looks, len(arms) - 1, **options),
            seeds=range(looks[-1]),
            workdir=tmp_path / "runs",
        )
        until.claim()
        list(until.list_rounds())
        return until.record

    return make


ARMS = {"plain": (50, 5), "clear": (65, 3), "alike": (50, 3), "close": (55, 5)}


def compare(tmp_path, designs=None, margin=None):
    """The `Material` as --report makes it, or with other designs."""
    if designs is None:
        designs = read_designs(tmp_path / "runs")
    paths, _ = locate_runs(tmp_path / "runs")
    paths.sort(key=lambda path: path.parent.name != "plain")
    (material,), _ = compare_runs(paths, "mine", margin, designs=designs)
    return material


def test_verdicts_are_those_of_each_arms_last_look(make_study, tmp_path):
    design = make_study(ARMS)
    # Another margin than the one that was stored, which is none.
    material = compare(tmp_path, margin=2)
    findings = material.findings
    assert findings.design == design
    alike, clear, close = findings.differences
    assert [d.reference_seeds for d in findings.differences] == [3, 3, 5]
    assert clear == design.taken[0].results["clear"].difference
    assert findings.decision(alike) == "cannot_be_told"
    assert (findings.margin, findings.pairs, findings.power) == (None, [], None)
    first, second, third = wording.answer(findings)
    assert first.startswith("clear lowers top-1 error by 15.0 points")
    assert second.startswith("close lowers top-1 error by 5.0 points")
    assert "5 seeds" in second
    assert third == (
        "alike: cannot be told within 5 seeds, against plain (difference in "
        f"accuracy {alike.low:+.1f} to {alike.high:+.1f} points)."
    )
    titles = [each.title for each in sections.build_sections(material)]
    assert "Looks" in titles
    assert not {"All pairs", "What this study can show"} & set(titles)
    notes = " ".join(wording.notes(findings))
    assert "all arms and looks together" in notes


def test_the_page_says_what_was_fixed_and_found(make_study, tmp_path):
    make_study(ARMS)
    material = compare(tmp_path)
    section = sections.looks(material)
    text = get_text(section)
    assert "Before the first run, looks were fixed at 3 and 5 seeds" in text
    assert "too large" in text
    (rows,) = (each.rows for each in section.blocks if hasattr(each, "file"))
    assert [(row["arm"], row["seeds"], row["decision"]) for row in rows] == [
        ("clear", 3, "better"),
        ("alike", 3, "cannot be told within 5 seeds"),
        ("close", 3, "runs on to 5 seeds"),
        ("close", 5, "better"),
    ]
    assert rows[0]["level of the interval"] == "99.40 %"
    table = get_table(sections.forest_plot(material), "differences.csv")
    assert table["alike"]["verdict"] == "cannot be told within 5 seeds"
    assert "detectable, points" not in table["alike"]
    numbers = json.loads(json.dumps(list_numbers("mine", [material], [])))
    stored = numbers["groups"][0]["design"]
    assert stored["looks"] == [3, 5]
    assert len(stored["taken"]) == 2
    decisions = [each["decision"] for each in numbers["differences"]]
    assert decisions == ["cannot_be_told", "better", "better"]


def test_a_page_between_looks_says_what_runs_on(make_study, tmp_path):
    make_study(ARMS | {"plain": (50, 4), "close": (55, 4)})
    findings = compare(tmp_path).findings
    assert "close: runs on to 5 seeds, against plain" in " ".join(
        wording.answer(findings)
    )


def test_nothing_is_compared_before_the_first_look(make_study, tmp_path):
    make_study({"plain": (50, 2), "clear": (65, 2)})
    findings = compare(tmp_path).findings
    assert wording.answer(findings) == [
        "Nothing is compared before the first look, at 3 seeds."
    ]
    assert findings.differences == []


def test_a_margin_is_that_of_the_design(make_study, tmp_path):
    make_study({"plain": (50, 3), "alike": (50, 3)}, margin=10)
    findings = compare(tmp_path, margin=1).findings
    assert wording.answer(findings) == [
        "alike: no relevant difference from plain (within ±10 points)."
    ]


def test_a_placebo_that_is_told_apart_speaks_first(make_study, tmp_path):
    make_study({"plain": (50, 3), "placebo": (65, 3)})
    findings = compare(tmp_path).findings
    assert wording.answer(findings)[0].startswith("No difference of this study")


@pytest.mark.parametrize(
    ("planned", "early"),
    [
        (3, None),
        (5, "alike and clear have 3 so far"),
        (6, "plain, alike, clear and close have 3 to 5 so far"),
    ],
)
def test_a_page_that_is_read_early_says_so(
    planned, early, make_run, draw_right, tmp_path
):
    for arm, (percent, seeds) in ARMS.items():
        for seed in range(seeds):
            make_run(arm, seed, draw_right(percent, seed + 9, 600))
    folder = DesignFolder.of(tmp_path / "runs", "mine")
    folder.claim_seeds(list(ARMS), planned)
    findings = compare(tmp_path).findings
    told = [each for each in wording.warnings(findings) if "early" in each]
    if early is None:
        assert told == []
    else:
        assert f"{planned} seeds an arm were planned, and {early}." in told[0]
        assert "--until" in told[0]


def test_a_study_that_was_extended_says_so(make_run, draw_right, tmp_path):
    for arm in ("plain", "clear"):
        for seed in range(5):
            make_run(arm, seed, draw_right(50, len(arm) + seed, 600))
    folder = DesignFolder.of(tmp_path / "runs", "mine")
    for planned in (3, 5, 4):
        folder.claim_seeds(["plain", "clear"], planned)
    [told] = wording.warnings(compare(tmp_path).findings)
    assert told.startswith(
        "Extended: 3 seeds an arm were planned at first, and 5 later."
    )


def test_designs_that_cannot_be_read_are_left_out(tmp_path):
    for name, content in (
        ("a", "no JSON"),
        ("b", "{}"),
        ("c", '{"arms": [1], "seeds": 3, "design": "--until"}'),
    ):
        path = tmp_path / "designs" / name / "design.json"
        path.parent.mkdir(parents=True)
        path.write_text(content)
    assert read_designs(tmp_path) == []
