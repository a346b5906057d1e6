"""What runs' robustness.json come to together."""

import json

import numpy as np
import pytest

from experiments.report.groups import group_runs
from experiments.report.report import write_report
from experiments.report.robustness import robustness_of
from experiments.report.runs import read_runs
from experiments.run_folder import ROBUSTNESS

FINGERPRINTS = {"fingerprints": {"data_set": "d", "train": "t", "val": "v"}}
BINS = [[0.3, 0.2, 0.5], [0.9, 0.7, 0.5]]


def content(clean, noise, blur, fingerprint="v", version=1):
    """Errors of five severities of noise and of blur."""
    kinds = {
        "clean": {0: clean},
        "noise": dict(enumerate(noise, 1)),
        "blur": dict(enumerate(blur, 1)),
        "occlusion_random": {30: clean + 5},
        "occlusion_peak": {30: clean + 8},
        "fgsm": {1: clean + 10},
    }
    calibration = {"calibration_error": 4.0, "reliability": BINS}
    return {
        "images": {"fingerprint": fingerprint},
        "settings": {"version": version},
        "conditions": [
            {"kind": kind, "level": level, "top1_error": error}
            for kind, levels in kinds.items()
            for level, error in levels.items()
        ],
        "calibration": {"clean": calibration, "corrupted": calibration},
    }


@pytest.fixture
def study(make_run):
    """Two arms of two seeds, each other in its predictions."""
    return [
        make_run(
            name,
            seed,
            np.random.default_rng([number, seed]).uniform(size=60) < 0.5,
            data_fields=FINGERPRINTS,
        )
        for number, name in enumerate(("demo_baseline", "demo_salmix"))
        for seed in range(2)
    ]


def found(study):
    runs, _ = read_runs([folder.path for folder in study])
    (group,), _ = group_runs(runs, "demo")
    return robustness_of(group)


def test_corruption_error_is_the_mean_share_of_the_references(study):
    for folder, errors in zip(
        study,
        [
            (10, [20] * 5, [40] * 5),
            (12, [40] * 5, [40] * 5),
            (14, [15] * 5, [60] * 5),
            (16, [30] * 5, [20, 20, 20, 20, 120]),
        ],
        strict=True,
    ):
        folder.write_json(ROBUSTNESS, content(*errors))
    arms, lacking = found(study)
    assert lacking == []
    # The reference's: 150 of noise and 200 of blur, means over its seeds.
    baseline = arms["demo_baseline"].figures["mean_corruption_error"].values
    assert baseline == pytest.approx([100 * (100 / 150 + 1) / 2, 350 / 3])
    salmix = arms["demo_salmix"]
    assert salmix.figures["mean_corruption_error"].values == pytest.approx(
        [100 * (75 / 150 + 300 / 200) / 2, 100]
    )
    assert salmix.figures["clean"].values == [14, 16]
    assert salmix.figures["fgsm"].mean == 25
    assert salmix.errors["noise"][3] == [15, 30]
    assert salmix.reliability["clean"] == BINS


def test_others_images_other_ways_and_broken_files_are_left_out(study):
    usual = (10, [20] * 5, [40] * 5)
    study[0].write_json(ROBUSTNESS, content(*usual))
    study[1].write_json(ROBUSTNESS, content(*usual, fingerprint="other"))
    study[2].write_json(ROBUSTNESS, content(*usual, version=2))
    (study[3] / ROBUSTNESS).write_text("[")
    arms, lacking = found(study)
    assert list(arms) == ["demo_baseline"]
    assert arms["demo_baseline"].seeds == [0]
    assert lacking == [
        f"{study[2].path} was judged in another way.",
        "Judged were 1 of 4 runs.",
    ]


def test_without_the_reference_there_is_no_corruption_error(study, tmp_path):
    study[2].write_json(ROBUSTNESS, content(10, [20] * 5, [40] * 5))
    arms, _ = found(study)
    assert "mean_corruption_error" not in arms["demo_salmix"].figures
    write_report(study, tmp_path / "out", "Study demo", study="demo")
    assert "salmix" in (tmp_path / "out" / "robustness.csv").read_text()


def test_the_section_is_there_when_its_data_is(study, tmp_path):
    out = tmp_path / "out"
    write_report(study, out, "Study demo", study="demo")
    assert "Robustness" not in (out / "report.md").read_text()
    for folder in study:
        folder.write_json(ROBUSTNESS, content(10, [20] * 5, [40] * 5))
    write_report(study, out, "Study demo", study="demo")
    text = (out / "report.md").read_text()
    assert "## Robustness" in text
    assert "100.00 ± 0.00" in text
    for name in ("robustness", "reliability"):
        assert (out / f"{name}.png").is_file()
        assert (out / f"{name}.svg").is_file()
    numbers = json.loads((out / "comparison.json").read_text())
    salmix = numbers["groups"][0]["robustness"]["demo_salmix"]
    assert salmix["figures"]["mean_corruption_error"]["mean"] == 100
