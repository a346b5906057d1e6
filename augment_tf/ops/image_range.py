"""Checks that images lie in the range that a layer expects.

Bounds here are on the scale of bytes, where white is 255.
"""

import warnings

import tensorflow as tf
from tensorflow.python.ops import control_flow_util

# Standardized images have no brighter values, and nearly all photographs do.
DARK = 10.0
# No layer makes brighter values of images in their range.
BRIGHT = 2000.0


def check_eagerly(images, value_range, name):
    """Looks at one batch; True if the batch shows its range.

    Black images do not.

    Raises:
        ValueError: if values below black come with no bright ones.
    """
    ends, wrong, doubtful = _judge(images, value_range)
    low, high = (float(end) for end in ends)
    message = f"{_message(value_range, name)} from {low:g} to {high:g}."
    if wrong:
        raise ValueError(message)
    if doubtful:
        warnings.warn(message, stacklevel=2)
    return high > value_range[0]


def check_in_graph(images, value_range, name, seed):
    """`check_eagerly` without state, in a graph that XLA does not compile.

    Every batch is looked at if a few pixels of its first image are dark, or
    too bright, and the batch whose `seed` ends in 0 in any case: a layer's
    first call, the first batch of `map_dataset`. An error is raised for that
    one alone, so that a black image never ends a training. For any other, and
    for what is doubtful, one line is printed.
    """
    # XLA has no output and drops assertions.
    graph = tf.compat.v1.get_default_graph()
    if control_flow_util.GraphOrParentsInXlaContext(graph):
        return
    first = tf.equal(seed[1], 0)
    peak = _to_bytes(tf.reduce_max(images[:1, ::8, ::8]), value_range)
    message = f"{_message(value_range, name)} from, to: "

    def look():
        ends, wrong, doubtful = _judge(images, value_range)
        tf.debugging.Assert(~(wrong & first), [message, *ends])
        return tf.cond(
            wrong & ~first | doubtful,
            lambda: tf.raw_ops.Print(
                input=peak, data=ends, message=message, first_n=1
            ),
            lambda: peak,
        )

    tf.cond(first | (peak <= DARK) | (peak > BRIGHT), look, lambda: peak)


def _judge(images, value_range):
    """The least and the largest value, if they are wrong, or doubtful."""
    images = tf.cast(images, tf.float32)
    ends = [tf.reduce_min(images), tf.reduce_max(images)]
    low, high = (_to_bytes(end, value_range) for end in ends)
    wrong = (low < 0.0) & (high <= DARK)
    doubtful = (low >= 0.0) & (high > 0.0) & (high <= 1.0) | (high > BRIGHT)
    return ends, wrong, doubtful


def _to_bytes(value, value_range):
    black, white = value_range
    return (value - black) * (255.0 / (white - black))


def _message(value_range, name):
    black, white = value_range
    return (
        f"{name} expects images in [{black:g}, {white:g}]. If they have "
        "another range, give it to the layer, such as value_range=(0, 1); "
        "subtract means and divide by deviations after the layer. "
        "Received: numbers"
    )
