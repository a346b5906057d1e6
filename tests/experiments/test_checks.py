"""Configs that cannot be run are refused before anything is read."""

import os
from dataclasses import replace

import pytest
import tensorflow as tf

from experiments.checks import check_experiment
from experiments.configs.overrides import override
from experiments.configs.registry import EXPERIMENTS
from experiments.configs.schema import layer
from experiments.errors import ConfigError
from experiments.run_folder import RunFolder
from experiments.training.run import run
from pipelines.config import Offline
from pipelines.errors import DataError
from pipelines.location import Location

NOT_KERAS = [n for n, e in EXPERIMENTS.items() if "keras" not in str(e.augment)]


@pytest.mark.parametrize("name", NOT_KERAS)
def test_every_experiment_passes(name):
    check_experiment(EXPERIMENTS[name])


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            layer("CutMix", probability=1.5),
            r"CutMix: .*in \[0\.0, 1\.0\].*1\.5",
        ),
        (layer("RandomErasing", scale=(0.5, 0.1)), r"lower <= upper"),
        (layer("RandomCrop", padding=-1), r"at least 0.*-1"),
        (layer("SaliencyMix", saliency=["opencv"]), r"expected `saliency`"),
        (layer("RandomResizedCrop", size=24), r"16x16 .*Received: 24x24"),
        (layer("AugLy", operations={"blur": {"radius": -1}}), r"blur\.radius"),
        (layer("keras/RandomFlipp"), r"no 'RandomFlipp'.*RandomFlip"),
        (layer("keras/RandomFlip", name=3), r"RandomFlip: .*name"),
        (layer("keras/RandomRotation", factor="x"), r"RandomRotation: "),
        (layer("keras/Flatten"), r"keras/Flatten: "),
        (
            layer("keras/RandomCrop", height=9, width=9),
            r"Received: 9x9|RandomC",
        ),
        (layer("keras_cv/GridMask", ratio_factor=7), r"GridMask: "),
    ],
    ids=str,
)
def test_arguments_of_layers(tiny, spec, message):
    with pytest.raises(ConfigError, match=message) as caught:
        check_experiment(replace(tiny, augment=(spec,)))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 700


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("initializer", "he"),
        ("initializer", "identity"),
        ("initializer", "constant_"),
        ("head_initializer", "nothing"),
        ("head_bias_initializer", "orthogonal"),
    ],
)
def test_initializers(tiny, field, value):
    wrong = override(tiny, [f"model.{field}={value}"])
    with pytest.raises(ConfigError, match=f"model.{field}={value}: ") as caught:
        check_experiment(wrong)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["model.name=ResNet34"], r"model\.name=ResNet50 or ResNet101.*34"),
        (["model.stem=small"], r"model\.stem=imagenet, .*: small"),
        (["data.image_size=31"], r"data\.image_size=32 or more.*: 31"),
        ([], None),
    ],
)
def test_weights_of_imagenet(tiny, changes, message):
    fitting = ("weights=imagenet", "name=ResNet50", "stem=imagenet", "width=64")
    changes = [f"model.{each}" for each in fitting] + [
        "data.image_size=32",
        *changes,
    ]
    wanted = override(tiny, changes)
    if message is None:
        check_experiment(wanted)
        return
    with pytest.raises(
        ConfigError, match=f"weights=imagenet expects {message}"
    ):
        check_experiment(wanted)


@pytest.mark.parametrize("size", ["width=4096", "classes=1000000"])
def test_network_that_fits_into_no_memory(tiny, size, monkeypatch):
    monkeypatch.setattr(os, "sysconf", lambda name: 2**16)
    wrong = override(
        tiny, ["model.name=ResNet101", "model.width=64", f"model.{size}"]
    )
    with pytest.raises(
        ConfigError, match=r"[\d,]{9,} parameters.* 4 GiB\. Set"
    ):
        check_experiment(wrong)
    # Networks that fit are let through.
    monkeypatch.setattr(os, "sysconf", lambda name: 2**30)
    check_experiment(wrong)


def test_names_of_data_sets_and_published_results(tiny):
    with pytest.raises(DataError, match="no data set 'cifar'. Known: shapes"):
        check_experiment(override(tiny, ["data.name=cifar"]))
    with pytest.raises(ConfigError, match="published=mine"):
        check_experiment(override(tiny, ["published=mine"]))


def test_operations_of_files(tiny):
    data = replace(tiny.data, offline=Offline(operations={"hflip": {}}))
    with pytest.raises(ConfigError, match="shapes is not a folder of images"):
        check_experiment(replace(tiny, data=data))
    wrong = override(
        EXPERIMENTS["catsdogs_augly"],
        ["data.offline.operations={'rotate': {'degree': 3}}"],
    )
    with pytest.raises(ConfigError, match="rotate has no parameter 'degree'"):
        check_experiment(wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        "positive_class=square",
        "data.batch_size=97",
        "model.classes=5",
        "model.initializer=identity",
        "data.val=test",
        "augment.RandomFlip.probability=2",
    ],
)
def test_refused_run_leaves_nothing_for_the_right_one(tiny, wrong, tmp_path):
    with pytest.raises((ConfigError, DataError)):
        run(
            override(tiny, [wrong]),
            seed=0,
            workdir=tmp_path,
            location=Location("unused"),
            strategy=tf.distribute.get_strategy(),
        )
    assert list(tmp_path.iterdir()) == []
    RunFolder.of(tmp_path, tiny, 0).claim(tiny, 0)


@pytest.mark.parametrize("wrong", ["early_stop=3", "judged=best"])
def test_a_best_epoch_needs_held_out_images(tiny, wrong):
    with pytest.raises(ConfigError, match=r"data\.selection=holdout"):
        check_experiment(override(tiny, [wrong]))


def test_mixing_needs_two_images(tiny):
    with pytest.raises(ConfigError, match="batch_size=1.*Set it to 2 or more"):
        check_experiment(override(tiny, ["data.batch_size=1"]))
    alone = replace(tiny, augment=(layer("RandomFlip"),))
    check_experiment(override(alone, ["data.batch_size=1"]))
