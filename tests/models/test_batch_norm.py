"""The fused layer computes what Keras's does, and saves as Keras's."""

import doctest
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import models
from models import batch_norm
from models.batch_norm import FusedBatchNormalization

MOMENTUM, EPSILON = 0.9, 1e-5
SHAPE = (6, 5, 4, 3)
COUNT = 6 * 5 * 4


def make(kind, **options):
    layer = kind(momentum=MOMENTUM, epsilon=EPSILON, **options)
    layer.build(SHAPE)
    random = np.random.default_rng(1)
    layer.set_weights([random.uniform(0.5, 2, 3) for _ in range(4)])
    return layer


@pytest.fixture
def inputs():
    random = np.random.default_rng(0)
    values = random.normal((3, -2, 0), (1, 5, 0.1), SHAPE)
    return tf.constant(values, tf.float32)


def test_outputs_and_gradients_are_those_of_keras(inputs):
    weights = tf.random.stateless_normal(SHAPE, (1, 2))
    found = []
    for kind in (FusedBatchNormalization, keras.layers.BatchNormalization):
        layer = make(kind)
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = layer(inputs, training=True)
            loss = tf.reduce_sum(outputs * weights)
        sources = [inputs, *(w.value for w in layer.trainable_variables)]
        found.append([outputs, *tape.gradient(loss, sources)])
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("synchronized", [False, True])
def test_running_statistics_follow_the_rule_of_pytorch(inputs, synchronized):
    layer = make(FusedBatchNormalization, synchronized=synchronized)
    _, _, mean, variance = layer.get_weights()
    values = inputs.numpy().reshape(COUNT, 3).astype(np.float64)
    for _ in range(3):
        layer(inputs, training=True)
        mean = MOMENTUM * mean + (1 - MOMENTUM) * values.mean(0)
        added = values.var(0, ddof=1)
        variance = MOMENTUM * variance + (1 - MOMENTUM) * added
    np.testing.assert_allclose(layer.get_weights()[2], mean, rtol=1e-4)
    np.testing.assert_allclose(layer.get_weights()[3], variance, rtol=1e-4)


def test_inference_and_a_frozen_layer_use_the_running_statistics(inputs):
    layer = make(FusedBatchNormalization)
    before = layer.get_weights()
    expected = make(keras.layers.BatchNormalization)(inputs, training=False)
    np.testing.assert_array_equal(layer(inputs, training=False), expected)
    layer.trainable = False
    np.testing.assert_array_equal(layer(inputs, training=True), expected)
    np.testing.assert_array_equal(layer.get_weights(), before)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("jit_compile", [False, True])
def test_mixed_precision(inputs, policy, jit_compile):
    # Statistics are taken in 32 bits, whatever the activations have.
    layer = make(FusedBatchNormalization, dtype=policy)
    call = tf.function(
        lambda x: layer(x, training=True), jit_compile=jit_compile
    )
    outputs = call(inputs)
    assert outputs.dtype == policy.removeprefix("mixed_")
    whole = make(FusedBatchNormalization)(inputs, training=True)
    np.testing.assert_allclose(
        tf.cast(outputs, tf.float32), whole, atol=0.05, rtol=0.05
    )
    assert layer.moving_variance.dtype == "float32"


def test_plain_copy_is_the_same_network():
    model = models.ResNet18(input_shape=(16, 16, 3), classes=3, width=4)
    copy = models.without_fused(model)
    kinds = {type(layer).__module__.split(".")[0] for layer in copy.layers}
    assert kinds == {"keras"}
    assert [layer.name for layer in copy.layers] == [
        layer.name for layer in model.layers
    ]
    images = np.random.default_rng(0).integers(0, 256, (4, 16, 16, 3), "uint8")
    np.testing.assert_array_equal(copy(images), model(images))


def test_plain_copy_is_read_by_keras_alone(tmp_path):
    model = models.ResNet18(input_shape=(16, 16, 3), classes=3, width=4)
    images = np.full((1, 16, 16, 3), 7, np.uint8)
    models.without_fused(model).save(tmp_path / "model.keras")
    program = (
        "import keras, numpy as np\n"
        "model = keras.models.load_model('model.keras')\n"
        "images = np.full((1, 16, 16, 3), 7, np.uint8)\n"
        "np.save('logits.npy', model.predict(images, verbose=0))\n"
    )
    subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, check=True, timeout=300
    )
    np.testing.assert_allclose(
        np.load(tmp_path / "logits.npy"), model(images), atol=1e-5
    )


def test_documentation_runs():
    result = doctest.testmod(batch_norm)
    assert result.attempted > 0
    assert result.failed == 0
