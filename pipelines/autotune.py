"""tf.data without its tuning, which holds up whoever is done with a dataset."""

import os

import tensorflow as tf

# Batches in preparation at once: no more than cores, and a few GiB at most.
PARALLEL_CALLS = min(32, os.cpu_count() or 1)


def without_autotune(dataset):
    """The same elements, from iterators that end at once.

    tf.data's tuning sleeps for up to a minute at a time, each time twice as
    long as before. An iterator that goes waits for it, and where the order to
    stop comes while it is waking up (TensorFlow 2.21: it looks for the order
    before it was noted down) it sleeps once more: half of all trainings and
    evaluations of a few seconds took up to twice as long.

    Args:
        dataset: A `tf.data.Dataset` without `tf.data.AUTOTUNE` for a number of
            parallel calls, which nothing would tune any more.
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)
