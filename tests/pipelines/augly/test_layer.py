"""AugLy as a layer: a pure function of batch and seed, in any thread."""

import doctest
import json

import keras
import numpy as np
import PIL.Image
import pytest
import tensorflow as tf

import augment_tf
from pipelines.augly import layer
from pipelines.augly.layer import AugLyLayer
from pipelines.augly.operations import SLIGHT, vary
from pipelines.batches import train_batches
from pipelines.errors import DataError
from pipelines.loading import LoadedSplit

# Operations of every kind: drawn seeds, an encoder, another size, a font.
MIXED = {
    **SLIGHT,
    "encoding_quality": {"quality": (30, 90)},
    "random_noise": {"var": 0.01, "probability": 0.5},
    "shuffle_pixels": {"factor": (0.0, 0.3)},
    "overlay_text": {"x_pos": (0.0, 0.5)},
    "pad": {"w_factor": (0.0, 0.2), "h_factor": 0.0},
}
SEED = (3, -4)


@pytest.fixture
def images():
    small = np.random.default_rng(0).integers(0, 256, (6, 5, 4, 3))
    return small.astype(np.uint8).repeat(8, axis=1).repeat(8, axis=2)


def test_threads_give_the_eager_bits(images):
    layer = AugLyLayer(MIXED)
    eager = [layer.apply(images, (7, step)).numpy() for step in range(8)]
    assert eager[0].shape == images.shape
    assert eager[0].dtype == np.uint8
    assert not np.array_equal(eager[0], eager[1])
    # Each image of a batch is varied in its own way.
    twins = layer.apply(images[[0, 0]], (7, 0)).numpy()
    assert not np.array_equal(twins[0], twins[1])
    split = LoadedSplit(images, np.arange(6, dtype=np.int32))
    for parallel_calls in (1, 8):
        batches = train_batches(
            split,
            classes=6,
            batch_size=6,
            seed=7,
            steps=8,
            augment=lambda batch, seed: {
                **batch,
                "images": layer.apply(images, seed),
            },
            parallel_calls=parallel_calls,
        )
        got = [batch for batch, _ in batches.as_numpy_iterator()]
        np.testing.assert_array_equal(got, eager)


def test_batch_is_what_vary_makes_of_each_image(images):
    layer = AugLyLayer(SLIGHT)
    result = layer.apply(images, SEED).numpy()
    for index, image in enumerate(images):
        random = np.random.default_rng([3, 2**32 - 4, index])
        varied, _ = vary(PIL.Image.fromarray(image), SLIGHT, random)
        varied = varied.resize((32, 40), PIL.Image.Resampling.BILINEAR)
        np.testing.assert_array_equal(result[index], varied)


def test_flip_is_a_flip_and_labels_pass(images):
    labels = np.eye(6, dtype=np.float32)
    batch = {"images": images, "labels": labels}
    result = AugLyLayer({"hflip": {}}).apply(batch, SEED)
    np.testing.assert_array_equal(result["images"], images[:, :, ::-1])
    np.testing.assert_array_equal(result["labels"], labels)


def test_floats_and_single_images(images):
    layer = AugLyLayer({"hflip": {}})
    floats = images.astype(np.float32) + 0.3
    result = layer.apply(floats, SEED)
    assert result.dtype == tf.float32
    np.testing.assert_array_equal(result, images[:, :, ::-1])
    single = layer.apply(images[0], SEED)
    np.testing.assert_array_equal(single, images[0, :, ::-1])


def test_in_a_sequence(images):
    batch = {"images": images, "labels": np.eye(6, dtype=np.float32)}
    sequence = augment_tf.Sequence([AugLyLayer(), augment_tf.CutMix()])
    traced = tf.function(sequence.apply)(batch, SEED)
    eager = sequence.apply(batch, SEED)
    np.testing.assert_array_equal(traced["images"], eager["images"])
    assert traced["images"].dtype == tf.uint8
    same = sequence(batch, training=False)["images"]
    np.testing.assert_array_equal(same, images)


def test_graph_has_static_shapes_and_no_state():
    traced = tf.function(AugLyLayer().apply).get_concrete_function(
        tf.TensorSpec((None, 40, 24, 3), tf.uint8),
        tf.TensorSpec((2,), tf.int32),
    )
    assert traced.structured_outputs.shape.as_list() == [None, 40, 24, 3]
    # With state, tf.data would run it serially under op determinism.
    kinds = {op.type for op in traced.graph.get_operations()}
    assert "PyFuncStateless" in kinds
    assert "PyFunc" not in kinds


def test_configuration_survives_json(images):
    layer = AugLyLayer(MIXED)
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(layer)))
    other = keras.saving.deserialize_keras_object(config)
    assert other.get_config()["operations"] == MIXED
    assert list(other.operations) == list(MIXED)
    np.testing.assert_array_equal(
        other.apply(images, SEED), layer.apply(images, SEED)
    )


def test_wrong_operations_are_refused_at_once():
    with pytest.raises(DataError, match="'turn' is unknown"):
        AugLyLayer({"turn": {}})


def test_documentation_runs():
    result = doctest.testmod(layer)
    assert result.attempted > 0
    assert result.failed == 0
