"""The page of a sweep: effects at each value, and their change."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from experiments.designs.sweep import build_sweep
from experiments.report.document import Picture, Text
from experiments.report.effects import compute_effects
from experiments.report.report import compare_runs
from experiments.report.sweep import list_numbers
from experiments.report.sweep_sections import (
    build_sections,
    describe_changes,
    tabulate_effects,
)
from experiments.statistics.comparison import compare_arms
from tests.experiments.report.comparing import fail, get_text

SEEDS = 3


def get_picture(section):
    (picture,) = (b for b in section.blocks if isinstance(b, Picture))
    return picture


def get_headline(found):
    return [
        sentence
        for block in build_sections(found, {})[0].blocks
        if isinstance(block, Text) and block.kind == "headline"
        for sentence in block.sentences
    ]


@pytest.fixture
def sweep(tiny, make_run, draw_right):
    """Trains arms; `effects` are {arm: percents that are right, a value}."""

    def make(
        field, values, effects, *texts, images=None, seeds=SEEDS, spoil=None
    ):
        arms = [
            replace(tiny, name=name, label_smoothing=number / 10)
            for number, name in enumerate(effects)
        ]
        texts = [f"{field}={','.join(map(str, values))}", *texts]
        found = build_sweep("mine", arms, texts)
        folders = {}
        for place, point in enumerate(found.points):
            for number, (arm, experiment) in enumerate(point.arms.items()):
                for seed in range(seeds):
                    draw = 100 * place + 10 * number + seed
                    right = draw_right(effects[arm][place], draw, 400)
                    fields = vars(experiment) | {"name": experiment.name}
                    fields = {
                        name: value
                        for name, value in fields.items()
                        if name not in ("name", "summary")
                    }
                    count = images[place] if images else 400
                    folder = make_run(
                        experiment.name, seed, right[:count], **fields
                    )
                    folders.setdefault(place, []).append(folder.path)
        if spoil:
            spoil(folders)
        materials = {
            place: compare_runs(paths, found.points[place].title)[0][0]
            for place, paths in folders.items()
        }
        return compute_effects(found.points, materials)

    return make


def test_an_effect_that_changes_is_said_to(sweep):
    found = sweep(
        "data.limit_train",
        [12, 48, 96],
        {"plain": [40, 50, 60], "mixed": [60, 60, 61]},
    )
    (change,) = found.changes
    assert (change.scale, change.first, change.last) == ("log", 12, 96)
    assert change.contrast.verdict == "changes"
    assert change.contrast.high < 0
    (sentence,) = describe_changes(found)
    first, last = change.effects
    assert sentence.startswith(
        f"mixed gains {first:.1f} points with data.limit_train=12 and"
    )
    assert "with 96; the change along a line over the logarithm" in sentence
    assert sentence.endswith("is not chance.")
    assert get_headline(found) == [
        "What mixed gains depends on data.limit_train."
    ]
    assert f"{change.contrast.points:+.1f} points" in sentence
    # By hand: the slope over log2 of 12, 48 and 96, times 3 doublings.
    effects = [each.difference.difference for each in found.effects]
    slope = np.polyfit(np.log2([12, 48, 96]), effects, 1)[0]
    assert change.contrast.points == pytest.approx(3 * slope)


def test_intervals_hold_for_all_values_together(sweep):
    found = sweep("epochs", [2, 3], {"plain": [50, 50], "mixed": [56, 57]})
    for effect in found.effects:
        group = found.materials[effect.place].group
        (expected,) = compare_arms(group.correct, confidence=0.975)
        assert effect.difference == expected
    (change,) = found.changes
    assert change.contrast.verdict == "not_told_apart"
    (sentence,) = describe_changes(found)
    assert sentence.endswith("cannot be told from chance.")
    assert get_headline(found) == [
        "mixed: this study cannot tell a dependence on epochs from chance."
    ]
    assert len(tabulate_effects(found)) == 2


def test_values_that_are_no_numbers_are_compared_in_pairs(sweep):
    found = sweep(
        "model.initializer",
        ["zeros", "glorot_uniform", "he_normal"],
        {"plain": [50, 50, 50], "mixed": [50, 75, 52]},
    )
    ends = [(each.first, each.last) for each in found.changes]
    assert ends == [
        ("zeros", "glorot_uniform"),
        ("zeros", "he_normal"),
        ("glorot_uniform", "he_normal"),
    ]
    first, last = found.changes[0].effects
    assert found.changes[0].contrast.points == pytest.approx(last - first)
    (sentence,) = describe_changes(found)
    assert "glorot_uniform" in sentence
    assert "the largest of any two values" in sentence


def test_folds_are_compared_seed_by_seed(tiny, make_run):
    random = np.random.default_rng(0)
    data = replace(tiny.data, folds=2)
    plain = replace(tiny, name="plain", data=data)
    arms = [plain, replace(plain, name="mixed", label_smoothing=0.1)]
    points = build_sweep("mine", arms, ["epochs=2,4"]).points
    accuracies = {}
    materials = {}
    for place, point in enumerate(points):
        folders = []
        for arm, experiment in point.arms.items():
            for seed in range(4):
                right = random.random(30) < 0.5 + 0.3 * (arm == "mixed") * place
                accuracies[arm, place, seed] = 100 * right.mean()
                ids = [f"{n:04}" for n in range(seed % 2, 60, 2)]
                fields = dict(vars(experiment), right=right, ids=ids)
                del fields["name"], fields["summary"]
                folder = make_run(experiment.name, seed, **fields)
                folders.append(folder.path)
        materials[place] = compare_runs(folders, point.title)[0][0]
    (change,) = compute_effects(points, materials).changes
    by_seed = [
        accuracies["mixed", 1, seed]
        - accuracies["plain", 1, seed]
        - accuracies["mixed", 0, seed]
        + accuracies["plain", 0, seed]
        for seed in range(4)
    ]
    assert change.contrast.points == pytest.approx(np.mean(by_seed))
    # Seeds are blocks: 1/4 for their number, 0.25/1 for overlapping folds.
    assert change.contrast.variance.over_seeds == pytest.approx(
        np.var(by_seed, ddof=1) / 100**2 * (1 / 4 + 0.25)
    )
    assert change.contrast.variance.degrees == 3


def test_no_limit_is_a_number_of_images(sweep):
    """All runs have 60 training images, 10 of each class."""
    effects = {"plain": [50, 50, 50], "mixed": [50, 60, 75]}
    found = sweep("data.limit_train", ["none", 6, 20], effects)
    assert found.places == {"data.limit_train": [60, 6, 20]}
    assert found.scale("data.limit_train") == "log"
    (change,) = found.changes
    assert (change.first, change.last) == (6, None)
    (sentence,) = describe_changes(found)
    assert "with data.limit_train=6 and 0.0 with none;" in sentence
    (axes,) = get_picture(build_sections(found, {})[0]).figure.axes
    assert [each.get_text() for each in axes.get_xticklabels()] == [
        "none",
        "6",
        "20",
    ]


def test_numbers_and_sections(sweep):
    found = sweep(
        "model.width", [4, 8], {"a": [50, 50], "b": [56, 57], "c": [40, 41]}
    )
    numbers = json.loads(
        json.dumps(list_numbers("mine", found), allow_nan=False)
    )
    assert numbers["fields"] == [
        {
            "name": "model.width",
            "values": [4, 8],
            "places": [4, 8],
            "scale": "linear",
        }
    ]
    assert [each["arms"]["b"] for each in numbers["values"]] == [
        "b",
        "b@model.width=8",
    ]
    assert len(numbers["effects"]) == 4
    for each in numbers["effects"]:
        gain = each["reference_error"] - each["error"]
        assert each["difference"]["difference"] == pytest.approx(gain)
    assert {each["arm"] for each in numbers["changes"]} == {"b", "c"}
    sections = build_sections(found, {})
    titles = [each.title for each in sections]
    assert titles[:3] == ["Question and answer", "Effects", "Changes"]
    assert "Does model.width change what b or c gain" in get_text(sections[0])
    (axes,) = get_picture(sections[0]).figure.axes
    assert len(axes.lines) == 3
    assert len(axes.collections) == 2


def test_the_other_field_is_averaged(sweep):
    """Points are (2, 4), (2, 8), (3, 4) and (3, 8)."""
    found = sweep(
        "epochs",
        [2, 3],
        {"plain": [50, 50, 50, 50], "mixed": [50, 60, 55, 75]},
        "model.width=4,8",
    )
    effects = [each.difference.difference for each in found.effects]
    epochs, width = found.changes
    assert epochs.contrast.points == pytest.approx(
        (effects[2] + effects[3] - effects[0] - effects[1]) / 2
    )
    assert width.contrast.points == pytest.approx(
        (effects[1] + effects[3] - effects[0] - effects[2]) / 2
    )
    assert width.effects == pytest.approx(
        ((effects[0] + effects[2]) / 2, (effects[1] + effects[3]) / 2)
    )
    sentences = " ".join(describe_changes(found))
    assert "with 8, on average over epochs" in sentences
    picture = get_picture(build_sections(found, {})[0])
    titles = [axes.get_title() for axes in picture.figure.axes]
    assert titles == ["model.width=4", "model.width=8"]
    for place, axes in enumerate(picture.figure.axes):
        drawn = axes.lines[1].get_ydata()
        assert list(drawn) == [effects[place], effects[place + 2]]


def test_a_value_without_its_reference_is_left_out(sweep):
    def spoil(folders):
        for path in folders[0][:SEEDS]:
            fail(path)

    found = sweep(
        "epochs",
        [2, 3, 4],
        {"plain": [50, 50, 50], "mixed": [56, 57, 58]},
        spoil=spoil,
    )
    assert [each.place for each in found.effects] == [1, 2]
    (change,) = found.changes
    assert (change.first, change.last) == (3, 4)
    warned = get_text(build_sections(found, {2: "no runs"})[0])
    assert "epochs=2 is not compared: its reference has no run" in warned
    assert "epochs=4 is not compared: no runs" in warned


def test_values_with_other_images_are_independent(sweep):
    effects = {"plain": [50, 50], "mixed": [56, 57]}
    found = sweep("data.limit_val", [300, 400], effects, images=[300, 400])
    (change,) = found.changes
    assert change.contrast.variance.images == 300
    assert change.contrast.variance.error**2 == pytest.approx(
        sum(each.difference.variance.error**2 for each in found.effects)
    )


def test_trained_once_tells_nothing(sweep):
    effects = {"plain": [50, 50], "mixed": [56, 80]}
    found = sweep("epochs", [2, 3], effects, seeds=1)
    (sentence,) = describe_changes(found)
    assert sentence.endswith("trained once, which tells no change from chance.")


def test_one_arm_has_no_effect():
    (sentence,) = describe_changes(SimpleNamespace(arms=["plain"]))
    assert sentence.startswith("One arm alone")
