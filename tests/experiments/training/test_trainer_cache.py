"""A run is what it is, whatever was trained before it in its process."""

from dataclasses import replace

import pytest

from experiments.configs.schema import Optimizer, layer
from experiments.errors import TrainingFailed
from experiments.training import session
from experiments.training import trainer_cache as kept_trainer
from tests.experiments.training.short_runs import numbers, train


@pytest.fixture
def built(monkeypatch):
    """Names of the experiments that a trainer was built for."""
    kept_trainer.take(None)
    names = []
    build = session.build_trainer

    def noting(experiment, **options):
        names.append(experiment.name)
        return build(experiment, **options)

    monkeypatch.setattr(session, "build_trainer", noting)
    return names


DEVICE = {"augment_on": "device"}


@pytest.mark.parametrize(
    ("data", "changes"),
    [
        (
            {},
            {
                "ema": 0.5,
                "judged": "ema",
                "optimizer": Optimizer("adamw", 0.01, weight_decay=0.1),
            },
        ),
        (DEVICE, {"unmixed_epochs": 1, "precision": "mixed_float16"}),
    ],
    ids=["AdamW, averages", "other layers in the end"],
)
def test_second_seed_is_as_if_it_were_alone(
    tiny, tmp_path, built, data, changes
):
    experiment = replace(tiny, data=replace(tiny.data, **data), **changes)
    train(experiment, tmp_path / "both")
    second = train(experiment, tmp_path / "both", seed=1)
    assert built == ["tiny"]
    kept_trainer.take(None)
    alone = train(experiment, tmp_path / "alone", seed=1)
    assert built == ["tiny"] * 2
    assert numbers(second) == numbers(alone)
    assert numbers(second) != numbers(train(experiment, tmp_path / "both"))


def test_arms_share_a_trainer_unless_their_graphs_differ(tiny, tmp_path, built):
    tiny = replace(tiny, epochs=1)
    device = replace(tiny.data, augment_on="device")
    train(tiny, tmp_path)
    for name, changes in (
        ("no_layers", {"augment": ()}),
        ("floats", {"augment": (layer("MixUp"),)}),
        ("device", {"data": device}),
        ("device_other", {"data": device, "augment": (layer("CutMix"),)}),
    ):
        train(replace(tiny, name=name, **changes), tmp_path)
    assert built == ["tiny", "device", "device_other"]


def test_trainer_of_a_failed_run_is_not_kept(tiny, tmp_path, built):
    wild = replace(tiny.optimizer, learning_rate=1e30)
    with pytest.raises(TrainingFailed):
        train(replace(tiny, optimizer=wild), tmp_path)
    assert kept_trainer._kept is None
