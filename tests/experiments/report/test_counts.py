"""What the runs say of their data, put together and drawn once."""

import pytest

from experiments.report.counts import merge_counts, plot_data
from experiments.run_folder import RunFolder


@pytest.fixture
def run(tmp_path):
    """Function that writes the data.json of an arm's run."""

    def write(arm, train, splits, name="cats_dogs"):
        folder = RunFolder(tmp_path / arm)
        folder.write_json(
            "data.json", {"name": name, "train": train, "splits": splits}
        )
        return folder

    return write


TRAIN, TEST = {"cats": 56, "dogs": 56}, {"cats": 14}


def test_arms_are_put_together_and_what_is_trained_on_comes_first(run):
    varied = {"cats": 224, "dogs": 224}
    arms = {
        "a": [run("a", "train", {"test": TEST, "train": TRAIN})],
        "b": [run("b", "train_aug", {"test": TEST, "train_aug": varied})],
    }
    merged = merge_counts(arms)
    assert merged == {
        "cats_dogs": {"train": TRAIN, "train_aug": varied, "test": TEST}
    }
    assert list(merged["cats_dogs"]) == ["train", "train_aug", "test"]


def test_parts_of_a_split_that_differ_stand_side_by_side(run):
    part = {"cats": 5, "dogs": 5}
    arms = {
        "a": [run("a", "train", {"test": TEST, "train": TRAIN})],
        "b": [run("b", "train", {"test": TEST, "train": part})],
    }
    (splits,) = merge_counts(arms).values()
    assert splits == {"train": TRAIN, "train (b)": part, "test": TEST}
    assert list(splits)[-1] == "test"


def test_runs_of_before_data_was_described_are_passed_over(run, tmp_path):
    silent = RunFolder(tmp_path / "silent")
    told = run("a", "train", {"train": TRAIN})
    assert merge_counts({"a": [silent]}) == {}
    assert merge_counts({"a": [silent, told]}) == {
        "cats_dogs": {"train": TRAIN}
    }


def test_a_chart_for_each_data_set(run, tmp_path):
    arms = {"a": [run("a", "train", {"train": TRAIN})]}
    assert plot_data({}, tmp_path, "Test") == []
    assert plot_data(arms, tmp_path, "Test") == ["counts.png"]
    arms["b"] = [run("b", "train", {"train": TEST}, name="shapes")]
    names = plot_data(arms, tmp_path, "Test")
    assert names == ["counts_cats_dogs.png", "counts_shapes.png"]
    for name in names:
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
