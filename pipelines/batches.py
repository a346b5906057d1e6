"""Batches for training and evaluation, from images in memory.

Every batch is a function of (seed, step) alone: its images, their order and
their augmentation. So a run repeats bit for bit at any parallelism, and a
resumed run continues at any step as if it had never stopped.
"""

import functools
import os

import numpy as np
import tensorflow as tf

from augment_tf.ops.sampling import replica_seed, to_32_bits

# Batches in preparation at once: no more than cores, and a few GiB at most.
PARALLEL_CALLS = min(32, os.cpu_count() or 1)
# Batches that wait for the network, beside those in preparation.
_READY = 4


def count_epoch_steps(split, batch_size, drop_remainder=True):
    """Counts the batches of an epoch that shows every image once.

    Args:
        split: A `pipelines.loading.LoadedSplit`.
        batch_size: Images in a batch.
        drop_remainder: Leaves out images that do not fill the last batch.
    """
    full, rest = divmod(len(split.labels), batch_size)
    return full + bool(rest and not drop_remainder)


def train_batches(
    split,
    *,
    classes,
    batch_size,
    seed,
    steps,
    first_step=0,
    augment=None,
    with_seeds=False,
    as_places=False,
    drop_remainder=True,
    endless=False,
    replicas=1,
    share=(0, 1),
    parallel_calls=PARALLEL_CALLS,
):
    """Builds shuffled, augmented batches of training images.

    Args:
        split: A `pipelines.loading.LoadedSplit`.
        classes: Length of the one-hot labels.
        batch_size: Images in a batch, over all replicas.
        seed: Integer of at least 0; seeds the order and the augmentation.
        steps: Number of batches.
        first_step: Counted from the start of training.
        augment: Function `(batch, seed) -> batch` on `{"images", "labels"}`,
            such as the `apply` of an `augment_tf` layer.
        with_seeds: Returns the seeds instead of using them, for augmentation
            in the train step.
        as_places: Returns indices into `split` instead of images, for a
            device that has them all. Not with `augment`.
        drop_remainder: See `steps_per_epoch`.
        endless: One shuffle of the images follows the other without a seam,
            every batch full, instead of epochs.
        replicas: Devices that share a batch evenly. A last batch that they
            cannot is filled up with the epoch's first images, as PyTorch's
            DistributedSampler does: a replica without images has no mean of
            their losses, and one with fewer would count them for more.
        share: (I, N): the I-th of N parts of each batch, from 0 on, alone, for
            the I-th of N hosts. Each part but the first is augmented by draws
            of its own, and mixed within itself.
        parallel_calls: Batches prepared at once.

    Returns:
        A `tf.data.Dataset` of (images uint8 or float32 (B, H, W, 3), labels
        float32 (B, K)). Places are int32 (B,). With seeds, a dictionary of
        "images" and "seeds" takes the images' place: int32 (B, 2), one seed
        repeated, so that a distribution strategy can split it like the images.
    """
    order = _Order(split, batch_size, seed, drop_remainder, endless, replicas)
    layer_seed = np.array(to_32_bits(seed), np.uint32).view(np.int32)
    part, parts = share
    static_size = batch_size // parts if drop_remainder or endless else None

    def gather(step):
        chosen = np.array_split(order.batch(int(step)), parts)[part]
        if as_places:
            return np.array(chosen, np.int32), split.labels[chosen]
        return split.images[chosen], split.labels[chosen]

    image_dtype = tf.int32 if as_places else tf.uint8
    image_shape = () if as_places else split.images.shape[1:]

    def load(step):
        # Declared stateless, or tf.data would run it serially whenever
        # deterministic operations are asked for.
        images, labels = tf.numpy_function(
            gather, [step], (image_dtype, tf.int32), stateful=False
        )
        images.set_shape((static_size, *image_shape))
        labels.set_shape((static_size,))
        return images, tf.one_hot(labels, classes), step

    def finish(images, labels, step):
        batch_seed = tf.stack([layer_seed, tf.cast(step, tf.int32)])
        if with_seeds:
            seeds = tf.tile(batch_seed[tf.newaxis], (tf.shape(labels)[0], 1))
            return {"images": images, "seeds": seeds}, labels
        if augment is not None:
            batch = augment(
                {"images": images, "labels": labels},
                replica_seed(batch_seed, part),
            )
            images, labels = batch["images"], batch["labels"]
        return images, labels

    return disable_autotune(
        tf.data.Dataset.range(first_step, first_step + steps)
        .map(load, num_parallel_calls=parallel_calls)
        .map(finish, num_parallel_calls=parallel_calls)
        .prefetch(_READY)
    )


class _Order:
    """Order of the images in the batches of `train_batches`."""

    def __init__(
        self, split, batch_size, seed, drop_remainder, endless, replicas
    ):
        self._count = len(split.labels)
        self._batch_size = batch_size
        self._seed = seed
        self._endless = endless
        self._replicas = replicas
        self._epoch_steps = count_epoch_steps(split, batch_size, drop_remainder)
        # The last two epochs: in between, batches of both are in flight.
        self._shuffled = functools.lru_cache(maxsize=2)(self._shuffle)

    def batch(self, step):
        """Returns the indices of the images of a batch."""
        if self._endless:
            start = step * self._batch_size
            places = range(start, start + self._batch_size)
            return [self._place(place) for place in places]
        epoch, position = divmod(step, self._epoch_steps)
        start = position * self._batch_size
        shuffled = self._shuffled(epoch)
        chosen = shuffled[start : start + self._batch_size]
        missing = -len(chosen) % self._replicas
        return np.concatenate([chosen, np.resize(shuffled, missing)])

    def _place(self, place):
        epoch, position = divmod(place, self._count)
        return self._shuffled(epoch)[position]

    def _shuffle(self, epoch):
        random = np.random.default_rng([self._seed, epoch])
        return random.permutation(self._count)


def eval_batches(
    split,
    *,
    classes,
    batch_size,
    image_size=None,
    crop_fraction=1.0,
    share=(0, 1),
):
    """Builds batches of all images in their order, never augmented.

    Args:
        split: A `pipelines.loading.LoadedSplit`.
        classes: Length of the one-hot labels.
        batch_size: Images in a batch; the last may be smaller.
        image_size: Side of the images in the batches; None: their own.
        crop_fraction: Images are resized to `image_size / crop_fraction`
            (bilinear, antialiased), then cropped to the central `image_size`.
        share: As for `train_batches`; a part of the last batch may be empty.

    Returns:
        A `tf.data.Dataset` of (images uint8 (B, S, S, 3), labels float32
        (B, K)).
    """
    side = image_size or split.images.shape[1]
    resized = round(side / crop_fraction)
    border = (resized - side) // 2

    part, parts = share

    def gather(start):
        count = min(batch_size, len(split.labels) - start)
        begin, end = (start + i * count // parts for i in (part, part + 1))
        return split.images[begin:end], split.labels[begin:end]

    def load(start):
        images, labels = tf.numpy_function(
            gather, [start], (tf.uint8, tf.int32), stateful=False
        )
        images.set_shape((None, *split.images.shape[1:]))
        labels.set_shape((None,))
        if resized != split.images.shape[1]:
            images = tf.image.resize(images, (resized, resized), antialias=True)
            images = tf.cast(tf.round(images), tf.uint8)
        images = images[:, border : border + side, border : border + side]
        return images, tf.one_hot(labels, classes)

    return disable_autotune(
        tf.data.Dataset.range(0, len(split.labels), batch_size)
        .map(load, num_parallel_calls=PARALLEL_CALLS)
        .prefetch(_READY)
    )


def disable_autotune(dataset):
    """Returns the same elements from iterators that end at once.

    tf.data's tuning sleeps for up to a minute at a time, each time twice as
    long as before. An iterator that ends waits for it. If the order to stop
    comes while it wakes up (TensorFlow 2.21 looks for the order before the
    order was noted down) it sleeps once more: half of all trainings and
    evaluations of a few seconds took up to twice as long.

    Args:
        dataset: A `tf.data.Dataset` without `tf.data.AUTOTUNE` for a number of
            parallel calls, which nothing would tune any more.
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)
