"""What runs' explanations come to together."""

import json

import numpy as np
import pytest

from experiments.report.report import write_report
from experiments.run_folder import EXPLAINED_MAPS, EXPLANATIONS

METHODS = ("Grad-CAM", "Grad-CAM++", "RISE")


@pytest.fixture
def study(make_run):
    """Two arms of two seeds, each other in its predictions."""
    known = {"fingerprints": {"data_set": "d", "train": "t", "val": "v"}}
    return [
        make_run(
            name,
            seed,
            np.random.default_rng([number, seed]).uniform(size=60) < 0.5,
            data_fields=known,
        )
        for number, name in enumerate(("demo_baseline", "demo_salmix"))
        for seed in range(2)
    ]


def explain(folder, deletion, fingerprint="v"):
    scores = {"deletion": deletion, "insertion": 0.75}
    folder.write_json(
        EXPLANATIONS,
        {
            "images": {"count": 24, "fingerprint": fingerprint},
            "layer": {"name": "last", "size": [2, 3]},
            "scores": dict.fromkeys((*METHODS, "random order"), scores),
        },
    )
    np.savez(
        folder / EXPLAINED_MAPS,
        images=np.zeros((2, 8, 8, 3), np.uint8),
        labels=np.array([0, 5]),
        probabilities=np.array([0.25, 0.5]),
        **{name: np.ones((2, 8, 8)) for name in METHODS},
    )


def report(study, out):
    write_report(study, out, "Study demo", study="demo")
    numbers = json.loads((out / "comparison.json").read_text())
    return numbers["groups"][0]["explanations"], (out / "report.md").read_text()


def test_the_section_is_there_when_its_data_is(study, tmp_path):
    numbers, text = report(study, tmp_path / "out")
    assert numbers == {}
    assert "What networks look at" not in text
    for folder, deletion in zip(study, (0.1, 0.3, 0.5, 0.5), strict=True):
        explain(folder, deletion)
    numbers, text = report(study, tmp_path / "out")
    assert numbers["demo_baseline"]["seeds"] == [0, 1]
    found = numbers["demo_baseline"]["scores"]["RISE"]["deletion"]
    assert found["mean"] == pytest.approx(0.2)
    assert "## What networks look at" in text
    assert "the 2 x 3 values of the last feature map" in text
    assert "0.500 ± 0.000" in text
    for name in ("Grad-CAM", "RISE"):
        assert (tmp_path / "out" / f"explanations_{name}.svg").is_file()


def test_what_is_of_other_images_or_broken_is_left_out(study, tmp_path):
    explain(study[0], 0.1, fingerprint="other")
    explain(study[1], 0.2)
    (study[1] / EXPLAINED_MAPS).write_bytes(b"no arrays")
    (study[2] / EXPLANATIONS).write_text('{"images": 1}')
    numbers, text = report(study, tmp_path / "out")
    assert list(numbers) == ["demo_baseline"]
    assert numbers["demo_baseline"]["seeds"] == [1]
    assert "explanations_RISE" not in text


def test_pickled_arrays_are_not_read(study, tmp_path):
    explain(study[0], 0.1)
    with np.load(study[0] / EXPLAINED_MAPS) as file:
        arrays = dict(file)
    arrays["RISE"] = arrays["RISE"].astype(object)
    np.savez(study[0] / EXPLAINED_MAPS, **arrays)
    _, text = report(study, tmp_path / "out")
    assert "explanations_RISE" not in text
