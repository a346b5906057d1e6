"""Batches in memory through tf.data, for benchmarks of what augments them."""

import os

import tensorflow as tf

from pipelines.batches import disable_autotune


def endless_batches(batch, augment):
    """One batch again and again, each time augmented with another seed.

    Args:
        batch: Tensors or arrays, as `augment` takes them.
        augment: Function (batch, seed), seed int32 (2,).
    """
    batches = tf.data.Dataset.from_tensors(batch).cache().repeat()
    seeds = tf.data.Dataset.random(1, rerandomize_each_iteration=True)
    seeds = seeds.batch(2, drop_remainder=True)
    # Tuning adds buffers, of more batches than a slow side makes in its turn.
    return disable_autotune(
        tf.data.Dataset.zip(batches, seeds)
        .map(
            lambda batch, seed: augment(batch, tf.cast(seed, tf.int32)),
            num_parallel_calls=os.cpu_count(),
        )
        .prefetch(1)
    )
