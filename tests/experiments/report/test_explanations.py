"""Scores that the explanations of runs come to together."""

import numpy as np
import pytest

from experiments.report.document import Picture
from experiments.report.explanations import section, summarize_explanations
from experiments.run_folder import EXPLAINED_MAPS, EXPLANATIONS
from tests.experiments.report.comparing import compare, get_table, get_text

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
        for number, name in enumerate(("plain", "mixed"))
        for seed in range(2)
    ]


def list_scores(deletion, fingerprint="v", methods=METHODS):
    """The content of explanations.json."""
    scores = {"deletion": deletion, "insertion": 0.75}
    return {
        "images": {"count": 24, "fingerprint": fingerprint},
        "layer": {"name": "last", "size": [2, 3]},
        "scores": dict.fromkeys((*methods, "random order"), scores),
    }


def explain(folder, deletion, **others):
    folder.write_json(EXPLANATIONS, list_scores(deletion, **others))
    write_maps(folder)


def write_maps(folder, **others):
    arrays = {
        "images": np.zeros((2, 8, 8, 3), np.uint8),
        "labels": np.array([0, 5]),
        "probabilities": np.array([0.25, 0.5]),
        **{name: np.ones((2, 8, 8)) for name in METHODS},
    }
    np.savez(folder / EXPLAINED_MAPS, **arrays | others)


def list_pictures(section):
    return [each.name for each in section.blocks if isinstance(each, Picture)]


def test_the_section_has_the_scores_of_all_arms(study):
    assert section(compare(*study)) is None
    for folder, deletion in zip(study, (0.1, 0.3, 0.5, 0.5), strict=True):
        explain(folder, deletion)
    material = compare(*study)
    found, lacking = summarize_explanations(material.group)
    assert lacking == []
    assert found["plain"].seeds == [0, 1]
    scores = found["plain"].scores["RISE"]
    assert scores["deletion"].mean == pytest.approx(0.2)
    made = section(material)
    assert "the 2 x 3 values of the last feature map" in get_text(made)
    row = get_table(made, "explanations.csv")["mixed"]
    assert row["deletion"] == "0.500 ± 0.000"
    assert list_pictures(made) == ["explanations_Grad-CAM", "explanations_RISE"]


@pytest.mark.parametrize("name", ["catsdogs", "shapes"])
def test_images_that_may_not_be_passed_on_are_named(make_run, name):
    known = {"fingerprints": {"val": "v"}, "name": name}
    rights = (np.arange(60) < 30, np.arange(60) < 40)
    runs = [
        make_run(arm, 0, right, data_fields=known)
        for arm, right in zip(("plain", "mixed"), rights, strict=True)
    ]
    for folder in runs:
        explain(folder, 0.1)
    said = f"The images are of {name}: before you pass on this page"
    assert (said in get_text(section(compare(*runs)))) == (name == "catsdogs")


def test_other_images_other_methods_and_damaged_files_are_left_out(study):
    explain(study[0], 0.1, fingerprint="other")
    explain(study[1], 0.2)
    (study[1] / EXPLAINED_MAPS).write_bytes(b"no arrays")
    explain(study[2], 0.3, methods=("RISE",))
    (study[3] / EXPLANATIONS).write_text('{"images": 1}')
    material = compare(*study)
    found, (images, methods, damaged) = summarize_explanations(material.group)
    assert {arm: each.seeds for arm, each in found.items()} == {"plain": [1]}
    assert images == (
        f"{study[0].path} is not shown: explanations.json is of other images "
        "than the run."
    )
    assert methods == f"{study[2].path} was explained by other methods."
    assert damaged.startswith(f"{study[3].path} is not shown: explanations.")
    assert list_pictures(section(material)) == []


@pytest.mark.parametrize(
    "spoiled",
    [
        {"RISE": np.full((2, 8, 8), print)},
        {"RISE": np.full((2, 8, 8), np.nan)},
        {"RISE": np.ones((2, 8, 7))},
        {"labels": np.array([0, 6])},
        {"images": np.zeros((2, 8, 8), np.uint8)},
    ],
    ids=["objects", "no numbers", "another shape", "no class", "gray"],
)
def test_damaged_maps_are_not_drawn(study, spoiled):
    explain(study[0], 0.1)
    write_maps(study[0], **spoiled)
    made = section(compare(*study))
    assert list_pictures(made) == []
    assert list(get_table(made, "explanations.csv")) == ["plain"]
