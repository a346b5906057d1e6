"""Numbers of a comparison: figures of arms, lost runs, alarms, relevance."""

import shutil

import numpy as np
import pytest

from experiments.report.findings import spread
from tests.experiments.report.comparing import change, compare, fail, find_in


def test_figures_of_an_arm_are_those_of_its_runs(make_run):
    rights = [np.arange(60) < 30, np.arange(60) < 36]
    found = find_in(
        *(make_run("plain", s, right) for s, right in enumerate(rights))
    )
    (arm,) = found.arms
    error = arm.figures["top1_error"]
    assert error.values == pytest.approx([50, 40])
    assert error.mean == pytest.approx(45)
    assert error.deviation == pytest.approx(np.sqrt(50))
    # Six classes: the sixth rank is possible; the wrong ones share it.
    assert 0 <= arm.figures["top5_error"].mean <= 45
    surprise = -(0.55 * np.log(0.9) + 0.45 * np.log(0.02))
    assert arm.figures["loss"].mean == pytest.approx(surprise, rel=0.05)
    assert arm.figures["seconds"].values == [12.0, 12.0]
    # 4 steps of 24 images in 2 s.
    assert arm.figures["images_per_second"].mean == pytest.approx(48)
    assert arm.confusion.sum() == 120
    assert np.trace(arm.confusion) == 66


@pytest.mark.parametrize("value", [np.nan, np.inf, None])
def test_one_value_that_is_no_number_leaves_a_figure_out(value):
    assert spread([1.0, value, 3.0]) is None
    assert spread([1.0]) == (1, None, [1])
    assert spread([1.0, 3.0]) == (2, pytest.approx(np.sqrt(2)), [1, 3])


def test_the_chosen_epoch_has_figures_of_its_own(make_run):
    right = np.arange(60) < 30
    run = make_run("plain", right=right, accuracies=[0.2, 0.7, 0.5])
    best = run.metrics()["best"] | {"val_loss": 0.75, "val_top5_accuracy": 0.9}
    change(run, "metrics.json", best=best)
    figures = find_in(run).arms[0].figures
    assert figures["chosen_top1_error"].mean == pytest.approx(30)
    assert figures["chosen_top5_error"].mean == pytest.approx(10)
    assert figures["chosen_loss"].mean == pytest.approx(0.75)
    assert figures["top1_error"].mean == pytest.approx(50)


def test_two_classes_have_precision_and_recall(make_run):
    right = np.r_[np.arange(14) < 8, np.arange(14) < 6]
    ids = [f"{n:04}" for n in [*range(0, 28, 2), *range(1, 28, 2)]]
    found = find_in(
        make_run(
            "plain",
            right=right,
            ids=ids,
            class_names=("cats", "dogs"),
            positive_class="dogs",
        )
    )
    figures = found.arms[0].figures
    # Of 14 dogs 6 are found, and 6 cats are called dogs.
    assert figures["recall"].mean == pytest.approx(100 * 6 / 14)
    assert figures["precision"].mean == pytest.approx(50)
    assert "top5_error" not in figures
    assert found.positive_class == "dogs"


def test_classes_are_sorted_by_what_they_gained(make_run):
    plain = np.arange(60) < 30
    other = plain.copy()
    # The images of class b: 1, 7, 13 and so on.
    other[1::6] = True
    other[0::6] = False
    found = find_in(make_run("plain", right=plain), make_run("x", right=other))
    first, *_, last = found.arms[1].classes
    assert (first.class_name, last.class_name) == ("b", "a")
    assert first.difference == pytest.approx(50)
    assert last.difference == pytest.approx(-50)
    assert first.images == 10


def test_lost_runs_are_counted_by_their_kind(make_run):
    """A second run of a seed is not lost, a repetition of another is."""
    runs = {
        (name, seed): make_run(name, seed)
        for name in ("plain", "other", "gone")
        for seed in range(5)
    }
    fail(runs["other", 0])
    fail(runs["other", 1])
    change(runs["other", 2], "metrics.json", status="running")
    (runs["other", 3] / "history.csv").unlink()
    there, copy = (runs["plain", seed] / "predictions.npz" for seed in (0, 1))
    shutil.copy(there, copy)
    for seed in range(5):
        fail(runs["gone", seed])
    second = make_run("plain", 0, np.arange(60) < 9, workdir="again")
    found = find_in(*runs.values(), second)
    plain, other = found.arms
    assert (plain.seeds, plain.lost) == ([0, 2, 3, 4], {"repeated": 1})
    assert other.seeds == [4]
    assert other.lost == {"failed": 2, "unfinished": 1, "left out": 1}
    assert found.absent == {"gone": {"failed": 5}}
    assert [each.path for each in found.doubles] == [second.path]


@pytest.mark.parametrize(("failed", "told"), [(1, False), (2, True)])
def test_above_a_fifth_lost_an_arm_is_decimated(make_run, failed, told):
    folders = [make_run(name, s) for name in ("plain", "x") for s in range(5)]
    for folder in folders[:failed]:
        fail(folder)
    plain, other = find_in(*folders).arms
    assert (plain.is_decimated, other.is_decimated) == (told, False)


def test_a_placebo_that_is_told_apart_is_an_alarm(make_run, draw_right):
    found = find_in(*make_study(make_run, draw_right, placebo=60))
    assert found.placebos == ["placebo"]
    (alarm,) = found.alarms
    assert (alarm.arm, alarm.verdict) == ("placebo", "better")
    other = next(each for each in found.differences if each.arm == "other")
    assert other.pooled == ()


def test_a_placebo_that_is_not_told_apart_is_pooled(make_run, draw_right):
    found = find_in(*make_study(make_run, draw_right, placebo=50))
    assert found.alarms == []
    other = next(each for each in found.differences if each.arm == "other")
    assert (other.seeds, other.reference_seeds) == (3, 6)
    assert other.pooled == ("placebo",)


def test_a_copy_of_the_reference_is_no_placebo(make_run, draw_right):
    """It would count its trainings twice."""
    folders = make_study(make_run, draw_right, placebo=50)
    for folder in folders[:3]:
        there = folder.path.parents[1] / "placebo" / folder.path.name
        for name in ("predictions.npz", "metrics.json", "history.csv"):
            shutil.copy(folder / name, there / name)
    found = find_in(*folders)
    assert found.same_predictions == {("plain", "placebo"): [0, 1, 2]}
    assert found.placebos == []
    assert all(each.pooled == () for each in found.differences)


def make_study(make_run, draw_right, placebo):
    """Three arms of three seeds; the reference has 50 % right."""
    arms = {
        "plain": (50, {}),
        "placebo": (placebo, {"seed_offset": 1000}),
        "other": (70, {"augment": ()}),
    }
    return [
        make_run(
            name,
            seed,
            draw_right(percent, 100 * number + seed),
            **changes,
        )
        for number, (name, (percent, changes)) in enumerate(arms.items())
        for seed in range(3)
    ]


def test_a_margin_tells_which_differences_matter(make_run, draw_right):
    folders = make_study(make_run, draw_right, placebo=50)
    found = find_in(*folders, margin=10)
    placebo, other = sorted(found.differences, key=lambda d: d.difference)
    assert found.margin == 10
    assert found.relevance(placebo) == "no_relevant_difference"
    assert found.relevance(other) is None
    assert find_in(*folders).relevance(placebo) is None


def test_arms_without_a_common_image_have_no_difference(make_run):
    """Each shares some with the first, but none is shared by all three."""
    right = np.arange(40) < 30
    material = compare(
        make_run("a", right=right, ids=list_ids(0, 40)),
        make_run("b", right=right, ids=list_ids(20, 60)),
        make_run("c", right=right[:20], ids=list_ids(0, 20)),
    )
    assert material.left_out == []
    assert material.findings.images == 0
    assert material.findings.differences == material.findings.pairs == []
    assert material.findings.power is None


def list_ids(first, last):
    return [f"{index:04}" for index in range(first, last)]
