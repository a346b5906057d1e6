"""A report says which runs moved, leak, or were made unlike the others."""

import json

from experiments.report.diagnostics import remarks
from experiments.report.groups import group_runs
from experiments.report.report import write_report
from experiments.report.runs import read_runs

HERE = {
    "first_step": 0,
    "precision": "float32",
    "device": "CPU",
    "replicas": 1,
    "jit_compile": False,
    "augment_on": "host",
    "onednn": "1",
    "packages": {"tensorflow": "2.21.0", "keras": "3.15.1"},
}


def remarks_on(*folders):
    runs, _ = read_runs([folder.path for folder in folders])
    (group,), _ = group_runs(runs, "mine")
    return list(remarks(group))


def test_nothing_is_said_of_runs_that_are_alike(make_run):
    assert (
        remarks_on(
            make_run("a", environment=HERE),
            make_run("b", environment=HERE),
            # Of an earlier version.
            make_run("c"),
        )
        == []
    )


def test_run_that_moved_is_named_with_what_changed(make_run):
    there = HERE | {"replicas": 4, "packages": {"tensorflow": "2.22.0"}}
    parts = [HERE, HERE | {"first_step": 9, "augment_on": "device"}]
    moved = there | {"first_step": 30, "earlier_parts": parts}
    said = remarks_on(
        make_run("a", environment=HERE), make_run("b", 5, environment=moved)
    )
    assert said == [
        "b, seed 5, was trained in other surroundings from step 9 on: "
        "augment_on from host to device.",
        "b, seed 5, was trained in other surroundings from step 30 on: "
        "replicas from 1 to 4, augment_on from device to host, "
        "packages.tensorflow from 2.21.0 to 2.22.0, packages.keras from "
        "3.15.1 to None.",
        "Runs were made in different surroundings, which changes numbers a "
        "little: replicas is 1 in a; 4 in b.",
    ]


def test_overlap_that_was_allowed_is_told_in_every_form(make_run, tmp_path):
    overlap = "3 of 60 images of val (test) are in train (all), too, such as x"
    folders = [
        make_run(name, data_fields={"overlaps": [overlap]}) for name in "ab"
    ]
    said = f"Judged on images of the training, as allowed: {overlap}."
    assert remarks_on(*folders) == [said]
    write_report(folders, tmp_path / "report", "mine", study="mine")
    for name in ("report.md", "index.html"):
        assert said in (tmp_path / "report" / name).read_text()
    numbers = json.loads((tmp_path / "report" / "comparison.json").read_text())
    assert said in numbers["groups"][0]["warnings"]


def test_commands_repeat_the_seeds(make_run, tmp_path):
    """Those that the runs have, however large, and what was allowed."""
    names = ("demo_baseline", "demo_flip")
    first = 2**63 - 3

    def text_of(seeds, **fields):
        place = str(len(list(tmp_path.iterdir())))
        folders = [
            make_run(name, seed, workdir=place, **fields)
            for name in names
            for seed in seeds
        ]
        report = tmp_path / f"report{place}"
        write_report(folders, report, "demo", study="demo")
        return (report / "report.md").read_text()

    text = text_of([first, first + 1, first + 2])
    arms = "--study=demo --arms=baseline,flip"
    assert f"{arms} --seed={first} --seeds=3" in text
    text = text_of([0, 2], data_fields={"overlaps": ["some"]})
    assert "--study=demo" not in text
    assert "--experiment=demo_flip --seed=2" in text
    assert "--allow_overlap" in text
