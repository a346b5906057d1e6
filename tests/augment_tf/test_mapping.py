"""map_dataset: each batch has its own seed, whatever the parallelism."""

import numpy as np
import pytest
import tensorflow as tf

import augment_tf

SQUARES = augment_tf.Cutout(count=3)


@pytest.fixture
def batches(images, labels):
    images, labels = (np.concatenate([part] * 3) for part in (images, labels))
    return tf.data.Dataset.from_tensor_slices((images, labels)).batch(4)


def as_bytes(dataset):
    return [
        tuple(part.numpy().tobytes() for part in tf.nest.flatten(batch))
        for batch in dataset
    ]


def test_each_batch_has_the_seed_of_its_step(batches):
    mapped = augment_tf.map_dataset(batches, SQUARES, seed=7)
    assert mapped.element_spec == batches.element_spec
    assert mapped.cardinality() == 6
    expected = [SQUARES.apply(b, (7, step)) for step, b in enumerate(batches)]
    assert as_bytes(mapped) == as_bytes(expected)


@pytest.mark.parametrize("layer", [SQUARES, augment_tf.CutMix()])
def test_epochs_differ_and_repeat_under_any_parallelism(batches, layer):
    one, many = (
        augment_tf.map_dataset(batches, layer, 7, num_parallel_calls=calls)
        for calls in (1, 8)
    )
    first, second = as_bytes(one), as_bytes(one)
    assert len({*first, *second}) == 12
    assert [as_bytes(many), as_bytes(many)] == [first, second]
    again = augment_tf.map_dataset(batches, layer, 7).repeat(2)
    assert as_bytes(again) == first + second


def test_seeds_of_any_size_differ(batches):
    results = [
        as_bytes(augment_tf.map_dataset(batches.take(1), SQUARES, seed))[0]
        for seed in (0, 1, 2**31, 2**32 + 1, 2**63)
    ]
    assert len(set(results)) == 5
    large = augment_tf.map_dataset(batches.take(1), SQUARES, np.uint64(2**63))
    assert as_bytes(large) == [results[-1]]


def test_any_form_and_any_length(images, labels):
    crop = augment_tf.RandomCrop()
    batch = {"images": images, "labels": labels, "name": ["a"] * 8}
    for element in (images, (images, labels), batch):
        endless = tf.data.Dataset.from_tensors(element).repeat()
        mapped = augment_tf.map_dataset(endless, crop, seed=1)
        assert mapped.cardinality() == tf.data.INFINITE_CARDINALITY
        assert len(as_bytes(mapped.take(2))) == 2
    some = endless.take(5).enumerate().filter(lambda i, _: i % 2 == 0)
    some = some.map(lambda _, batch: batch)
    assert len(as_bytes(augment_tf.map_dataset(some, crop, seed=1))) == 3


@pytest.mark.parametrize(
    ("layer", "seed", "name"),
    [
        (tf.identity, 1, "layer"),
        (SQUARES, -1, "seed"),
        (SQUARES, (1, 2), "seed"),
        (SQUARES, True, "seed"),
        (SQUARES, "a", "seed"),
    ],
)
def test_wrong_arguments_are_refused(batches, layer, seed, name):
    with pytest.raises(ValueError, match=f"expected `{name}`.*Received"):
        augment_tf.map_dataset(batches, layer, seed)
