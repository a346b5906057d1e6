"""The layers in models that are copied, stored and exported."""

import copy
import pickle
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import augment_tf

ROOT = Path(__file__).parents[2]


@pytest.fixture
def model():
    return keras.Sequential(
        [
            keras.Input((40, 24, 3)),
            augment_tf.RandomCrop(padding=3),
            augment_tf.RandomResizedCrop((16, 20)),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(5),
        ]
    )


def test_a_sequential_model_is_fitted_cloned_and_exported(
    model, batch, tmp_path
):
    images = tf.cast(batch["images"], tf.float32)
    model.compile(loss=keras.losses.CategoricalCrossentropy(from_logits=True))
    model.fit(images, batch["labels"], verbose=0)
    expected = model.predict(images, verbose=0)
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    np.testing.assert_array_equal(clone.predict(images, verbose=0), expected)
    assert clone.layers[0] is not model.layers[0]
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint(
        "serve",
        # Without a word Keras would call its random layers, and these, as in
        # training.
        lambda images: model(images, training=False),
        [keras.InputSpec("float32", (None, 40, 24, 3))],
    )
    archive.write_out(tmp_path / "exported", verbose=False)
    # In a variable of its own: its weights go with it.
    exported = tf.saved_model.load(tmp_path / "exported")
    np.testing.assert_allclose(
        exported.serve(images), expected, rtol=1e-4, atol=1e-3
    )


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda item: pickle.loads(pickle.dumps(item))]
)
def test_copies_draw_what_the_layer_draws(layer, batch, make_another, copied):
    layer = make_another(layer, seed=11)
    other = copied(layer)
    assert other.get_config() == layer.get_config()
    tf.nest.map_structure(
        np.testing.assert_array_equal, other(batch), layer(batch)
    )


LOADER = """
import sys
import augment_tf
import keras
import numpy as np
model = keras.models.load_model(sys.argv[1])
images = np.load(sys.argv[2])
np.save(sys.argv[3], model(images, training=True))
"""


def run_script(script, *arguments):
    """Runs a script in a process that knows the library alone."""
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        cwd=ROOT,
        check=True,
        text=True,
        stdout=subprocess.PIPE,
    ).stdout


def test_a_model_is_loaded_by_a_process_that_imports_only_the_library(
    images, tmp_path
):
    layers = [
        augment_tf.RandomCrop(value_range=(0, 1), seed=1),
        augment_tf.RandomApply(augment_tf.Cutout(), seed=2),
        augment_tf.OneOf(
            [augment_tf.GridMask(), augment_tf.ColorJitter()], seed=3
        ),
        augment_tf.Sequence([augment_tf.RandomResizedCrop(8)], seed=4),
    ]
    model = keras.Sequential([keras.Input((40, 24, 3)), *layers])
    files = [tmp_path / name for name in ("model.keras", "in.npy", "out.npy")]
    model.save(files[0])
    images = images.astype(np.float32) / 2
    np.save(files[1], images)
    run_script(LOADER, *files)
    np.testing.assert_allclose(
        np.load(files[2]), model(images, training=True), atol=1e-3
    )


def test_a_global_float16_keeps_soft_labels(batch):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        inputs = keras.Input((40, 24, 3)), keras.Input((5,), dtype="float32")
        images, labels = augment_tf.CutMix(seed=1)(*inputs)
        assert labels.dtype == "float32"
        model = keras.Model(inputs, [images, labels])
        pairs = tf.data.Dataset.from_tensors((batch["images"], batch["labels"]))
        (mapped,) = pairs.map(augment_tf.MixUp(seed=1))
    finally:
        keras.config.set_dtype_policy(before)
    images = tf.cast(batch["images"], tf.float32)
    _, mixed = model((images, batch["labels"]), training=True)
    for labels in (mixed, mapped[1]):
        assert labels.dtype == tf.float32
        np.testing.assert_allclose(np.sum(labels, axis=1), 1.0, atol=1e-6)
        assert not np.array_equal(labels, tf.cast(labels, tf.float16))
