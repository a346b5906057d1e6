"""Runs are grouped into comparisons, with the images that they share."""

from dataclasses import replace

import numpy as np

from experiments.report.findings import compute_findings
from experiments.report.groups import group_runs
from experiments.report.runs import LeftOut, read_runs
from pipelines.config import Data


def group_folders(*folders, study=None):
    runs, left_out = read_runs([folder.path for folder in folders])
    assert left_out == []
    return group_runs(runs, study)


def test_seeds_of_an_arm_come_together_in_their_order(make_run):
    (group,), left_out = group_folders(
        *(make_run(name, seed) for seed in (10, 2) for name in ("b", "a")),
        study="mine",
    )
    assert left_out == []
    assert [arm.name for arm in group.arms] == ["b", "a"]
    assert [arm.seeds for arm in group.arms] == [[2, 10], [2, 10]]
    assert group.images == 60


def test_only_images_that_all_judged_are_compared(make_run):
    """In whatever order their files and their classes are."""
    right = np.arange(60) % 3 > 0
    ids = [f"{index:04}" for index in reversed(range(20, 80))]
    turned = make_run(
        "b",
        right=np.array([int(i) % 3 > 0 for i in ids]),
        ids=ids,
        class_names=tuple("fedcba"),
    )
    (group,), _ = group_folders(
        make_run("a", right=right), turned, study="mine"
    )
    assert group.images == 40
    (first,), (second,) = map(group.predictions, group.arms)
    np.testing.assert_array_equal(first.ids, [f"{n:04}" for n in range(20, 60)])
    np.testing.assert_array_equal(first.ids, second.ids)
    np.testing.assert_array_equal(first.right, right[20:])
    np.testing.assert_array_equal(second.right, right[20:])


def test_runs_that_judged_other_images_are_left_out(make_run):
    ids = [f"{index:04}" for index in range(100, 160)]
    stranger = make_run("b", 1, ids=ids)
    (group,), left_out = group_folders(
        make_run("a"), make_run("b", 0), stranger, study="mine"
    )
    assert [arm.seeds for arm in group.arms] == [[0], [0]]
    (other,) = left_out
    assert (other.path, other.arm, other.kind) == (
        stranger.path,
        "b",
        "left out",
    )
    assert "judged none of the images" in other.reason
    # Told with the results of its arm.
    assert group.left_out == (other,)


def test_each_study_in_a_folder_has_its_own_baseline(make_run, tiny):
    others = replace(tiny.data, name="catsdogs")
    folders = [
        make_run("demo_salmix"),
        make_run("demo_baseline"),
        make_run("catsdogs_augly", data=others, class_names=("cats", "dogs")),
        make_run(
            "catsdogs_original", data=others, class_names=("cats", "dogs")
        ),
        make_run("mine"),
        make_run("my_baseline"),
    ]
    groups, _ = group_folders(*folders)
    assert [[a.name for a in g.arms] for g in groups] == [
        ["demo_baseline", "demo_salmix"],
        ["catsdogs_original", "catsdogs_augly"],
        ["my_baseline", "mine"],
    ]
    assert [group.title for group in groups][:2] == ["demo", "catsdogs"]


def test_each_value_of_a_sweep_is_a_question_of_its_own(make_run):
    groups, _ = group_folders(
        make_run("demo_flip@epochs=5"),
        make_run("demo_baseline"),
        make_run("demo_baseline@epochs=5"),
        make_run("demo_salmix@augment.SaliencyMix.alpha=2"),
        make_run("demo_flip"),
    )
    found = {each.title: [arm.name for arm in each.arms] for each in groups}
    assert found == {
        "demo": ["demo_baseline", "demo_flip"],
        "demo, epochs=5": ["demo_baseline@epochs=5", "demo_flip@epochs=5"],
        # Its reference is not changed by the value.
        "demo, augment.SaliencyMix.alpha=2": [
            "demo_baseline",
            "demo_salmix@augment.SaliencyMix.alpha=2",
        ],
    }


def test_arms_of_other_data_are_another_question(make_run):
    groups, _ = group_folders(
        make_run("a"),
        make_run("b", data=Data(name="tiny_imagenet")),
        study="mine",
    )
    assert [[a.name for a in g.arms] for g in groups] == [["a"], ["b"]]


def test_arms_stand_in_the_order_of_the_study(make_run):
    """Also if the first of them has no run; that is remembered."""
    runs, _ = read_runs([make_run(name).path for name in ("b", "c")])
    lost = LeftOut("a/seed_0", "it failed", "a", "failed")
    copy = LeftOut("d/seed_0", "a copy", "d", "copy")
    (group,), _ = group_runs(runs, "mine", [lost, copy], "abcd")
    assert [arm.name for arm in group.arms] == ["b", "c"]
    assert group.planned_reference == "a"
    assert group.lost == [lost]


def test_folds_are_compared_seed_by_seed(make_run, tiny):
    data = replace(tiny.data, folds=3)

    def fold(name, seed, right):
        ids = [f"{index:04}" for index in range(20 * seed, 20 * seed + 20)]
        return make_run(name, seed, right, ids=ids, data=data)

    right = np.arange(20) < 15
    folders = [fold("a", seed, right) for seed in range(3)]
    folders += [fold("b", seed, ~right) for seed in (0, 2)]
    (group,), _ = group_folders(*folders, study="mine")
    assert group.crossed
    assert group.images == 60
    assert [len(group.predictions(arm)) for arm in group.arms] == [3, 2]
    # Each pair of arms on the folds that both have.
    (difference,) = compute_findings(group).differences
    assert (difference.seeds, difference.reference_seeds) == (2, 2)


def prints(data_set="d", **others):
    return {"fingerprints": {"data_set": data_set, **others}}


def test_runs_of_other_images_of_the_same_names_are_left_out(make_run):
    stranger = make_run("b", 1, data_fields=prints("other"))
    (group,), left_out = group_folders(
        make_run("a", data_fields=prints()),
        make_run("b", 0, data_fields=prints()),
        # It does not say.
        make_run("b", 2),
        stranger,
        study="mine",
    )
    assert [arm.seeds for arm in group.arms] == [[0], [0, 2]]
    (other,) = left_out
    assert other.path == stranger.path
    assert "data_set is of other images" in other.reason


def test_train_images_are_the_same_unless_the_config_says_otherwise(
    make_run, tiny
):
    """Such as those of an arm with AugLy's variations in files."""
    varied = replace(tiny.data, train="train_aug")
    others = {
        name: make_run(name, data_fields=prints(train=name, val="v"), **changes)
        for name, changes in (
            ("a", {}),
            ("varied", {"data": varied}),
            ("changed", {}),
        )
    }
    (group,), left_out = group_folders(*others.values(), study="mine")
    assert [arm.name for arm in group.arms] == ["a", "varied"]
    assert [each.path for each in left_out] == [others["changed"].path]
    assert "train is of other images" in left_out[0].reason


def test_folds_train_on_other_images_of_one_data_set(make_run, tiny):
    data = replace(tiny.data, folds=2)
    folders = [
        make_run(
            name,
            seed,
            data=data,
            ids=[f"{n:04}" for n in range(60 * seed, 60 * seed + 60)],
            data_fields=prints(train=str(seed), val=str(seed)),
        )
        for name in "ab"
        for seed in range(2)
    ]
    (group,), left_out = group_folders(*folders, study="mine")
    assert left_out == []
    assert group.images == 120
