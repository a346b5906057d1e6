"""Arithmetic on whole batches, fused where TensorFlow lets it be fused."""

import functools

import tensorflow as tf


def fused(function):
    """Has XLA compile a function wherever it becomes part of a graph.

    Operation by operation, each step on a batch of images writes a batch and
    reads it again; compiled, all of them are one pass. That pays on a CPU as
    on an accelerator, with oneDNN and without. Called eagerly, the function
    runs as it is: who looks at one batch does not wait for a compiler. So it
    does where the size of images is not known, as each would be compiled for.

    Args:
        function: Of tensors, whose first dimension is the batch, and of
            Python values that decide what is computed.
    """
    compiled = tf.function(function, jit_compile=True, autograph=False)

    @functools.wraps(function)
    def call(*arguments):
        known = all(
            argument.shape[1:].is_fully_defined()
            for argument in arguments
            if tf.is_tensor(argument)
        )
        compiles = known and not tf.executing_eagerly()
        return (compiled if compiles else function)(*arguments)

    return call
