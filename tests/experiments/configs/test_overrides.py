"""`--set` reaches every field, with its type."""

import pytest

from experiments.configs.overrides import override, override_arms
from experiments.configs.registry import EXPERIMENTS, STUDIES
from experiments.configs.schema import as_json
from experiments.errors import ConfigError
from pipelines.config_differences import differences

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
