"""Settings in which arms differ: one thing, or more."""

from dataclasses import replace

from experiments.configs.schema import layer
from pipelines.config import Offline
from tests.experiments.report.comparing import change, find_in


def compare_configs(*folders):
    return find_in(*folders).settings


def test_another_layer_is_one_thing(make_run, tiny):
    more = (*tiny.augment, layer("MixUp"))
    found = compare_configs(make_run("a"), make_run("b", augment=more))
    assert found.things == {"b": ["augment"]}
    assert found.confounded == []
    assert list(found.table) == ["augment"]
    assert [layer["layer"] for layer in found.table["augment"]["b"]] == [
        "RandomFlip",
        "CutMix",
        "MixUp",
    ]


def test_more_than_one_thing_is_confounded(make_run):
    found = compare_configs(
        make_run("a"),
        make_run("b", augment=(), epochs=7),
        make_run("c", seed_offset=1000),
    )
    assert found.confounded == ["b"]
    assert found.things == {"b": ["augment", "epochs"], "c": []}
    assert found.placebos == ["c"]
    assert found.steps == {"a": [8], "b": [28], "c": [8]}


def test_augmented_files_and_their_split_are_one_thing(make_run, tiny):
    data = replace(tiny.data, train="train_aug", offline=Offline())
    found = compare_configs(make_run("a"), make_run("b", data=data))
    assert found.things == {"b": ["data.offline"]}


def test_seeds_of_one_arm_that_differ(make_run, tiny):
    fast = replace(tiny.optimizer, learning_rate=0.7)
    found = compare_configs(make_run("a", 0), make_run("a", 1, optimizer=fast))
    assert found.seeds_differ == {"a": ["optimizer.learning_rate"]}


def test_weights_of_imagenet_are_a_setting(make_run, tiny):
    model = replace(tiny.model, weights="imagenet")
    found = compare_configs(make_run("a"), make_run("b", model=model))
    assert found.table == {"model.weights": {"a": None, "b": "imagenet"}}
    assert found.things == {"b": ["model.weights"]}


def test_steps_of_each_seed_count(make_run):
    folders = [make_run(name, seed) for name in "ab" for seed in range(3)]
    change(folders[4], "data.json", steps_per_epoch=5)
    change(folders[5], "data.json", steps_per_epoch=None)
    assert compare_configs(*folders).steps == {"a": [8], "b": [8, 10]}
