"""Layers of Keras and KerasCV become functions of the seed, or say so."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

import augment_tf
from experiments.configs.schema import layer
from experiments.errors import ConfigError
from experiments.training.augmentation import list_notes
from experiments.training.keras_layers import KerasLayer
from experiments.training.run import run
from pipelines.batches import train_batches
from pipelines.config import Data
from pipelines.loading import load
from pipelines.location import Location

LAYERS_OF_TESTS = "tests.experiments.training.layers_of_tests"
RANGE = {"value_range": (0, 255)}
SEEDED = [
    ("keras_cv", "RandAugment", RANGE),
    ("keras_cv", "GridMask", {}),
    ("keras_cv", "AugMix", RANGE),
    ("keras_cv", "FourierMix", {}),
    ("keras", "RandAugment", RANGE),
    ("keras", "AugMix", RANGE),
    ("keras", "RandomErasing", RANGE),
]


@pytest.fixture(scope="module")
def split():
    return load(
        Data(name="shapes", image_size=24, limit_train=24, limit_val=6),
        Location("unused"),
    ).train


@pytest.mark.parametrize(("library", "name", "options"), SEEDED)
def test_batches_repeat_and_can_start_late(split, library, name, options):
    layer = KerasLayer(library, name, **options)
    assert layer.seeded

    def images(first_step, seed=0):
        batches = train_batches(
            split,
            classes=6,
            batch_size=8,
            seed=seed,
            first_step=first_step,
            steps=6 - first_step,
            augment=layer.apply,
            parallel_calls=8,
        )
        return [images for images, _ in batches.as_numpy_iterator()]

    whole = images(0)
    assert whole[0].shape == (8, 24, 24, 3)
    assert whole[0].dtype == np.float32
    np.testing.assert_array_equal(images(0), whole)
    np.testing.assert_array_equal(images(4), whole[4:])
    assert not np.array_equal(images(0, seed=1), whole)
    # Something was done, and what came out is still an image.
    plain = np.concatenate(
        [
            x
            for x, _ in train_batches(
                split, classes=6, batch_size=8, seed=0, steps=6
            ).as_numpy_iterator()
        ]
    )
    changed = np.abs(np.concatenate(whole) - plain).max((1, 2, 3)) > 1
    assert changed.mean() > 0.3
    assert np.min(whole) >= -1
    assert np.max(whole) <= 256


@pytest.mark.parametrize("key", ["images", "labels"])
@pytest.mark.parametrize("name", ["Seeded", "Unseeded"])
def test_layer_that_cannot_be_seeded_is_noted(name, key):
    """Both change what they are given, but one of them as the seed says."""
    layer = KerasLayer(LAYERS_OF_TESTS, name, key=key)
    batch = {"images": np.zeros((2, 8, 8, 3), np.uint8), "labels": np.eye(2)}
    batch["labels"] = batch["labels"].astype(np.float32)
    one, other = (layer.apply(batch, (seed, 0))[key] for seed in (1, 2))
    assert not np.array_equal(one, other)
    assert layer.seeded == (name == "Seeded")
    augmentation = augment_tf.Sequence([augment_tf.RandomFlip(), layer])
    found = list_notes(augmentation)
    if name == "Seeded":
        assert found == []
    else:
        (note,) = found
        assert f"{LAYERS_OF_TESTS}/Unseeded draws random numbers" in note


def test_run_with_such_a_layer(tiny, tmp_path):
    folder = run(
        replace(tiny, augment=(layer("keras_cv/FourierMix"),), epochs=1),
        seed=0,
        workdir=tmp_path,
        location=Location("unused"),
        strategy=tf.distribute.get_strategy(),
    )
    assert folder.is_finished()
    assert folder.read_json("environment.json")["notes"] == []


@pytest.mark.parametrize(
    ("library", "name", "options", "message"),
    [
        ("keras_cv", "RandAugmentation", {}, "has no 'RandAugmentation'"),
        ("keras_cv", "GridMask", {"holes": 3}, "keras_cv/GridMask"),
    ],
)
def test_wrong_layers_are_refused(library, name, options, message):
    with pytest.raises(ConfigError, match=message):
        KerasLayer(library, name, **options)
