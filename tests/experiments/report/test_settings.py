"""What differs between arms is one thing, or said to be more."""

from dataclasses import replace

from experiments.configs.schema import layer
from experiments.report.groups import group_runs
from experiments.report.runs import read_runs
from experiments.report.settings import compare_settings
from pipelines.config import Offline


def settings_of(*folders):
    runs, _ = read_runs([folder.path for folder in folders])
    ((group,), _) = group_runs(runs, "mine")
    return compare_settings(group)


def test_another_layer_is_one_thing(make_run, tiny):
    more = (*tiny.augment, layer("CutMix"))
    found = settings_of(make_run("a"), make_run("b", augment=more))
    assert found.things == {"b": ["augment"]}
    assert found.confounded == []
    assert list(found.table) == ["augment"]
    assert [layer["layer"] for layer in found.table["augment"]["b"]] == [
        "RandomFlip",
        "SaliencyMix",
        "CutMix",
    ]


def test_more_than_one_thing_is_confounded(make_run):
    found = settings_of(
        make_run("a"),
        make_run("b", augment=(), epochs=7),
        make_run("c", seed_offset=1000),
    )
    assert found.confounded == ["b"]
    assert found.things == {"b": ["augment", "epochs"], "c": []}
    assert found.placebos == ["c"]
    assert found.steps == {"a": 8, "b": 28, "c": 8}


def test_augmented_files_and_their_split_are_one_thing(make_run, tiny):
    data = replace(tiny.data, train="train_aug", offline=Offline())
    found = settings_of(make_run("a"), make_run("b", data=data))
    assert found.things == {"b": ["data.offline"]}


def test_seeds_of_one_arm_that_differ(make_run, tiny):
    fast = replace(tiny.optimizer, learning_rate=0.7)
    found = settings_of(make_run("a", 0), make_run("a", 1, optimizer=fast))
    assert found.seeds_differ == {"a": ["optimizer.learning_rate"]}


def test_weights_of_imagenet_are_a_setting(make_run, tiny):
    model = replace(tiny.model, weights="imagenet")
    found = settings_of(make_run("a"), make_run("b", model=model))
    assert found.table == {"model.weights": {"a": None, "b": "imagenet"}}
    assert found.things == {"b": ["model.weights"]}
