"""Conditions under which a layer has its arithmetic compiled."""

import pytest
import tensorflow as tf

import augment_tf
from augment_tf.ops import compiling


def compiled_calls(layer, *shape):
    images = tf.TensorSpec(shape, tf.uint8)
    seed = tf.TensorSpec((2,), tf.int32)
    graph = tf.function(layer.apply).get_concrete_function(images, seed).graph
    return sum(
        operation.get_attr("_XlaMustCompile")
        for operation in graph.get_operations()
        if "PartitionedCall" in operation.type
    )


@pytest.mark.parametrize(
    "layer",
    [
        augment_tf.RandomFlip(),
        augment_tf.RandomCrop(padding=2),
        augment_tf.RandomErasing(),
        augment_tf.ColorJitter(),
        augment_tf.GaussianBlur(),
        augment_tf.RandomResizedCrop(8),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_what_is_compiled_is_what_has_one_size(layer):
    assert compiled_calls(layer, None, 16, 16, 3)
    assert compiled_calls(layer, 16, 16, 3)
    # Images of many sizes would each be compiled for.
    assert not compiled_calls(layer, None, None, None, 3)
    assert not compiled_calls(layer, None, None, 3)


def test_the_device_chooses_between_two_functions(monkeypatch):
    def place():
        return compiling.choose_by_device(
            lambda: tf.constant(0), lambda: tf.constant(1)
        )

    # Tests see no accelerator.
    assert tf.function(place, jit_compile=True)() == 0
    gpu = tf.config.LogicalDevice("/device:GPU:0", "GPU")
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda: [gpu])
    mapped = tf.data.Dataset.range(1).map(lambda _: place())
    assert [place(), tf.function(place)(), *mapped] == [0, 0, 0]
    assert tf.function(place, jit_compile=True)() == 1
