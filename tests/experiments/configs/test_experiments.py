"""Configs compare by field; arms differ in the intended fields alone."""

import dataclasses
from types import SimpleNamespace

import pytest

from experiments.configs.registry import EXPERIMENTS, STUDIES, get_experiment
from experiments.configs.schema import Experiment, as_json
from experiments.errors import ConfigError
from pipelines.batches import count_epoch_steps
from pipelines.config import compare_configs

SALMIX = EXPERIMENTS["tinyimagenet_salmix"]


def test_fair_arms_differ_in_the_augmentation_alone():
    first, *others = [
        EXPERIMENTS[name] for name in STUDIES["tinyimagenet_fair"].experiments
    ]
    assert len(others) >= 6
    for other in others:
        different = {
            field.name
            for field in dataclasses.fields(Experiment)
            if getattr(first, field.name) != getattr(other, field.name)
        }
        assert different == {"name", "summary", "augment"}
        # What all share comes first, the arm's own layer after it.
        assert other.augment[: len(first.augment)] == first.augment
        assert len(other.augment) == len(first.augment) + 1


def test_demo_arms_differ_in_one_thing():
    first, *others = [EXPERIMENTS[name] for name in STUDIES["demo"].experiments]
    for other in others:
        fields = {
            field.partition(".")[0]
            for field, _, _ in compare_configs(as_json(first), as_json(other))
        }
        one_thing = "seed_offset" if "placebo" in other.name else "augment"
        assert fields == {"name", "summary", one_thing}


def test_studies_name_experiments_that_exist():
    for study in STUDIES.values():
        assert study.experiments
        for name in study.experiments:
            assert get_experiment(name).name == name


def test_unknown_experiment_lists_close_ones():
    with pytest.raises(ConfigError, match="tinyimagenet_salmix"):
        get_experiment("tiny_imagenet_salmix")


@pytest.mark.parametrize(
    ("name", "images"),
    [("tinyimagenet_salmix", 100_000), ("tinyimagenet_random_erase", 50_000)],
)
def test_published_runs_take_391_steps_an_epoch(name, images):
    """The last one of fewer images."""
    data = EXPERIMENTS[name].data
    split = SimpleNamespace(labels=range(images))
    assert count_epoch_steps(split, data.batch_size, data.drop_remainder) == 391


def test_published_cats_and_dogs_arms_differ_in_the_variations_alone():
    original, augly = (
        as_json(EXPERIMENTS[name]) for name in STUDIES["catsdogs"].experiments
    )
    fields = [field for field, _, _ in compare_configs(original, augly)]
    labels = ["name", "summary", "published"]
    assert [f for f in fields if f not in labels] == [
        "data.train",
        "data.offline",
    ]
    assert original["positive_class"] == "dogs"


def test_fair_cats_and_dogs_arms_take_the_same_steps():
    arms = [EXPERIMENTS[n] for n in STUDIES["catsdogs_fair"].experiments]
    first, *others = map(as_json, arms)
    assert first["data"]["steps_per_epoch"]
    # The seeds judge every image equally often.
    assert STUDIES["catsdogs_fair"].seeds % first["data"]["folds"] == 0
    for other in others:
        fields = {
            field.partition(".operations")[0]
            for field, _, _ in compare_configs(first, other)
        }
        assert fields - {"name", "summary"} in (
            {"data.train", "data.offline"},
            {"augment.0"},
        )
    offline, online = arms[1].data.offline, arms[2].augment[0]
    assert offline.operations == online.options["operations"]
