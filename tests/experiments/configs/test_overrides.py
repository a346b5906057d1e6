"""`--set` reaches every field, with its type."""

import dataclasses
import functools
import operator

import pytest

from experiments.configs.overrides import override, override_arms
from experiments.configs.registry import EXPERIMENTS, STUDIES
from experiments.configs.schema import as_json
from experiments.errors import ConfigError

SALMIX = EXPERIMENTS["tinyimagenet_salmix"]


# Of each field that is set below, another value.
OTHER = override(SALMIX, ["data.limit_val=7"])


def at(config, path):
    """The dictionary or list that holds the last key of a path, and the key."""
    *parents, key = path
    return functools.reduce(operator.getitem, parents, config), key


@pytest.mark.parametrize(
    ("assignment", "path", "value"),
    [
        ("epochs=2", ["epochs"], 2),
        ("deterministic=false", ["deterministic"], False),
        ("precision=mixed_float16", ["precision"], "mixed_float16"),
        ("data.image_size=64", ["data", "image_size"], 64),
        ("data.batch_size=8", ["data", "batch_size"], 8),
        ("data.limit_train=2048", ["data", "limit_train"], 2048),
        ("data.limit_val=none", ["data", "limit_val"], None),
        ("data.augment_on=device", ["data", "augment_on"], "device"),
        ("model.initializer=zeros", ["model", "initializer"], "zeros"),
        ("model.std=1,1,1", ["model", "std"], [1.0, 1.0, 1.0]),
        ("optimizer.learning_rate=1", ["optimizer", "learning_rate"], 1.0),
        ("checkpoint.every_steps=50", ["checkpoint", "every_steps"], 50),
        (
            "augment.SaliencyMix.alpha=0.2",
            ["augment", -1, "options", "alpha"],
            0.2,
        ),
        (
            "augment.SaliencyMix.box=per_image",
            ["augment", -1, "options", "box"],
            "per_image",
        ),
    ],
)
def test_set_changes_the_field_it_names_and_no_other(assignment, path, value):
    before = as_json(OTHER)
    after = as_json(override(OTHER, [assignment]))
    (there, key), (here, _) = at(before, path), at(after, path)
    assert there[key] != value
    assert here[key] == value
    assert type(here[key]) is type(value)
    here[key] = there[key]
    assert after == before


def fields_of(config, path=""):
    """(path, value) of all fields that hold no other fields."""
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        name = f"{path}{field.name}"
        if dataclasses.is_dataclass(value):
            yield from fields_of(value, f"{name}.")
        elif name not in ("name", "summary", "augment", "data.offline"):
            yield name, value


@pytest.mark.parametrize("name", ["tinyimagenet_salmix", "catsdogs_augly"])
def test_every_field_can_be_set_to_what_it_is(name):
    experiment = EXPERIMENTS[name]
    fields = dict(fields_of(experiment))
    assert {"epochs", "data.folds", "checkpoint.every_steps"} <= set(fields)
    for path, value in fields.items():
        assert override(experiment, [f"{path}={value}"]) == experiment, path


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
