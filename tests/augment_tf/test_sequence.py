"""Sequence."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

import augment_tf
from augment_tf.ops import sampling

SEED = tf.constant((3, 4))


def test_members_are_applied_in_order_with_split_seeds(images, labels):
    members = [
        augment_tf.RandomErasing(probability=1.0),
        augment_tf.CutMix(),
        augment_tf.RandomResizedCrop(16),
    ]
    batch = {"images": images, "labels": labels}
    result = augment_tf.Sequence(members).apply(batch, SEED)
    for member, seed in zip(members, sampling.split(SEED, 3), strict=True):
        batch = member.apply(batch, seed)
    assert np.array_equal(result["images"], batch["images"])
    assert np.array_equal(result["labels"], batch["labels"])


def test_equal_members_draw_different_numbers(images):
    one = augment_tf.RandomCrop(padding=8)
    layer = augment_tf.Sequence([one, one])
    twice = layer.apply(images, SEED)
    first, second = sampling.split(SEED, 2)
    assert not np.array_equal(
        one.get_random_transformation(tf.constant(images), first)["offsets"],
        one.get_random_transformation(tf.constant(images), second)["offsets"],
    )
    assert np.array_equal(twice, one.apply(one.apply(images, first), second))


def test_mixes_labels_if_a_member_does():
    flip, mix = augment_tf.RandomFlip(), augment_tf.MixUp()
    assert not augment_tf.Sequence([flip]).mixes_labels
    assert augment_tf.Sequence([flip]).keeps_uint8
    nested = augment_tf.Sequence([flip, augment_tf.Sequence([mix])])
    assert nested.mixes_labels
    assert not nested.keeps_uint8


def test_one_image_passes_the_mixing_member_by(images, labels):
    layer = augment_tf.Sequence(
        [augment_tf.RandomFlip(probability=1.0), augment_tf.CutMix()]
    )
    with pytest.warns(UserWarning, match="has no partner"):
        result = layer.apply({"images": images[0], "labels": labels[0]}, SEED)
    assert np.array_equal(result["images"], images[0][:, ::-1])
    assert np.array_equal(result["labels"], labels[0])


def test_a_sequence_that_does_not_mix_does_not_warn(images):
    layer = augment_tf.Sequence([augment_tf.RandomFlip()])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = layer.apply(images[0], SEED)
    assert result.shape == images[0].shape


def test_inference_changes_size_and_dtype_as_training_does(images):
    layer = augment_tf.Sequence(
        [augment_tf.RandomResizedCrop((16, 20)), augment_tf.ColorJitter()]
    )
    result = layer(images, training=False)
    assert result.shape == (8, 16, 20, 3)
    assert result.dtype == tf.float32
    resized = augment_tf.RandomResizedCrop((16, 20))(images, training=False)
    assert np.array_equal(result, tf.cast(resized, tf.float32))
    assert layer.compute_output_shape((None, 40, 24, 3)) == (None, 16, 20, 3)


def test_configuration_keeps_nested_members():
    inner = augment_tf.Sequence([augment_tf.CutMix(alpha=0.3)], seed=5)
    layer = augment_tf.Sequence([augment_tf.RandomCrop(2), inner])
    config = keras.saving.serialize_keras_object(layer)
    copy = keras.saving.deserialize_keras_object(config)
    assert isinstance(copy.layers[1].layers[0], augment_tf.CutMix)
    assert copy.layers[1].layers[0].alpha == 0.3
    assert copy.layers[1].seed == 5
    assert copy.get_config() == layer.get_config()


@pytest.mark.parametrize(
    "layers",
    [
        [],
        augment_tf.RandomFlip(),
        [keras.layers.RandomFlip()],
        [augment_tf.RandomFlip],
    ],
)
def test_wrong_members_are_refused(layers):
    with pytest.raises(ValueError, match="expected .*layer.*Received: "):
        augment_tf.Sequence(layers)


def test_colors_in_a_row_are_those_one_after_the_other(images):
    members = [
        augment_tf.ColorJitter(),
        augment_tf.PCALighting(std=0.5),
        augment_tf.ColorJitter(contrast=1.0),
    ]
    result = augment_tf.Sequence(members).apply(images, SEED)
    for member, seed in zip(members, sampling.split(SEED, 3), strict=True):
        images = member.apply(images, seed)
    np.testing.assert_allclose(result, images, rtol=0, atol=1e-3)
