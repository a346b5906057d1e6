"""OneOf and RandomApply."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import augment_tf
from augment_tf.ops import sampling

SEED = tf.constant((3, 4))


def painter(value):
    """A layer that makes images of one value."""
    return augment_tf.GridMask(ratio=0.0, fill=value)


def painted(layer, count=4096):
    """The value of each image after a layer."""
    images = tf.zeros((count, 2, 2, 3), tf.uint8)
    result = layer.apply(images, SEED).numpy()
    assert (result == result[:, :1, :1, :1]).all()
    return result[:, 0, 0, 0]


@pytest.mark.parametrize(
    ("probabilities", "shares"),
    [
        (None, (1 / 3, 1 / 3, 1 / 3)),
        ((0.2, 0.5, 0.3), (0.2, 0.5, 0.3)),
        ((3, 0, 1), (0.75, 0.0, 0.25)),
        ([1, 0, 0], (1.0, 0.0, 0.0)),
    ],
)
def test_each_image_draws_a_layer(probabilities, shares):
    members = [painter(value) for value in (1, 2, 3)]
    values = painted(augment_tf.OneOf(members, probabilities))
    for value, share in enumerate(shares, start=1):
        sigma = np.sqrt(share * (1 - share) / len(values))
        assert abs((values == value).mean() - share) <= 4 * sigma


def test_a_batch_draws_one_layer():
    members = [painter(value) for value in (1, 2)]
    layer = augment_tf.OneOf(members, (0.3, 0.7), per="batch")
    apply = tf.function(layer.apply)
    images = tf.zeros((4, 2, 2, 3), tf.uint8)
    results = [
        apply(images, tf.constant((seed, 0))).numpy() for seed in range(300)
    ]
    values = [np.unique(result) for result in results]
    assert {len(value) for value in values} == {1}
    share = np.mean(np.concatenate(values) == 1)
    assert abs(share - 0.3) < 4 * np.sqrt(0.3 * 0.7 / 300)


@pytest.mark.parametrize("per", ["image", "batch"])
def test_images_and_labels_come_from_the_same_layer(batch, per):
    members = [augment_tf.CutMix(), augment_tf.MixUp()]
    layer = augment_tf.OneOf(members, per=per)
    chosen = set()
    for number in range(6):
        seed = (number, 1)
        result = layer.apply(batch, seed)
        _, *seeds = sampling.split(seed, 3)
        results = [
            member.apply(batch, seed)
            for member, seed in zip(members, seeds, strict=True)
        ]
        draws = []
        for index in range(8):
            same = [
                np.array_equal(result["images"][index], other["images"][index])
                and np.array_equal(
                    result["labels"][index], other["labels"][index]
                )
                for other in results
            ]
            assert any(same)
            draws.append(tuple(same))
        if per == "batch":
            assert len(set(draws)) == 1
        chosen.update(draws)
    assert len(chosen) > 1


@pytest.mark.parametrize("jit_compile", [False, True])
def test_compiled_choices_for_a_batch_are_the_eager_ones(batch, jit_compile):
    """Choices for each image are compiled in the contract's tests."""
    layer = augment_tf.OneOf(
        [augment_tf.CutMix(), augment_tf.Cutout()], per="batch"
    )
    compiled = tf.function(layer.apply, jit_compile=jit_compile)
    for number in range(4):
        seed = tf.constant((number, 0))
        expected, result = layer.apply(batch, seed), compiled(batch, seed)
        assert result["images"].dtype == tf.uint8
        for key in expected:
            np.testing.assert_allclose(result[key], expected[key], atol=1e-6)


def test_layers_of_one_size_only(images):
    crops = [augment_tf.RandomResizedCrop(size) for size in (8, 16)]
    with pytest.raises(
        ValueError, match="images of one size.*16, 3.* and .*8, 3"
    ):
        augment_tf.OneOf(crops).apply(images, SEED)
    crops = [augment_tf.RandomResizedCrop(8, ratio=(r, r)) for r in (1, 2)]
    layer = augment_tf.OneOf(crops)
    assert layer.apply(images, SEED).shape == (8, 8, 8, 3)
    left = crops[0](images, training=False)
    assert np.array_equal(layer(images, training=False), left)


@pytest.mark.parametrize("per", ["image", "batch"])
@pytest.mark.parametrize("probability", [0.0, 0.3, 1.0])
def test_share_of_what_a_layer_is_applied_to(per, probability):
    layer = augment_tf.RandomApply(painter(7), probability, per=per)
    if per == "image":
        applied = painted(layer) == 7
    else:
        apply = tf.function(layer.apply)
        images = tf.zeros((2, 2, 2, 3), tf.uint8)
        results = [
            apply(images, tf.constant((seed, 0))).numpy() for seed in range(300)
        ]
        applied = np.array([(result == 7).mean() for result in results])
        assert set(applied) <= {0.0, 1.0}
    sigma = np.sqrt(probability * (1 - probability) / len(applied))
    assert abs(applied.mean() - probability) <= 4 * sigma


@pytest.mark.parametrize("per", ["image", "batch"])
def test_what_is_left_out_is_left_as_at_inference(images, labels, per):
    crop = augment_tf.RandomResizedCrop(8)
    batch = {"images": images, "labels": labels}
    chain = augment_tf.Sequence([crop, augment_tf.MixUp()])
    never = augment_tf.RandomApply(chain, 0.0, per=per).apply(batch, SEED)
    expected = crop(images, training=False)
    assert np.array_equal(never["images"], expected)
    assert np.array_equal(never["labels"], labels)


def test_configuration_keeps_the_layer():
    layer = augment_tf.RandomApply(augment_tf.CutMix(alpha=0.3), 0.2, "batch")
    config = keras.saving.serialize_keras_object(layer)
    copy = keras.saving.deserialize_keras_object(config)
    assert copy.get_config() == layer.get_config()
    assert copy.layers[0].alpha == 0.3


@pytest.mark.parametrize(
    "arguments",
    [
        {"layers": []},
        {"layers": [keras.layers.RandomFlip()]},
        {"probabilities": (1.0,)},
        {"probabilities": (0.5, -0.5)},
        {"probabilities": (0, 0)},
        {"probabilities": 0.5},
        {"per": "pixel"},
    ],
)
def test_wrong_arguments_are_refused(arguments):
    layers = [augment_tf.RandomFlip(), augment_tf.CutMix()]
    with pytest.raises(ValueError, match="expected .*Received: "):
        augment_tf.OneOf(**{"layers": layers, **arguments})


@pytest.mark.parametrize(
    "arguments",
    [{"layer": keras.layers.RandomFlip()}, {"probability": 2}, {"per": 1}],
)
def test_wrong_arguments_of_random_apply_are_refused(arguments):
    with pytest.raises(ValueError, match="expected .*Received: "):
        augment_tf.RandomApply(
            **{"layer": augment_tf.RandomFlip(), **arguments}
        )
