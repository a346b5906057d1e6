"""Variants of experiments, and their names."""

import doctest

import pytest

from experiments.configs import variants
from experiments.configs.registry import get_experiment
from experiments.configs.variants import (
    has_field,
    name_variant,
    read_field,
    vary,
)
from experiments.errors import ConfigError

CUTMIX = get_experiment("tinyimagenet_fair_cutmix")


def test_what_an_experiment_lacks_is_left_out():
    values = {"augment.MixUp.alpha": 0.5, "augment.CutMix.alpha": 0.5}
    found = vary(CUTMIX, values)
    assert found.name == f"{CUTMIX.name}@augment.CutMix.alpha=0.5"
    assert found.augment[-1].options == {"alpha": 0.5}
    assert [has_field(CUTMIX, field) for field in values] == [False, True]


def test_names_tell_the_value_that_the_config_has():
    for text in ("1e-1", "0.10"):
        found = vary(CUTMIX, {"optimizer.weight_decay": text})
        assert found.name.endswith("@optimizer.weight_decay=0.1")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("epochs", 100),
        ("data.limit_train", None),
        ("augment.RandomCrop.padding", 8),
        ("augment.CutMix.alpha", None),
        ("augment.MixUp.alpha", None),
        ("data.offline.count", None),
    ],
)
def test_values_are_read(field, value):
    assert read_field(CUTMIX, field) == value


def test_names_are_those_of_files_and_no_two_are_the_same():
    values = ["a b", "a-b", "a/b", "a,b", (1, 2), [1, 2], "x" * 60, "x" * 61]
    names = [name_variant("mine", {"keras/A.b": value}) for value in values]
    assert len(set(names)) == len(names)
    for name in names:
        assert not set(name).intersection("/ ()[],'\"")
        assert len(name) < 80


def test_errors_name_the_flag():
    with pytest.raises(ConfigError, match="--sweep epochs expects a number"):
        vary(CUTMIX, {"epochs": 0}, "--sweep")


def test_examples_run():
    result = doctest.testmod(variants)
    assert result.attempted > 0
    assert result.failed == 0
