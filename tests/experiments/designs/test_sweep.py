"""Sweeps: the configs of all values, their names, and what is refused."""

import doctest
import itertools
from dataclasses import replace

import pytest

from experiments.configs.overrides import override_arms
from experiments.configs.registry import (
    EXPERIMENTS,
    STUDIES,
    choose_arms,
    get_study,
)
from experiments.configs.schema import as_json
from experiments.designs import sweep as designs
from experiments.designs.sweep import build_sweep, name_sweep
from experiments.errors import ConfigError
from pipelines.config import compare_configs

FAIR = "tinyimagenet_fair_"


def choose(*names, spelled=()):
    return choose_arms(get_study("tinyimagenet_fair"), names, spelled)


def build(arms, *texts, **options):
    return build_sweep("mine", arms, texts, **options)


def names_of(sweep):
    return [[each.name for each in point.arms.values()] for point in sweep[2]]


def test_every_arm_is_there_at_every_value():
    arms = choose("baseline", "cutmix")
    found = build(arms, "epochs=10,50")
    assert found.fields == {"epochs": [10, 50]}
    assert names_of(found) == [
        [f"{FAIR}baseline@epochs=10", f"{FAIR}cutmix@epochs=10"],
        [f"{FAIR}baseline@epochs=50", f"{FAIR}cutmix@epochs=50"],
    ]
    for point, epochs in zip(found.points, (10, 50), strict=True):
        assert list(point.arms) == [arm.name for arm in arms]
        for arm in arms:
            changed = replace(point.arms[arm.name], name=arm.name)
            assert changed == replace(arm, epochs=epochs)
    assert len(found.experiments) == 4
    assert found.describe() == "2 values of epochs (10, 50)"


def test_what_is_not_changed_keeps_its_name_and_its_runs():
    arms = choose("baseline", "cutmix")
    found = build(arms, "data.limit_train=500,none")
    assert list(found.points[1].arms.values()) == arms
    assert found.points[1].title == "data.limit_train=none"
    # An option of a layer that one arm has: one baseline for all values.
    found = build(arms, "augment.CutMix.alpha=0.2,0.5,1.0")
    assert len(found.experiments) == 4
    assert {point.reference.name for point in found.points} == {arms[0].name}


def test_a_config_that_is_another_experiment_has_its_runs():
    arms = choose("baseline", "salmix")
    found = build(
        arms,
        "augment.SaliencyMix.box=per_image,per_batch",
        known=EXPERIMENTS.values(),
    )
    other = found.points[1].arms[arms[1].name]
    assert other == EXPERIMENTS[f"{FAIR}salmix_per_batch"]


def test_two_fields_make_all_pairs():
    arms = choose("baseline", "cutmix")
    found = build(arms, "epochs=50,100", "augment.CutMix.alpha=0.2,0.5")
    assert [tuple(point.values.values()) for point in found.points] == list(
        itertools.product((50, 100), (0.2, 0.5))
    )
    # The baseline of 50 epochs and of 100, and four of the arm.
    assert len(found.experiments) == 6
    # Names are those of sweeps of one field.
    alone = build(arms, "augment.CutMix.alpha=0.2,0.5")
    assert names_of(found)[2:] == names_of(alone)


def test_commas_in_brackets_divide_no_values():
    arms = choose("baseline", "random_erase")
    texts = ["augment.RandomErasing.scale=(0.02, 0.1),(0.02, 0.4)"]
    found = build(arms, *texts)
    (values,) = found.fields.values()
    assert values == [(0.02, 0.1), (0.02, 0.4)]
    assert name_sweep("demo", ["augment.keras/X.y=1,2"]) == (
        "demo_sweep_augment.keras-X.y"
    )


def test_what_follows_from_a_value_is_part_of_the_config():
    """As in recipes that fit their images."""
    arms = choose("baseline", "cutmix")

    def complete(configs, fields):
        if "data.batch_size" in fields:
            return configs
        return override_arms(configs, ["data.batch_size=16"])

    found = build(arms, "data.batch_size=16,32", complete=complete)
    # The usual config has 16, too.
    assert names_of(found)[0] == [arm.name for arm in arms]
    assert names_of(found)[1][0].endswith("baseline@data.batch_size=32")
    found = build(arms, "epochs=5,10", complete=complete)
    assert all(each.data.batch_size == 16 for each in found.experiments)


def test_the_study_of_initializers_has_the_runs_that_it_had():
    study = STUDIES["tinyimagenet_init"]
    arms = choose_arms(study)
    found = build(arms, *study.sweep, known=EXPERIMENTS.values())
    he, xavier = names_of(found)
    assert he == list(study.experiments)
    assert xavier == list(STUDIES["tinyimagenet_xavier"].experiments)
    for experiment in found.experiments:
        assert experiment == EXPERIMENTS[experiment.name]
    for first, other in zip(he, xavier, strict=True):
        different = compare_configs(
            as_json(EXPERIMENTS[first]), as_json(EXPERIMENTS[other])
        )
        assert [field for field, _, _ in different] == [
            "name",
            "summary",
            "model.initializer",
        ]


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["epochs"], "expects FIELD=VALUE,VALUE"),
        (["epochs=5"], "expects FIELD=VALUE,VALUE"),
        (["epochs=5,"], "expects FIELD=VALUE,VALUE"),
        (["=5,6"], "expects FIELD=VALUE,VALUE"),
        (["epochs=5,6,5"], "--sweep epochs: 5 is there twice"),
        (
            ["optimizer.learning_rate=0.1,1e-1"],
            "two of the values are the same",
        ),
        (["epochs=5,6", "epochs=7,8"], "--sweep epochs is given twice"),
        (
            ["epochs=5,6", "model.width=8,16", "data.classes=2,3"],
            "takes 2 fields at most",
        ),
        (["epoch=5,6"], "--sweep epoch: there is no field"),
        (["epochs=5,0"], "--sweep epochs expects a number greater than"),
        (["data.limit_train=5,many"], "--sweep data.limit_train expects"),
        (["model=a,b"], "model has fields of its own"),
        (["augment.MixUp.alpha=1,2"], "--sweep augment.MixUp.alpha: there is"),
        (
            ["augment.CutMix.alpha=0.5,2"],
            "with augment.CutMix.alpha=0.5 the arms mine_.* are the same",
        ),
    ],
)
def test_refusals(texts, message):
    arms = choose("baseline", "cutmix", spelled=["other=CutMix(alpha=2)"])
    with pytest.raises(ConfigError, match=message.replace("mine_", FAIR)):
        build(arms, *texts)


def test_examples_run():
    result = doctest.testmod(designs)
    assert result.attempted > 0
    assert result.failed == 0
