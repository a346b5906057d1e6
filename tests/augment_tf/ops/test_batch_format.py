"""Formats of batches, ranges and channels of images."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import augment_tf

SEED = tf.constant((3, 4))


def is_colored(layer):
    """True if a layer, or a layer inside it, needs three channels."""
    members = getattr(layer, "layers", [])
    return type(layer).__name__ == "PCALighting" or any(
        map(is_colored, members)
    )


def assert_same(first, second):
    tf.nest.map_structure(np.testing.assert_array_equal, first, second)


def test_pairs_come_back_as_pairs(layer, batch):
    expected = layer.apply(batch, SEED)
    pair = layer.apply((batch["images"], batch["labels"]), SEED)
    assert isinstance(pair, tuple)
    assert_same(pair, (expected["images"], expected["labels"]))


def test_a_dataset_of_pairs_is_mapped_with_the_layer(
    layer, batch, make_another
):
    expected = make_another(layer, seed=5)(batch)
    pairs = tf.data.Dataset.from_tensors((batch["images"], batch["labels"]))
    (result,) = pairs.map(make_another(layer, seed=5))
    assert isinstance(result, tuple)
    assert result[0].dtype == tf.float32
    np.testing.assert_allclose(result[0], expected["images"], atol=1e-3)
    np.testing.assert_allclose(result[1], expected["labels"], atol=1e-6)


def test_inference_takes_pairs(layer, batch):
    expected = layer(batch, training=False)
    pair = layer(batch["images"], batch["labels"], training=False)
    assert_same(pair, (expected["images"], expected["labels"]))


def test_sample_weights_are_mixed_as_labels_are(layer, batch):
    # As if the first class were a weight.
    weights = batch["labels"][:, 0]
    weighted = {**batch, "sample_weights": weights}
    result = layer.apply(weighted, SEED)
    expected = layer.apply(batch, SEED)
    assert_same({key: result[key] for key in expected}, expected)
    if layer.mixes_labels:
        weights = expected["labels"][:, 0]
    np.testing.assert_array_equal(result["sample_weights"], weights)
    triple = layer.apply(tuple(weighted.values()), SEED)
    assert_same(triple, tuple(result[key] for key in weighted))


def test_a_dataset_of_triples_feeds_fit(batch):
    weights = tf.ones((8,))
    triple = (batch["images"], batch["labels"], weights)
    triples = tf.data.Dataset.from_tensors(triple)
    model = keras.Sequential(
        [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(5)]
    )
    model.compile(loss=keras.losses.CategoricalCrossentropy(from_logits=True))
    history = model.fit(triples.map(augment_tf.CutMix()), verbose=0)
    assert np.isfinite(history.history["loss"]).all()


def test_further_keys_pass_or_are_refused(layer, batch):
    further = {
        **batch,
        "name": tf.constant(["a"] * 8),
        "boxes": {"x": tf.zeros(3)},
    }
    if layer.mixes_labels:
        with pytest.raises(ValueError, match=r"\['boxes', 'name'\]. Take"):
            layer.apply(further, SEED)
    else:
        result = layer.apply(further, SEED)
        assert list(result) == list(further)
        assert result["name"] is further["name"]
        assert result["boxes"]["x"] is further["boxes"]["x"]
    left = layer(further, training=False)
    assert list(left) == list(further)


def test_labels_of_any_kind_pass_layers_that_do_not_mix(layer, images):
    if layer.mixes_labels:
        pytest.skip("mixes labels: they are vectors of floats")
    expected = layer.apply(images, SEED)
    ragged = tf.ragged.constant([[1], [2, 3]] * 4)
    for labels in ({"a": 1, "b": (2, 3)}, ragged):
        pair = layer.apply((images, labels), SEED)
        assert pair[1] is labels
        np.testing.assert_array_equal(pair[0], expected)


def test_labels_that_cannot_be_mixed_are_named(images, labels):
    mixing = augment_tf.CutMix()
    heads = {"kind": labels, "color": labels}
    with pytest.raises(ValueError, match=r"dict, \['color', 'kind'\]. Concat"):
        mixing.apply((images, heads), SEED)
    for layer in (mixing, augment_tf.RandomFlip()):
        with pytest.raises(ValueError, match=r"as a tuple.*list of \(8, 40"):
            layer.apply([images, labels], SEED)


def test_a_list_of_images_is_a_batch(images):
    flip = augment_tf.RandomFlip()
    expected = flip.apply(images, SEED)
    np.testing.assert_array_equal(flip.apply(list(images), SEED), expected)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sample_weights": np.ones((8, 2))}, "one number an image"),
        ({"sample_weights": np.ones(7)}, "one number an image"),
    ],
)
def test_wrong_weights_are_refused(batch, change, message):
    with pytest.raises(ValueError, match=message):
        augment_tf.MixUp().apply({**batch, **change}, SEED)


def test_images_of_another_range(layer, batch, make_another):
    low, high = value_range = (-1, 1)
    images = tf.cast(batch["images"], tf.float32)
    expected = layer.apply({**batch, "images": images}, SEED)
    scaled = images / 255.0 * (high - low) + low
    other = make_another(layer, value_range=value_range)
    result = other.apply({**batch, "images": scaled}, SEED)
    back = (result["images"] - low) * (255.0 / (high - low))
    np.testing.assert_allclose(back, expected["images"], atol=1e-3)
    np.testing.assert_array_equal(result["labels"], expected["labels"])
    assert other.get_config()["value_range"] == value_range
    with pytest.raises(ValueError, match="expects floats.*uint8"):
        other.apply(batch, SEED)


def test_gray_images(layer, batch):
    check_gray_images(layer, batch, "uint8")


def test_gray_floats(layer, batch):
    check_gray_images(layer, batch, "float32")


def check_gray_images(layer, batch, dtype):
    gray = tf.cast(batch["images"][..., :1], dtype)
    gray_batch = {**batch, "images": gray}
    if is_colored(layer):
        with pytest.raises(ValueError, match="width, 3.*Received.* 1"):
            layer.apply(gray_batch, SEED)
        return
    result = layer.apply(gray_batch, SEED)
    assert result["images"].shape[-1] == 1
    if type(layer).__name__ in ("RandomErasing", "RandomCrop", "RandomApply"):
        return  # What they fill in is not gray.
    colors = {**batch, "images": tf.repeat(gray, 3, axis=-1)}
    expected = layer.apply(colors, SEED)
    np.testing.assert_array_equal(result["labels"], expected["labels"])
    if type(layer).__name__ in ("Cutout", "GridMask"):
        kept = result["images"] == gray
        of_colors = tf.reduce_all(expected["images"] == colors["images"], -1)
        assert np.mean(kept[..., 0] == of_colors) > 0.99
    else:
        np.testing.assert_allclose(
            result["images"], expected["images"][..., :1], atol=1e-3
        )


def test_gray_images_are_filled_with_the_luma():
    crop = augment_tf.RandomCrop(padding=8, fill=(255, 0, 0))
    result = crop.apply(tf.zeros((64, 4, 4, 1), tf.uint8), SEED)
    assert set(np.unique(result)) == {0, 76}


def test_ragged_batches_are_refused(layer, labels):
    ragged = tf.ragged.constant(
        [[[[1.0, 2.0, 3.0]]], [[[1.0, 2.0, 3.0]]] * 2], ragged_rank=1
    )
    for call in (layer, lambda batch: layer.apply(batch, SEED)):
        with pytest.raises(ValueError, match="a ragged batch. Resize the"):
            call({"images": ragged, "labels": labels[:2]})


def assert_empty(result, layer):
    shape = layer.compute_output_shape((0, 40, 24, 3))
    assert result["images"].shape == shape
    assert result["labels"].shape == (0, 5)


def test_an_empty_batch(layer, batch):
    empty = tf.nest.map_structure(lambda tensor: tensor[:0], batch)
    assert_empty(layer.apply(empty, SEED), layer)


def test_an_empty_batch_in_a_graph(layer, batch):
    empty = tf.nest.map_structure(lambda tensor: tensor[:0], batch)
    dynamic = tf.function(layer.apply).get_concrete_function(
        {
            "images": tf.TensorSpec((None, 40, 24, 3), tf.uint8),
            "labels": tf.TensorSpec((None, 5)),
        },
        tf.TensorSpec((2,), tf.int32),
    )
    assert_empty(dynamic(empty, SEED), layer)


def test_batches_of_one_out_of_a_dataset(layer, batch):
    batches = tf.data.Dataset.from_tensor_slices(batch).batch(1)
    shape = layer.compute_output_shape((1, 40, 24, 3))
    for result in batches.map(lambda batch: layer.apply(batch, SEED)).take(2):
        assert result["images"].shape == shape
        assert result["labels"].shape == (1, 5)
        assert np.isfinite(result["images"]).all()


def test_ranges_of_layers_in_a_sequence_agree():
    inside = augment_tf.RandomErasing(value_range=(0, 1))
    with pytest.raises(ValueError, match=r"`value_range` of Sequence"):
        augment_tf.Sequence([inside])
    augment_tf.Sequence([inside], value_range=(0, 1))


@pytest.mark.parametrize("value_range", [(1, 0), (1, 1), 1, (0, "1")])
def test_wrong_ranges_are_refused(value_range):
    with pytest.raises(ValueError, match="expected `value_range`"):
        augment_tf.RandomFlip(value_range=value_range)
