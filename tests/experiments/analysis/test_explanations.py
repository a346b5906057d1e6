"""Explanations in a run's folder, for the report."""

import keras
import numpy as np
import pytest

from experiments.analysis.attribution import METHODS
from experiments.analysis.explanations import (
    CHANCE,
    explain_images,
    explain_run,
    has_explanations,
)
from experiments.analysis.network import load_trained
from pipelines.loading import LoadedSplit
from pipelines.location import Location


def test_labels_of_val_images_are_explained(copied):
    assert not has_explanations(copied)
    (copied / "explanations.npz").touch()
    for foreign in ({}, {"version": 1, "images": [], "model": {}}):
        copied.write_json("explanations.json", foreign)
        assert not has_explanations(copied)
    explain_run(copied.path, Location("unused"))
    assert has_explanations(copied)
    content = copied.read_json("explanations.json")
    assert content["images"]["count"] == 24
    assert content["layer"]["size"] == [4, 4]
    assert list(content["scores"]) == [*METHODS, CHANCE]
    for scores in content["scores"].values():
        assert 0 < scores["deletion"] < 1
        assert 0 < scores["insertion"] < 1
    with np.load(copied / "explanations.npz", allow_pickle=False) as file:
        arrays = dict(file)
    # One of each class.
    np.testing.assert_array_equal(np.sort(arrays["labels"]), range(6))
    trained = load_trained(copied.path)
    said = trained.predict_probabilities(arrays["images"]).numpy()
    np.testing.assert_allclose(
        arrays["probabilities"], said[range(6), arrays["labels"]], rtol=1e-4
    )
    for method in METHODS:
        assert arrays[method].shape == (6, 16, 16)
    # Another network needs other explanations.
    network = keras.saving.load_model(copied / "model.keras")
    network.layers[-1].set_weights(
        [np.zeros_like(each) for each in network.layers[-1].get_weights()]
    )
    network.save(copied / "model.keras")
    assert not has_explanations(copied)


def test_batches_of_any_size_give_the_same(trained):
    loaded = load_trained(trained.path)
    images = np.random.default_rng(0).integers(0, 256, (30, 16, 16, 3))
    images = images.astype(np.uint8)
    labels = list(range(6)) * 5
    split = LoadedSplit(images, np.array(labels, np.int32))
    # 24 in a batch.
    whole = explain_images(loaded, split, labels)
    last = LoadedSplit(images[-6:], np.array(labels[-6:], np.int32))
    part = explain_images(loaded, last, labels[-6:])
    for method in METHODS:
        np.testing.assert_allclose(
            part.maps[method], whole.maps[method][-6:], rtol=1e-3, atol=1e-5
        )
    for method, scores in part.scores.items():
        for one, two in zip(scores, whole.scores[method], strict=True):
            assert one == pytest.approx(two[-6:], abs=0.02), method
