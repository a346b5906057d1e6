"""`--set` reaches every field, with its type."""

import dataclasses
import functools
import json
import operator
import types
import typing
from typing import Annotated

import pytest
from annotated_types import Ge, Gt, Le, Lt

from experiments.configs.overrides import override, override_arms
from experiments.configs.registry import EXPERIMENTS, STUDIES
from experiments.configs.schema import (
    Experiment,
    Optimizer,
    Study,
    as_json,
    layer,
)
from experiments.errors import ConfigError
from pipelines.config import Data

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
        ("epochs=2.5", r"epochs expects a valid integer\. Received: '2\.5'"),
        ("epochs=many", "expects a valid integer"),
        ("epochs=true", "expects a valid integer"),
        ("deterministic=1", "expects a valid boolean"),
        ("optimizer.learning_rate=fast", "expects a valid number"),
        ("data.limit_train=lots", "expects a valid integer or none"),
        ("data.augment_on=moon", "expects 'host' or 'device'"),
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


@pytest.mark.parametrize(
    ("field", "below", "lowest", "above"),
    [
        ("epochs", 0, 1, 10**7),
        ("seed_offset", -1, 0, 2**63),
        ("data.batch_size", 0, 1, 10**7),
        ("data.image_size", 7, 8, 10**5),
        ("data.load_size", 7, 8, 10**5),
        ("data.limit_train", 0, 1, 10**10),
        ("data.limit_val", 0, 1, 10**10),
        ("data.steps_per_epoch", -3, 1, 10**10),
        ("data.folds", 1, 2, 10**7),
        ("data.split_seed", -1, 0, 2**63),
        ("data.crop_fraction", 0, 0.1, 1.01),
        ("data.cache_gib", -1, 0, 10**7),
        ("data.disk_gib", -1, 0, 10**7),
        ("data.offline.count", 0, 1, 10**4),
        ("data.offline.seed", -1, 0, 2**63),
        ("model.width", 0, 1, 10**4),
        ("model.classes", 1, 2, 10**7),
        ("model.mean", "0,0,-0.1", "0,0,0", "1,1,1.1"),
        ("model.std", "0,1,1", "1,1,0.001", "1,1,1e9"),
        ("optimizer.learning_rate", 0, 1e-9, 1e39),
        ("optimizer.momentum", -0.1, 0, 1),
        ("optimizer.weight_decay", -1, 0, 1e7),
        ("optimizer.epsilon", 0, 1e-12, 1e7),
        ("optimizer.warmup_epochs", -1, 0, 1e7),
        ("optimizer.step_epochs", 0, 1, 10**10),
        ("optimizer.step_factor", 0, 1e-3, 1.5),
        ("checkpoint.every_steps", 0, 1, 10**10),
    ],
)
def test_ranges_end_where_they_should(field, below, lowest, above):
    experiment = EXPERIMENTS["catsdogs_augly"]
    override(experiment, [f"{field}={lowest}"])
    for wrong in (below, above, "nan", "1e999", "-1e999", "True"):
        with pytest.raises(ConfigError, match=f"--set {field} expects"):
            override(experiment, [f"{field}={wrong}"])


def kinds_of(config):
    """(path, type) of all fields, those of fields that are unset among them."""
    hints = typing.get_type_hints(config, include_extras=True)
    for name, kind in hints.items():
        union = typing.get_origin(kind) in (types.UnionType, typing.Union)
        for each in typing.get_args(kind) if union else (kind,):
            if dataclasses.is_dataclass(each):
                yield from kinds_of(each)
            elif typing.get_origin(each) is tuple:
                yield from ((name, item) for item in typing.get_args(each))
            elif each is not type(None):
                yield name, each


def test_every_number_of_every_config_has_a_range():
    numbers = 0
    for name, kind in [*kinds_of(Experiment), *kinds_of(Study)]:
        assert kind not in (int, float), f"{name} has no range"
        if typing.get_origin(kind) is Annotated:
            base, *limits = typing.get_args(kind)
            if base in (int, float):
                numbers += 1
                assert any(isinstance(each, Ge | Gt) for each in limits), name
                assert any(isinstance(each, Le | Lt) for each in limits), name
    assert numbers > 25


def test_configs_refuse_wrong_values_whoever_makes_them():
    for make in (
        lambda: Data(batch_size=0),
        lambda: Data(batch_size=8.0),
        lambda: Data(batchsize=8),
        lambda: Optimizer(learning_rate=float("nan")),
        lambda: Optimizer(name="adagrad"),
        lambda: dataclasses.replace(SALMIX, epochs=-1),
        lambda: layer("RandomCrop", padding={4}),
    ):
        with pytest.raises(ValueError):  # noqa: PT011
            make()
    # JSON and Python tell 1 from 1.0; a config has one form of it.
    rate = Optimizer(learning_rate=1).learning_rate
    assert (rate, type(rate)) == (1.0, float)


@pytest.mark.parametrize(
    "value",
    [
        "{1, 2}",
        "b'x'",
        "(1, {2})",
        "{'a': [b'x']}",
        "{1: 2}",
        "1j",
        "1e999",
        "[1, -1e999]",
        str(10**400),
        "...",
    ],
)
def test_what_json_cannot_hold_is_refused(value):
    for name, field in (
        ("catsdogs_fair_augly_online", "augment.AugLy.operations"),
        ("catsdogs_fair_augly", "data.offline.operations"),
    ):
        experiment = EXPERIMENTS[name]
        with pytest.raises(ConfigError, match=f"--set {field} expects") as got:
            override(experiment, [f"{field}={value}"])
        assert "\n" not in str(got.value)
        assert len(str(got.value)) < 400


@pytest.mark.parametrize(
    "text", ["{[]: 1}", "((((" * 99, "1_", "'", "9" * 5000]
)
def test_what_looks_like_python_is_text(text):
    with pytest.raises(ConfigError, match="expects a valid integer"):
        override(SALMIX, [f"epochs={text}"])
    assert override(SALMIX, [f"positive_class={text}"]).positive_class == text


def test_classes_may_be_called_like_numbers():
    for name in ("1", "true", "n01", "2.5"):
        changed = override(SALMIX, [f"positive_class={name}"])
        assert changed.positive_class == name
    assert override(SALMIX, ["positive_class=none"]).positive_class is None
    changed = override(SALMIX, ["positive_class='none'"])
    assert changed.positive_class == "none"


def test_options_keep_their_kind_of_number():
    """1 and 1.0 are no two settings of a float."""
    changed = override(SALMIX, ["augment.SaliencyMix.alpha=1"])
    assert json.dumps(as_json(changed)) == json.dumps(as_json(SALMIX))


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
        ("epochs=many", "expects a valid integer"),
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
