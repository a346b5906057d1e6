"""The contract of all exported layers."""

import doctest
import importlib
import inspect
import json
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

import augment_tf
from augment_tf.ops.operation import Operation

SEED = tf.constant((3, 4))


def as_numpy(batch):
    return tf.nest.map_structure(lambda tensor: tensor.numpy(), batch)


def assert_same(actual, expected):
    actual, expected = as_numpy(actual), as_numpy(expected)
    for key in expected:
        assert actual[key].dtype == expected[key].dtype
        np.testing.assert_array_equal(actual[key], expected[key])


def is_same(first, second):
    return np.array_equal(first["images"], second["images"])


def test_uint8_stays_uint8_where_no_colors_are_computed(layer, batch):
    computes_colors = {
        "AugMix",
        "ColorJitter",
        "MixUp",
        "PCALighting",
        "RandomChannelShift",
        "RandomHue",
        "Sequence",
    }
    is_float = type(layer).__name__ in computes_colors
    result = layer.apply(batch, SEED)["images"]
    assert result.dtype == (tf.float32 if is_float else tf.uint8)


def test_same_seed_gives_same_bits_and_another_seed_others(layer, batch):
    once = layer.apply(batch, SEED)
    assert_same(layer.apply(batch, SEED), once)
    for other in ((3, 5), (4, 3)):
        assert not is_same(once, layer.apply(batch, other))


def trace(function, shape, **options):
    return tf.function(function, **options).get_concrete_function(
        {
            "images": tf.TensorSpec(shape, tf.uint8),
            "labels": tf.TensorSpec((None, 5)),
        },
        tf.TensorSpec((2,), tf.int32),
    )


def test_xla_gives_the_eager_bits(layer, batch, monkeypatch):
    # The compiled operations are compared with Pillow's elsewhere.
    if isinstance(layer, augment_tf.AugMix):
        names = ("posterize", "rotate", "identity")
        monkeypatch.setattr(augment_tf.AugMix, "names", names)
    alike = (
        Operation,
        augment_tf.AutoAugment,
        augment_tf.RandAugment,
        augment_tf.TrivialAugmentWide,
    )
    if isinstance(layer, alike):
        draw = layer.get_random_transformation
        drawn = tf.function(draw, jit_compile=True)(batch["images"], SEED)
        tf.nest.map_structure(
            np.testing.assert_array_equal, drawn, draw(batch["images"], SEED)
        )
        return
    shape = (None, 40, 24, 3)
    traced = trace(layer.apply, shape, jit_compile=True)
    static = traced.structured_outputs["images"].shape
    assert static.as_list() == list(layer.compute_output_shape(shape))
    assert traced.structured_outputs["labels"].shape.as_list() == [None, 5]
    for seed in (SEED, SEED + 1):
        assert_same(traced(batch, seed), layer.apply(batch, seed))


def test_graphs_of_unknown_sizes_give_the_eager_bits(layer, batch):
    # They compile nothing. `Dataset.map` below knows sizes.
    traced = trace(layer.apply, (None, None, None, 3))
    assert_same(traced(batch, SEED), layer.apply(batch, SEED))


@pytest.mark.parametrize(
    "layer",
    [
        augment_tf.ColorJitter(),
        augment_tf.MixUp(),
        augment_tf.RandomResizedCrop((16, 20)),
        augment_tf.GaussianBlur(probability=1.0),
    ],
    ids=lambda layer: layer.name,
)
def test_bits_of_floats_are_the_same_in_graphs(layer, batch):
    images = tf.cast(batch["images"], tf.float32) * 0.9 + 0.7
    batch = {**batch, "images": images}
    assert_same(tf.function(layer.apply)(batch, SEED), layer.apply(batch, SEED))


def test_gradients_are_those_of_finite_differences(layer, batch):
    """Images are lit by a step of their own: no layer chooses other pixels."""
    images = tf.cast(batch["images"][:4, :16, :12], tf.float32) * 0.8 + 20.0
    labels = batch["labels"][:4]
    steps = tf.reshape(tf.constant((16.0, -8.0, 8.0, 12.0)), (4, 1, 1, 1))
    weights = np.random.default_rng(2).uniform(0.5, 1.5, (1, 20, 20, 3))

    def total(images):
        batch = {"images": images, "labels": labels}
        result = layer.apply(batch, SEED)["images"]
        height, width = result.shape[1:3]
        weighted = tf.cast(result, tf.float64) * weights[:, :height, :width]
        return tf.reduce_sum(weighted)

    with tf.GradientTape() as tape:
        tape.watch(images)
        result = total(images)
    gradient = tape.gradient(result, images)
    if gradient is None:
        assert "No gradient: images become whole numbers." in layer.__doc__
        return
    assert "No gradient" not in layer.__doc__
    expected = (total(images + steps) - total(images - steps)) / 2.0
    found = tf.reduce_sum(gradient * steps)
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_floats_outside_the_range_of_images(layer, batch):
    # As ColorJitter and PCALighting return them.
    images = tf.cast(batch["images"], tf.float32) * 1.5 - 50.0
    result = layer.apply({**batch, "images": images}, SEED)["images"]
    assert result.dtype == tf.float32
    assert np.isfinite(result).all()
    half = tf.cast(images, tf.float16)
    again = layer.apply({**batch, "images": half}, SEED)["images"]
    assert again.dtype == tf.float32
    np.testing.assert_allclose(again, result, atol=0.5)


@pytest.mark.parametrize("dtype", [tf.int64, tf.uint16, tf.int8])
def test_other_integers_are_taken_as_floats(layer, batch, dtype):
    images = batch["images"] // 2
    integers = layer.apply({**batch, "images": tf.cast(images, dtype)}, SEED)
    floats = {**batch, "images": tf.cast(images, tf.float32)}
    assert_same(integers, layer.apply(floats, SEED))


def pipeline(function, batch, parallel):
    # As the library's users write it: seeds zipped to the batches.
    batches = tf.data.Dataset.from_tensors(batch).repeat(6)
    seeds = tf.data.Dataset.random(7, rerandomize_each_iteration=True)
    seeds = seeds.batch(2).map(lambda seed: tf.cast(seed, tf.int32))
    return tf.data.Dataset.zip(batches, seeds).map(
        function, num_parallel_calls=parallel
    )


def test_pipeline_gives_the_eager_images_under_any_parallelism(layer, batch):
    # Traced once for both pipelines.
    apply = tf.function(layer.apply, autograph=False)
    one, eight = (
        list(
            pipeline(
                lambda batch, seed: (apply(batch, seed), seed), batch, parallel
            ).repeat(epochs)
        )
        for parallel, epochs in ((1, 1), (8, 2))
    )
    assert len(one) == 6
    for (first, _), (again, _), (later, _) in zip(
        one, eight[:6], eight[6:], strict=True
    ):
        assert_same(first, again)
        assert not is_same(first, later)
    (result, seed), (second, _), *_ = one
    assert not is_same(result, second)
    assert_same(result, layer.apply(batch, seed))


def test_global_policy_changes_nothing(layer, batch, make_another):
    # Labels and images that a float16 would round.
    floats = {**batch, "images": tf.cast(batch["images"], tf.float32) + 0.01}
    layer = make_another(layer, seed=11)
    expected = layer(batch), layer(floats)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        layer = make_another(layer, seed=11)
        for inputs, outputs in zip((batch, floats), expected, strict=True):
            assert_same(layer(inputs), outputs)
        # In a graph Keras casts what it is called with, unless told not to.
        called = pipeline(lambda batch, _: layer(batch), batch, 2)
        for result in called.take(1):
            assert result["images"].dtype == expected[0]["images"].dtype
            assert result["labels"].dtype == tf.float32
    finally:
        keras.config.set_dtype_policy(before)


def test_one_image_is_a_batch_of_one(layer, batch):
    single = tf.nest.map_structure(lambda tensor: tensor[0], batch)
    alone = tf.nest.map_structure(lambda tensor: tensor[:1], batch)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = layer.apply(single, SEED)
        expected = layer.apply(alone, SEED)
    assert result["images"].shape.rank == 3
    assert result["labels"].shape == (5,)
    assert_same(
        tf.nest.map_structure(lambda tensor: tensor[tf.newaxis], result),
        expected,
    )


@pytest.mark.parametrize(
    "layer", [augment_tf.CutMix(), augment_tf.MixUp()], ids=["CutMix", "MixUp"]
)
def test_one_image_has_no_partner(layer, batch):
    single = tf.nest.map_structure(lambda tensor: tensor[0], batch)
    with pytest.warns(UserWarning, match="has no partner"):
        result = layer.apply(single, SEED)
    assert np.array_equal(result["images"], single["images"])
    assert np.array_equal(result["labels"], single["labels"])


def test_configuration_survives_json(layer, batch):
    config = json.loads(json.dumps(layer.get_config()))
    other = type(layer).from_config(config)
    assert other.get_config() == layer.get_config()
    assert_same(other.apply(batch, SEED), layer.apply(batch, SEED))


def test_calls_are_seeded_and_differ(layer, batch, make_another):
    one, two = (make_another(layer, seed=11) for _ in range(2))
    first = one(batch)
    assert_same(two(batch), first)
    assert not is_same(one(batch), first)


def test_shapes_of_dictionaries_are_computed(layer):
    shape = (None, 40, 24, 3)
    assert layer.compute_output_shape(
        {"images": shape, "labels": (None, 5)}
    ) == {
        "images": tuple(layer.compute_output_shape(shape)),
        "labels": (None, 5),
    }


def test_images_alone(layer, batch):
    if layer.mixes_labels:
        with pytest.raises(ValueError, match="mixes labels"):
            layer.apply(batch["images"], SEED)
    else:
        expected = layer.apply(batch, SEED)["images"]
        assert np.array_equal(layer.apply(batch["images"], SEED), expected)
        only = layer.apply({"images": batch["images"]}, SEED)
        assert list(only) == ["images"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": np.zeros((8, 8), np.uint8)}, r"\(height, width, 3\)"),
        ({"images": np.zeros((8, 8, 8, 2), np.uint8)}, "Received: .*2"),
        ({"images": np.zeros((8, 8, 8, 3), bool)}, "Received: bool"),
        ({"images": None}, "keys 'images' and 'labels'"),
    ],
)
def test_wrong_batches_are_refused(layer, batch, change, message):
    with pytest.raises(ValueError, match=message):
        layer.apply({**batch, **change}, SEED)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.zeros((8,), np.int64), "Received: int64.*one_hot"),
        (np.zeros((8, 5), np.int32), "Received: int32"),
        (np.zeros((8,), np.float32), r"\(batch, classes\)"),
        (np.zeros((7, 5), np.float32), "as many labels as images"),
    ],
)
def test_mixing_layers_refuse_wrong_labels(layer, batch, labels, message):
    if not layer.mixes_labels:
        result = layer.apply({**batch, "labels": labels}, SEED)
        assert np.array_equal(result["labels"], labels)
        return
    with pytest.raises(ValueError, match=message):
        layer.apply({**batch, "labels": labels}, SEED)


def test_seeds_beyond_32_bits_are_not_cut(batch):
    layer = augment_tf.RandomErasing(probability=1.0, fill="noise")
    pairs = [(0, 1), (0, 2**32 + 1), (2**32, 1), (0, 1 - 2**32), (0, 2**64 + 1)]
    drawn = {layer.apply(batch, p)["images"].numpy().tobytes() for p in pairs}
    assert len(drawn) == len(pairs)
    for same in (np.array((0, 2**32 + 1)), tf.constant((0, 2**32 + 1))):
        assert_same(layer.apply(batch, same), layer.apply(batch, pairs[1]))
        graph = tf.function(layer.apply)(batch, tf.constant(same))
        assert_same(graph, layer.apply(batch, pairs[1]))


@pytest.mark.parametrize(
    "seed", [3, (1, 2, 3), (0.5, 0.5), (True, False), ("a", "b")]
)
def test_wrong_seeds_are_refused(layer, batch, seed):
    with pytest.raises(ValueError, match="int32 of shape"):
        layer.apply(batch, seed)


def test_documentation_runs_and_is_complete(layer):
    layer = type(layer)
    sections = ("Args:", "Input shape:", "Output shape:", "Raises:", "Example:")
    for section in sections:
        assert section in layer.__doc__
    for argument in inspect.signature(layer).parameters:
        assert argument == "kwargs" or f"  {argument}: " in layer.__doc__
    result = doctest.testmod(importlib.import_module(layer.__module__))
    assert result.attempted > 0
    assert result.failed == 0
