"""The layers under Keras's other backends, each in a process of its own.

Run as a script, this file is such a process.
"""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import augment_tf

ROOT = Path(__file__).parents[2]
FILE = "results.npz"


def augment(layers, images, labels):
    """Arrays by name: calls of every layer, one chain in tf.data."""
    batch = {"images": images, "labels": labels}
    results = {layer.name: layer(batch) for layer in layers}
    pairs = tf.data.Dataset.from_tensor_slices((images, labels)).batch(2)
    pairs = pairs.repeat(2)
    chain = [augment_tf.RandomFlip(), augment_tf.CutMix()]
    chain = augment_tf.Sequence(chain, seed=3)
    results["map_dataset"] = list(augment_tf.map_dataset(pairs, chain, seed=7))
    results["Dataset.map"] = list(pairs.map(chain, num_parallel_calls=1))
    results["inference"] = list(pairs.map(lambda *p: chain(p, training=False)))
    return {
        f"{name} {number}": part.numpy()
        for name, result in results.items()
        for number, part in enumerate(tf.nest.flatten(result))
    }


def fit(images):
    """Losses of a model that tells dark images from bright ones."""
    bright = np.arange(32) % 2
    images = np.resize(images, (32, *images.shape[1:])) // (3 - 2 * bright)[
        :, np.newaxis, np.newaxis, np.newaxis
    ].astype(np.uint8)
    pairs = tf.data.Dataset.from_tensor_slices((images, np.eye(2)[bright]))
    pairs = pairs.batch(8)
    pairs = augment_tf.map_dataset(pairs, augment_tf.CutMix(), seed=1)
    model = keras.Sequential(
        [
            keras.layers.Rescaling(1 / 128, offset=-1),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.SGD(1.0), "categorical_crossentropy")
    return model.fit(pairs, epochs=4, verbose=0).history["loss"]


def read_errors():
    """Messages of calls that belong into a model."""
    layer = augment_tf.RandomFlip(name="flip")
    tensor = keras.ops.zeros((2, 8, 8, 3))
    calls = (
        lambda: layer(keras.Input((8, 8, 3))),
        lambda: layer(tensor),
        lambda: layer({"images": tensor}),
        lambda: layer.apply(tensor, (1, 2)),
        lambda: keras.Sequential([keras.Input((8, 8, 3)), layer]),
    )
    for call in calls:
        try:
            yield f"no error: {call()}"
        except ValueError as error:
            yield str(error)


def main(folder):
    with np.load(folder / "batch.npz") as file:
        batch = file["images"], file["labels"]
    layers = json.loads((folder / "layers.json").read_text())
    layers = [keras.saving.deserialize_keras_object(item) for item in layers]
    np.savez(folder / FILE, **augment(layers, *batch))
    printed = keras.backend.backend(), fit(batch[0]), list(read_errors())
    print(json.dumps(printed))


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_layers_work_in_tf_data_under_other_backends(
    backend, make_all, images, labels, tmp_path
):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    batch = images[:2, :12, :8], labels[:2]
    layers = make_all(seed=5)
    serialized = [keras.saving.serialize_keras_object(item) for item in layers]
    (tmp_path / "layers.json").write_text(json.dumps(serialized))
    np.savez(tmp_path / "batch.npz", images=batch[0], labels=batch[1])
    printed = subprocess.run(
        [sys.executable, __file__, tmp_path],
        check=True,
        env={**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
    ).stdout
    used, losses, errors = json.loads(printed)
    assert used == backend
    assert losses[-1] < 0.8 * losses[0]
    expected = augment(layers, *batch)
    with np.load(tmp_path / FILE) as found:
        assert set(found) == set(expected)
        for name, array in expected.items():
            assert found[name].dtype == array.dtype
            np.testing.assert_array_equal(found[name], array, name)
    for error in errors:
        assert error.startswith("flip expects NumPy arrays or TensorFlow's")
        assert f"{backend} backend it cannot be part of a model" in error


if __name__ == "__main__":
    main(Path(sys.argv[1]))
