"""Images of another range than the layer's: refused, noted or let pass."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

import augment_tf

BYTES = np.random.default_rng(0).integers(0, 256, (4, 24, 16, 3)).astype("f4")
# Negative values without bright ones.
WRONG = {
    "[-1, 1]": BYTES / 127.5 - 1.0,
    "normalized": (BYTES / 255.0 - 0.45) / 0.225,
}
DOUBTFUL = {
    "[0, 1]": BYTES / 255.0,
    "uint16": (BYTES * 257.0).astype(np.uint16),
}
RIGHT = {
    "bytes": BYTES,
    "after ColorJitter": BYTES * 1.5 - 60.0,
    "black": 0.0 * BYTES,
}
WAYS = ("eager", "map_dataset", "Dataset.map", "fit")


@pytest.fixture(params=WAYS)
def process(request):
    """Gives images to a new layer in one of the ways that users have."""

    def run(images, **arguments):
        layer = augment_tf.Cutout(name="cutout", **arguments)
        batches = tf.data.Dataset.from_tensors(images).repeat(2)
        if request.param == "eager":
            layer(images)
            layer(images)
        elif request.param == "map_dataset":
            list(augment_tf.map_dataset(batches, layer, seed=5))
        elif request.param == "Dataset.map":
            list(batches.map(layer))
        else:
            pooling = keras.layers.GlobalAveragePooling2D()
            model = keras.Sequential([layer, pooling])
            model.compile(loss="mse", jit_compile=False)
            model.fit(images, np.zeros((4, 3)), batch_size=2, verbose=0)

    return run


def collect_notes(process, images, capfd, **arguments):
    """Warnings, and what TensorFlow writes of the layer."""
    capfd.readouterr()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        process(images, **arguments)
    lines = capfd.readouterr().err.splitlines()
    notes = [*(str(item.message) for item in caught), *lines]
    return [note for note in notes if note.startswith("cutout expects")]


@pytest.mark.parametrize("images", WRONG.values(), ids=WRONG)
def test_negative_values_without_bright_ones_are_refused(process, images):
    kinds = (ValueError, tf.errors.InvalidArgumentError)
    with pytest.raises(kinds, match=r"cutout expects images in \[0, 255\]"):
        process(images)


@pytest.mark.parametrize("images", DOUBTFUL.values(), ids=DOUBTFUL)
def test_one_note_on_values_that_are_too_small_or_large(process, images, capfd):
    (note,) = collect_notes(process, images, capfd)
    assert "value_range=(0, 1)" in note
    assert f"{images.max():g}" in note


def test_no_false_alarms(process, capfd):
    for images in RIGHT.values():
        assert not collect_notes(process, images, capfd)


def test_the_range_that_is_given_counts(capfd):
    def apply(images, **arguments):
        augment_tf.Cutout(name="cutout", **arguments)(images)

    units = DOUBTFUL["[0, 1]"]
    assert not collect_notes(apply, units, capfd, value_range=(0, 1))
    assert collect_notes(apply, BYTES, capfd, value_range=(0, 1))


def test_seeds_of_ones_own_are_looked_at(capfd):
    """A note alone: an image in the dark never ends a training."""

    def apply(images):
        layer = augment_tf.Cutout(name="cutout")
        tf.function(layer.apply)(tf.constant(images), (3, 4))

    for images in (WRONG["normalized"], DOUBTFUL["[0, 1]"]):
        assert len(collect_notes(apply, images, capfd)) == 1


def test_layers_that_only_move_or_mix_take_any_range(recwarn):
    batch = {"images": WRONG["normalized"], "labels": tf.eye(4)}
    for layer in (augment_tf.RandomFlip(), augment_tf.CutMix()):
        assert np.min(layer(batch)["images"]) < 0.0
    assert not recwarn.list


def test_compiled_functions_are_not_looked_at():
    layer = augment_tf.Cutout()
    apply = tf.function(layer.apply, jit_compile=True)
    assert np.isfinite(apply(WRONG["normalized"], (0, 0))).all()
