"""A batch is a function of seed and step, at any parallelism."""

import hashlib

import numpy as np
import pytest
import tensorflow as tf

import augment_tf
from pipelines.batches import count_epoch_steps, eval_batches, train_batches
from pipelines.loading import LoadedSplit

CLASSES = 5
BATCH = 8


@pytest.fixture(scope="module")
def split():
    """43 images of noise; the first pixel is the image's number."""
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (43, 16, 16, 3), "uint8")
    images[:, 0, 0, 0] = np.arange(43)
    return LoadedSplit(images, random.integers(0, CLASSES, 43).astype(np.int32))


def batches(split, seed=0, **options):
    return train_batches(
        split, classes=CLASSES, batch_size=BATCH, seed=seed, **options
    )


def digests(dataset):
    return [
        hashlib.sha256(
            b"".join(np.ascontiguousarray(t).tobytes() for t in batch)
        ).hexdigest()
        for batch in dataset.as_numpy_iterator()
    ]


@pytest.fixture(scope="module")
def augment():
    """Noise of the seed in every pixel; labels in another order."""

    def apply(batch, seed):
        images, labels = batch["images"], batch["labels"]
        noise = tf.random.stateless_uniform(
            tf.shape(images), seed, maxval=256, dtype=tf.int32
        )
        noise = tf.ensure_shape(tf.cast(noise, tf.uint8), images.shape)
        images = tf.bitwise.bitwise_xor(images, noise)
        return {"images": images, "labels": tf.roll(labels, seed[1], 0)}

    return apply


def test_epoch_shows_each_image_at_most_once(split):
    assert count_epoch_steps(split, BATCH) == 5
    for epoch in range(3):
        shown = [
            image[0, 0, 0]
            for images, _ in batches(split, first_step=5 * epoch, steps=5)
            for image in images.numpy()
        ]
        assert len(set(shown)) == len(shown) == 40


def test_labels_belong_to_their_images(split):
    shown = list(batches(split, steps=10))
    images, labels = map(np.concatenate, zip(*shown, strict=True))
    assert len(images) == 10 * BATCH
    numbers = images[:, 0, 0, 0]
    np.testing.assert_array_equal(
        labels, np.eye(CLASSES)[split.labels[numbers]]
    )
    np.testing.assert_array_equal(images, split.images[numbers])


def test_same_bytes_at_any_parallelism(split, augment):
    runs = [
        digests(
            batches(split, steps=15, augment=augment, parallel_calls=parallel)
        )
        for parallel in (1, 8)
    ]
    assert runs[0] == runs[1]
    # No batch of any epoch comes twice, and other seeds give other bytes.
    assert len(set(runs[0])) == 15
    other = digests(batches(split, seed=1, steps=15, augment=augment))
    assert not set(runs[0]) & set(other)


def test_seed_of_any_size_has_bytes_of_its_own(split, augment):
    """Cut to 32 bits, the last would give what 5 gives."""
    found = [
        digests(batches(split, seed=seed, steps=2, augment=augment))
        for seed in (5, 2**63 - 1, 2**32 + 5)
    ]
    assert len({digest for run in found for digest in run}) == 6
    (seeds,) = (
        inputs["seeds"][0].tolist()
        for inputs, _ in batches(
            split, seed=2**32 + 5, steps=1, with_seeds=True
        ).as_numpy_iterator()
    )
    assert seeds[0] != 5


def test_starting_late_gives_the_same_batches(split, augment):
    whole = digests(batches(split, steps=15, augment=augment))
    assert len(whole) == 15
    for first in (5, 7):
        rest = digests(
            batches(split, first_step=first, steps=15 - first, augment=augment)
        )
        assert rest == whole[first:]


def test_augmentation_is_the_layers_own(split):
    augment = augment_tf.CutMix().apply
    plain = next(iter(batches(split, seed=6, first_step=2, steps=1)))
    augmented = next(
        iter(batches(split, seed=6, first_step=2, steps=1, augment=augment))
    )
    expected = augment({"images": plain[0], "labels": plain[1]}, (6, 2))
    np.testing.assert_array_equal(augmented[0], expected["images"])
    np.testing.assert_array_equal(augmented[1], expected["labels"])


def test_seeds_travel_with_the_batch_where_asked(split, augment):
    dataset = batches(
        split, seed=4, first_step=3, steps=2, augment=augment, with_seeds=True
    )
    plain = batches(split, seed=4, first_step=3, steps=2)
    steps = range(3, 5)
    for step, (inputs, labels), (images, plain_labels) in zip(
        steps, dataset, plain, strict=True
    ):
        np.testing.assert_array_equal(inputs["images"], images)
        np.testing.assert_array_equal(labels, plain_labels)
        np.testing.assert_array_equal(inputs["seeds"], [[4, step]] * BATCH)


def test_shapes_are_static(split, augment):
    images, labels = batches(split, steps=1, augment=augment).element_spec
    assert images == tf.TensorSpec((BATCH, 16, 16, 3), tf.uint8)
    assert labels == tf.TensorSpec((BATCH, CLASSES), tf.float32)


def test_evaluation_shows_every_image_once_in_order(split):
    dataset = eval_batches(split, classes=CLASSES, batch_size=BATCH)
    images = np.concatenate([images for images, _ in dataset])
    labels = np.concatenate([labels for _, labels in dataset])
    np.testing.assert_array_equal(images, split.images)
    np.testing.assert_array_equal(labels.argmax(-1), split.labels)


def test_evaluation_crop_cuts_the_center():
    """A ramp down the image shows which rows are left."""
    ramp = np.zeros((1, 32, 32, 3), np.uint8)
    ramp += np.arange(0, 256, 8, dtype=np.uint8)[:, np.newaxis, np.newaxis]
    split = LoadedSplit(ramp, np.zeros(1, np.int32))
    ((images, _),) = eval_batches(
        split, classes=1, batch_size=1, image_size=28, crop_fraction=28 / 32
    )
    np.testing.assert_array_equal(images, ramp[:, 2:30, 2:30])
    # Twice the size: row i shows the ramp at (i + 0.5) / 2 - 0.5.
    ((images, _),) = eval_batches(
        split, classes=1, batch_size=1, image_size=56, crop_fraction=56 / 64
    )
    rows = (np.arange(4, 60) + 0.5) / 2 - 0.5
    np.testing.assert_array_equal(images[0, :, 7, 0], np.round(8 * rows))


def test_remainder_can_be_kept(split):
    assert count_epoch_steps(split, BATCH, drop_remainder=False) == 6
    assert count_epoch_steps(split, 43, drop_remainder=False) == 1
    dataset = batches(split, steps=12, drop_remainder=False)
    sizes = [len(labels) for _, labels in dataset]
    assert sizes == [8, 8, 8, 8, 8, 3] * 2
    shown = [i[0, 0, 0] for images, _ in dataset for i in images.numpy()]
    assert sorted(shown) == sorted([*range(43), *range(43)])
    assert shown[:43] != shown[43:]


@pytest.mark.parametrize("replicas", [1, 2, 4])
def test_replicas_share_the_last_batch_evenly(split, replicas):
    """It has three images, and as many more as they need of the epoch's."""
    sizes = {1: 3, 2: 4, 4: 4}
    found = [
        images[:, 0, 0, 0]
        for images, _ in batches(
            split, steps=12, drop_remainder=False, replicas=replicas
        ).as_numpy_iterator()
    ]
    for epoch in (found[:6], found[6:]):
        assert [len(batch) for batch in epoch] == [8] * 5 + [sizes[replicas]]
        seen = np.concatenate(epoch)
        np.testing.assert_array_equal(np.sort(seen[:43]), np.arange(43))
        np.testing.assert_array_equal(seen[43:], seen[: len(seen) - 43])


def test_endless_batches_are_full_and_leave_no_image_out(split, augment):
    dataset = batches(split, steps=43, endless=True)
    shown = [i[0, 0, 0] for images, _ in dataset for i in images.numpy()]
    # 43 batches of 8: each image 8 times, once in every 43 images.
    assert len(shown) == 43 * 8
    for start in range(0, len(shown), 43):
        assert sorted(shown[start : start + 43]) == list(range(43))
    whole = digests(batches(split, steps=9, augment=augment, endless=True))
    late = batches(split, first_step=4, steps=5, augment=augment, endless=True)
    assert digests(late) == whole[4:]


def test_endless_batches_may_be_larger_than_the_data(split):
    few = LoadedSplit(split.images[:3], split.labels[:3])
    ((images, _),) = batches(few, steps=1, endless=True)
    shown = images.numpy()[:, 0, 0, 0].tolist()
    assert sorted(shown[:3]) == sorted(shown[3:6]) == [0, 1, 2]


class Recorded:
    """An array that notes which of its rows are read."""

    def __init__(self, array):
        self.array = array
        self.shape = array.shape
        self.read = set()

    def __getitem__(self, rows):
        self.read |= set(np.arange(len(self.array))[rows])
        return self.array[rows]


@pytest.mark.parametrize("parts", [2, 3])
def test_shares_of_hosts_are_the_batch_and_each_reads_its_own(split, parts):
    def of_train(images, share=(0, 1)):
        part = LoadedSplit(images, split.labels)
        return batches(
            part, steps=6, drop_remainder=False, replicas=parts, share=share
        )

    def of_val(images, share=(0, 1)):
        return eval_batches(
            LoadedSplit(images, split.labels),
            classes=CLASSES,
            batch_size=BATCH,
            share=share,
        )

    for make in (of_train, of_val):
        shares, read = [], []
        for part in range(parts):
            images = Recorded(split.images)
            shares.append(list(make(images, (part, parts))))
            read.append(images.read)
        whole = list(make(split.images))
        assert len(whole) == 6
        for step, expected in enumerate(whole):
            for index in range(2):
                got = np.concatenate([share[step][index] for share in shares])
                np.testing.assert_array_equal(got, expected[index])
        assert set.union(*read) == set(range(43))
        # What fills up a last batch may be read twice.
        assert sum(map(len, read)) <= 43 + parts


def test_hosts_augment_their_shares_differently(split, augment):
    images = np.repeat(split.images[:1], 43, 0)
    same = LoadedSplit(images, split.labels)
    first, second = (
        next(
            batches(
                same, steps=1, augment=augment, share=(part, 2)
            ).as_numpy_iterator()
        )[0]
        for part in range(2)
    )
    assert first.shape == second.shape == (4, 16, 16, 3)
    assert (first != second).any((1, 2, 3)).all()


def test_no_iterator_waits_for_tuning(split):
    for dataset in (
        batches(split, steps=5),
        eval_batches(split, classes=CLASSES, batch_size=BATCH),
    ):
        assert dataset.options().autotune.enabled is False
