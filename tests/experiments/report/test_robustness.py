"""Figures that the robustness.json of runs come to together."""

import numpy as np
import pytest

from experiments.report.robustness import section, summarize_robustness
from experiments.run_folder import ROBUSTNESS
from tests.experiments.report.comparing import compare, get_table, get_text

FINGERPRINTS = {"fingerprints": {"data_set": "d", "train": "t", "val": "v"}}
BINS = [[0.3, 0.2, 0.5], [0.9, 0.7, 0.5]]
USUAL = (10, [20] * 5, [40] * 5)


def list_errors(clean, noise, blur, fingerprint="v", version=1):
    """A robustness.json with errors of five severities of noise and blur."""
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
        for number, name in enumerate(("plain", "mixed"))
        for seed in range(2)
    ]


def test_corruption_error_is_the_mean_share_of_the_references(study):
    for folder, errors in zip(
        study,
        [
            (10, [20] * 5, [40] * 5),
            (12, [40] * 5, [40] * 5),
            (14, [15] * 5, [60] * 5),
            (16, [30] * 5, [25, 25, 25, 25, 100]),
        ],
        strict=True,
    ):
        folder.write_json(ROBUSTNESS, list_errors(*errors))
    arms, lacking = summarize_robustness(compare(*study).group)
    assert lacking == []
    # The reference's: 150 of noise and 200 of blur, means over its seeds.
    plain = arms["plain"].figures["mean_corruption_error"].values
    assert plain == pytest.approx([100 * (100 / 150 + 1) / 2, 350 / 3])
    mixed = arms["mixed"]
    assert mixed.figures["mean_corruption_error"].values == pytest.approx(
        [100 * (75 / 150 + 300 / 200) / 2, 100]
    )
    assert mixed.figures["clean"].values == [14, 16]
    assert mixed.figures["fgsm"].mean == 25
    assert mixed.errors["noise"][3] == [15, 30]
    assert mixed.reliability["clean"] == BINS


def test_other_images_other_ways_and_damaged_files_are_left_out(study):
    study[0].write_json(ROBUSTNESS, list_errors(*USUAL))
    study[1].write_json(ROBUSTNESS, list_errors(*USUAL, fingerprint="other"))
    study[2].write_json(ROBUSTNESS, list_errors(*USUAL, version=2))
    (study[3] / ROBUSTNESS).write_text("[")
    material = compare(*study)
    arms, lacking = summarize_robustness(material.group)
    assert list(arms) == ["plain"]
    assert arms["plain"].seeds == [0]
    assert lacking == [
        f"{study[1].path} is not shown: robustness.json is of other images "
        "than the run.",
        f"{study[2].path} was evaluated in another way.",
        f"{study[3].path} is not shown: robustness.json is damaged.",
        "Evaluated were 1 of 4 runs.",
    ]
    for sentence in lacking:
        assert sentence in get_text(section(material))


def test_without_the_reference_there_is_no_corruption_error(study):
    study[2].write_json(ROBUSTNESS, list_errors(*USUAL))
    material = compare(*study)
    arms, _ = summarize_robustness(material.group)
    assert "mean_corruption_error" not in arms["mixed"].figures
    row = get_table(section(material), "robustness.csv")["mixed"]
    assert row["mean corruption error, % of plain's"] == "n/a"
    assert row["top-1 error, %"] == "10.00"


def test_the_section_is_there_if_its_data_is(study):
    assert section(compare(*study)) is None
    (study[0] / ROBUSTNESS).write_text("[")
    assert get_text(section(compare(*study))) == (
        f"{study[0].path} is not shown: robustness.json is damaged."
    )
