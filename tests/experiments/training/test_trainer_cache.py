"""A cached trainer changes no number of a run, whatever it trained before."""

from dataclasses import replace

import pytest

from experiments.configs.schema import Optimizer, layer
from experiments.training import trainer_cache
from experiments.training.trainer import Trainer
from tests.experiments.training.short_runs import make_spec, numbers, train


def test_second_seed_is_as_if_it_were_alone(tiny, tmp_path):
    """With all that a trainer holds: averages, scaled losses, other layers."""
    experiment = replace(
        tiny,
        data=replace(tiny.data, augment_on="device"),
        ema=0.5,
        judged="ema",
        optimizer=Optimizer("adamw", 0.01, weight_decay=0.1),
        unmixed_epochs=1,
        precision="mixed_float16",
    )
    key = trainer_cache.make_key(make_spec(experiment, tmp_path), 6, 4)
    train(experiment, tmp_path / "both")
    cached = trainer_cache.pop(key)
    assert isinstance(cached, Trainer)
    trainer_cache.put(key, cached)
    second = train(experiment, tmp_path / "both", seed=1)
    assert trainer_cache.pop(key) is cached
    alone = train(experiment, tmp_path / "alone", seed=1)
    assert trainer_cache.pop(key) is not cached
    assert numbers(second) == numbers(alone)


HOST = ({}, {"name": "other"}, {"augment": ()}, {"augment": (layer("MixUp"),)})


@pytest.mark.parametrize("changes", HOST)
def test_arms_with_the_same_graphs_share_a_key(tiny, tmp_path, changes):
    first = make_spec(tiny, tmp_path)
    other = make_spec(replace(tiny, **changes), tmp_path, seed=1)
    make_key = trainer_cache.make_key
    assert make_key(first, 6, 4) == make_key(other, 6, 4)
    assert make_key(first, 6, 4) != make_key(other, 7, 4)
    assert make_key(first, 6, 4) != make_key(other, 6, 5)


@pytest.mark.parametrize(
    "changes",
    [
        {"augment": (layer("CutMix"),)},
        {"ema": 0.5},
        {"epochs": 3},
        {"label_smoothing": 0.1},
        {"optimizer": Optimizer("adam", 0.01)},
        {"precision": "mixed_float16"},
    ],
)
def test_arms_with_other_graphs_have_other_keys(tiny, tmp_path, changes):
    """Layers on the device are a part of the graphs."""
    device = replace(tiny, data=replace(tiny.data, augment_on="device"))
    keys = [
        trainer_cache.make_key(make_spec(each, tmp_path), 6, 4)
        for each in (device, replace(device, **changes))
    ]
    assert keys[0] != keys[1]
