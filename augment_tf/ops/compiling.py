"""Compilation of arithmetic on whole batches by XLA."""

import functools

import tensorflow as tf

ACCELERATORS = ("GPU", "TPU")


def round_first(product):
    """The product, rounded before it is added to anything.

    Compilers fuse products and sums, and round once, where eager operations
    round twice. The bound, which no number exceeds, keeps them from it.
    """
    return tf.minimum(product, product.dtype.max)


def compile_in_graphs(function):
    """Decorator: XLA compiles the function in graphs.

    Without a compiler each operation writes a batch of images and the next one
    reads it again; compiled, they are one pass over memory, which is faster on
    CPUs and on accelerators. Eager calls are not compiled, since one batch is
    not worth the wait. Neither are images of unknown size, since each size
    would be compiled for itself.

    Args:
        function: Its arguments are tensors, whose first dimension is the
            batch, and Python values, which select the computation.
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


def choose_by_device(on_cpu, on_accelerator):
    """The result of one of two functions, by the device of the graph.

    A graph on a host with accelerators has both, and runs one. XLA, which
    compiles before it knows a device, takes the second there. Eager calls and
    hosts without accelerators take the first.
    """
    devices = tf.config.list_logical_devices()
    has_accelerator = any(each.device_type in ACCELERATORS for each in devices)
    if tf.executing_eagerly() or not has_accelerator:
        return on_cpu()
    index = tf.raw_ops.DeviceIndex(device_names=["CPU"])
    # Any other device has an index after the last branch's, which is taken.
    return tf.switch_case(index, [on_cpu, on_accelerator])
