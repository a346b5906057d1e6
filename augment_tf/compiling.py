"""Arithmetic on whole batches, fused where TensorFlow lets it be fused."""

import functools

import tensorflow as tf


def fused(function):
    """Has XLA compile a function wherever it becomes part of a graph.

    Operation by operation, each step on a batch of images writes a batch and
    reads it again; compiled, all of them are one pass. That pays on a CPU as
    on an accelerator, with oneDNN and without. Called eagerly, the function
    runs as it is: who looks at one batch does not wait for a compiler.

    Args:
        function: Of tensors, of static shapes but for the batch, and of
            Python values that decide what is computed.
    """
    compiled = tf.function(function, jit_compile=True, autograph=False)

    @functools.wraps(function)
    def call(*arguments):
        chosen = function if tf.executing_eagerly() else compiled
        return chosen(*arguments)

    return call
