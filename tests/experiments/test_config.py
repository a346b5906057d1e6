"""`--set` reaches every field, with its type; configs compare by field."""

import dataclasses

import pytest

from experiments.config import Experiment, as_json, differences
from experiments.errors import ConfigError
from experiments.overrides import override, override_arms
from experiments.registry import EXPERIMENTS, STUDIES, get_experiment

SALMIX = EXPERIMENTS["tinyimagenet_salmix"]


@pytest.mark.parametrize(
    ("assignment", "read"),
    [
        ("epochs=2", lambda e: e.epochs == 2),
        ("deterministic=false", lambda e: e.deterministic is False),
        ("data.image_size=64", lambda e: e.data.image_size == 64),
        ("data.batch_size=8", lambda e: e.data.batch_size == 8),
        ("data.limit_train=2048", lambda e: e.data.limit_train == 2048),
        ("data.limit_val=none", lambda e: e.data.limit_train is None),
        ("data.augment_on=device", lambda e: e.data.augment_on == "device"),
        (
            "model.initializer=glorot_uniform",
            lambda e: e.model.initializer == "glorot_uniform",
        ),
        ("model.std=1,1,1", lambda e: e.model.std == (1.0, 1.0, 1.0)),
        (
            "optimizer.learning_rate=1",
            lambda e: type(e.optimizer.learning_rate) is float,
        ),
        ("checkpoint.every_steps=50", lambda e: e.checkpoint.every_steps == 50),
        (
            "augment.SaliencyMix.alpha=0.2",
            lambda e: e.augment[-1].options["alpha"] == 0.2,
        ),
        (
            "augment.SaliencyMix.box=per_image",
            lambda e: e.augment[-1].options["box"] == "per_image",
        ),
    ],
)
def test_set_changes_the_field_it_names(assignment, read):
    changed = override(SALMIX, [assignment])
    assert read(changed)
    name = assignment.partition("=")[0]
    fields = [f for f, _, _ in differences(as_json(SALMIX), as_json(changed))]
    # A list's items are named by their place.
    name = name.replace("SaliencyMix", "4.options")
    assert all(f == name or f.startswith(f"{name}.") for f in fields)


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("epoch=2", r"no field 'epoch'.*epochs"),
        ("data.batchsize=2", r"no field 'batchsize'.*batch_size"),
        ("name=mine", "no field 'name'"),
        ("epochs=2.5", r"epochs expects int\. Received: '2\.5'"),
        ("epochs=many", "expects int"),
        ("epochs=true", "expects int"),
        ("deterministic=1", "expects bool"),
        ("optimizer.learning_rate=fast", "expects float"),
        ("data.limit_train=lots", "expects int or none"),
        ("data.augment_on=moon", "expects one of host, device"),
        ("model.mean=1,a", "numbers separated by commas"),
        ("data=3", "set data.NAME=VALUE"),
        ("epochs.x=3", "epochs has no fields"),
        ("augment.CutMix.alpha=1", r"no field 'CutMix'"),
        ("augment.SaliencyMix=1", r"expected augment\.LAYER\.OPTION"),
        ("epochs", "expects FIELD=VALUE"),
    ],
)
def test_wrong_assignments_are_refused_in_one_line(assignment, message):
    with pytest.raises(ConfigError, match=message) as caught:
        override(SALMIX, [assignment])
    assert "\n" not in str(caught.value)


def test_later_assignments_win():
    assert override(SALMIX, ["epochs=2", "epochs=3"]).epochs == 3


def test_parts_that_some_arms_have_are_changed_in_these():
    arms = [EXPERIMENTS[name] for name in STUDIES["catsdogs"].experiments]
    original, augly = override_arms(
        arms, ["data.offline.count=5", "epochs=2", "data.image_size=64"]
    )
    assert original.data.offline is None
    assert augly.data.offline.count == 5
    assert original.epochs == augly.epochs == 2
    arms = [EXPERIMENTS[name] for name in STUDIES["demo"].experiments]
    changed = override_arms(arms, ["augment.SaliencyMix.alpha=0.3"])
    assert changed[:2] == arms[:2]
    assert changed[2].augment[-1].options["alpha"] == 0.3


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("augment.SaliencyMax.alpha=1", "no field 'SaliencyMax'"),
        ("data.offline.count=2", "has no offline"),
        ("data.offlin.count=2", "no field 'offlin'"),
        ("epochs=many", "expects int"),
    ],
)
def test_parts_that_no_arm_has_are_refused(assignment, message):
    arms = [EXPERIMENTS[name] for name in STUDIES["demo"].experiments]
    with pytest.raises(ConfigError, match=message):
        override_arms(arms, [assignment])


def test_operations_can_be_set_as_a_dictionary():
    changed = override(
        EXPERIMENTS["catsdogs_augly"],
        ["data.offline.operations={'blur': {'radius': (1.0, 2.0)}}"],
    )
    assert changed.data.offline.operations == {"blur": {"radius": (1.0, 2.0)}}


def test_differences_name_the_path():
    before = as_json(SALMIX)
    after = as_json(override(SALMIX, ["optimizer.momentum=0.5", "epochs=1"]))
    assert differences(before, after) == [
        ("optimizer.momentum", 0.9, 0.5),
        ("epochs", 300, 1),
    ]
    assert differences(before, before) == []


def test_order_of_operations_is_a_difference():
    blur_last = {"operations": {"rotate": {"degrees": 3}, "blur": {}}}
    blur_first = {"operations": {"blur": {}, "rotate": {"degrees": 3}}}
    assert differences(blur_last, blur_first) == [
        ("operations", blur_last["operations"], blur_first["operations"])
    ]


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


def test_xavier_arms_differ_from_he_arms_in_the_initializer_alone():
    names = STUDIES["tinyimagenet_init"].experiments
    assert len(names) == 6
    for he, xavier in zip(names[:3], names[3:], strict=True):
        different = differences(
            as_json(EXPERIMENTS[he]), as_json(EXPERIMENTS[xavier])
        )
        assert [field for field, _, _ in different] == [
            "name",
            "summary",
            "model.initializer",
        ]


def test_studies_name_experiments_that_exist():
    for study in STUDIES.values():
        assert study.experiments
        for name in study.experiments:
            assert get_experiment(name).name == name


def test_unknown_experiment_lists_close_ones():
    with pytest.raises(ConfigError, match="tinyimagenet_salmix"):
        get_experiment("tiny_imagenet_salmix")


def test_published_cats_and_dogs_arms_differ_in_the_variations_alone():
    original, augly = (
        as_json(EXPERIMENTS[name]) for name in STUDIES["catsdogs"].experiments
    )
    fields = [field for field, _, _ in differences(original, augly)]
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
    # Five seeds judge every image once.
    assert STUDIES["catsdogs_fair"].seeds % first["data"]["folds"] == 0
    for other in others:
        fields = {
            field.partition(".operations")[0]
            for field, _, _ in differences(first, other)
        }
        assert fields - {"name", "summary"} in (
            {"data.train", "data.offline"},
            {"augment.0"},
        )
    offline, online = arms[1].data.offline, arms[2].augment[0]
    assert offline.operations == online.options["operations"]
