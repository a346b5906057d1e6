"""Reproducible augmentation of data sets in parallel."""

import numpy as np
import tensorflow as tf

from augment_tf.base import Augmentation
from augment_tf.ops import arguments
from augment_tf.ops.sampling import to_32_bits


def map_dataset(dataset, layer, seed, num_parallel_calls=tf.data.AUTOTUNE):
    """Applies a layer to each batch of a data set, each with its own seed.

    `dataset.map(layer)` draws seeds in an order that depends on threads, and
    cannot be repeated. Here the batch at `step` is `layer.apply(batch, (seed,
    step))`, whatever the parallelism. Each further pass over the data set, as
    `Model.fit` makes one in each epoch, uses another seed derived from `seed`,
    so that no two epochs draw the same. A new data set starts again and
    draws the same as the first one.

    The seeds of later epochs come from tf.data, and depend on
    `tf.random.set_seed`, too.

    Args:
        dataset: A `tf.data.Dataset` of batches as `layer.apply` takes them:
            images, pairs `(images, labels)`, or dictionaries.
        layer: An `augment_tf.Augmentation`.
        seed: Integer of at least 0.
        num_parallel_calls: As of `Dataset.map`.

    Returns:
        A `tf.data.Dataset` of the augmented batches, in their order.

    Raises:
        ValueError: if `layer` or `seed` is something else, or if the layer
            does not take the data set's batches.

    Example:

    >>> import augment_tf
    >>> import tensorflow as tf
    >>> images = tf.random.stateless_uniform((8, 4, 4, 3), (0, 1))
    >>> batches = tf.data.Dataset.from_tensor_slices(images).batch(2)
    >>> flip = augment_tf.RandomFlip()
    >>> flipped = list(augment_tf.map_dataset(batches, flip, seed=7))
    >>> third = flip.apply(images[4:6], seed=(7, 2))
    >>> len(flipped), bool(tf.reduce_all(flipped[2] == third))
    (4, True)
    """
    if not isinstance(layer, Augmentation):
        raise ValueError(
            "expected `layer` to be an augment_tf.Augmentation. Received: "
            f"{layer!r} of type {type(layer).__name__}."
        )
    seed = to_32_bits(arguments.integer("seed", seed, minimum=0))

    def passes():
        return tf.data.Dataset.random(
            seed=seed, rerandomize_each_iteration=True
        ).take(1)

    # tf.data does not count the passes over a data set. Its random numbers
    # identify them: the difference from the first number is 0 in the first.
    first = passes().get_single_element()
    own = tf.constant(np.uint32(seed).view(np.int32))

    def seeds(drawn):
        first_of_pair = own + tf.cast(drawn - first, tf.int32)
        return tf.data.Dataset.counter().map(
            lambda step: tf.stack((first_of_pair, tf.cast(step, tf.int32)))
        )

    # The seeds are endless: the data set determines the number of batches.
    endless = tf.data.experimental.assert_cardinality(
        tf.data.INFINITE_CARDINALITY
    )
    endless_seeds = passes().flat_map(seeds).apply(endless)
    return tf.data.Dataset.zip(dataset, endless_seeds).map(
        layer.apply, num_parallel_calls=num_parallel_calls, deterministic=True
    )
