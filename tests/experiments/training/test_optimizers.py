"""The optimizer follows PyTorch's rule, the rate its schedule."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from experiments.configs.schema import Optimizer
from experiments.training.optimizers import (
    Algorithm1Adam,
    CoupledSGD,
    build_optimizer,
)


@pytest.mark.parametrize("nesterov", [False, True])
def test_sgd_follows_the_rule_of_pytorch(nesterov):
    """Through a drop of the rate, which is where Keras's SGD differs."""
    random = np.random.default_rng(0)
    weights = random.normal(size=(3, 2))
    rates = [0.5, 0.5, 0.05, 0.05]
    gradients = random.normal(size=(4, 3, 2))
    variable = keras.Variable(weights, dtype="float32")
    optimizer = CoupledSGD(
        keras.optimizers.schedules.PiecewiseConstantDecay([1], [0.5, 0.05]),
        momentum=0.9,
        nesterov=nesterov,
        coupled_weight_decay=0.1,
    )
    buffer = np.zeros((3, 2))
    for rate, gradient in zip(rates, gradients, strict=True):
        decayed = gradient + 0.1 * weights
        buffer = 0.9 * buffer + decayed
        step = decayed + 0.9 * buffer if nesterov else buffer
        weights = weights - rate * step
        optimizer.apply(
            [keras.ops.convert_to_tensor(gradient, "float32")], [variable]
        )
        np.testing.assert_allclose(variable, weights, rtol=1e-5, atol=1e-6)


def adam_by_pytorch(weights, gradients, rate, decay=0.0):
    """The weights after each step, by the rule in PyTorch's documentation."""
    mean, square, result = 0.0, 0.0, []
    for step, gradient in enumerate(gradients, 1):
        weights = weights - rate * decay * weights
        mean = 0.9 * mean + (1 - 0.9) * gradient
        square = 0.999 * square + (1 - 0.999) * gradient**2
        corrected = np.sqrt(square / (1 - 0.999**step))
        movement = mean / (1 - 0.9**step) / (corrected + 1e-8)
        weights = weights - rate * movement
        result.append(weights)
    return result


@pytest.mark.parametrize("decay", [None, 0.1])
@pytest.mark.parametrize("scale", [1e-6, 1.0])
def test_adam_follows_the_rule_of_pytorch(scale, decay):
    """With gradients near epsilon, which is where Keras's Adam differs."""
    random = np.random.default_rng(0)
    weights = 1e-3 * random.normal(size=(3, 2))
    gradients = scale * random.normal(size=(25, 3, 2))
    variable = keras.Variable(weights, dtype="float32")
    optimizer = Algorithm1Adam(1e-3, weight_decay=decay)
    expected = adam_by_pytorch(weights, gradients, 1e-3, decay or 0.0)
    for gradient, after in zip(gradients, expected, strict=True):
        optimizer.apply(
            [keras.ops.convert_to_tensor(gradient, "float32")], [variable]
        )
        np.testing.assert_allclose(variable, after, rtol=1e-4, atol=1e-7)


def test_adam_takes_part_in_mixed_precision_and_distribution():
    gradients = np.random.default_rng(0).normal(size=(5, 4))
    strategy = tf.distribute.MirroredStrategy(["CPU:0"])
    with strategy.scope():
        variable = keras.Variable(np.zeros(4), dtype="float32")
        scaled = keras.optimizers.LossScaleOptimizer(
            Algorithm1Adam(1e-3), initial_scale=8.0
        )
        scaled.build([variable])

    @tf.function
    def train_step(gradient):
        # What the scaled loss gives.
        strategy.run(lambda g: scaled.apply([8.0 * g], [variable]), (gradient,))

    for gradient in gradients:
        train_step(tf.constant(gradient, tf.float32))
    expected = adam_by_pytorch(np.zeros(4), gradients, 1e-3)[-1]
    np.testing.assert_allclose(variable, expected, rtol=1e-4)


@pytest.mark.parametrize(
    "optimizer",
    [
        CoupledSGD(
            0.2, momentum=0.8, nesterov=False, coupled_weight_decay=1e-3
        ),
        Algorithm1Adam(
            0.2, beta_1=0.8, beta_2=0.9, epsilon=0.1, weight_decay=1e-3
        ),
    ],
)
def test_config_round_trip(optimizer):
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(optimizer)
    )
    assert type(again) is type(optimizer)
    assert again.get_config() == optimizer.get_config()


def rates(config, epochs, steps_per_epoch):
    optimizer = build_optimizer(config, epochs, steps_per_epoch)
    result = []
    for _ in range(epochs * steps_per_epoch):
        result.append(float(optimizer.learning_rate))
        optimizer.iterations.assign_add(1)
    return np.array(result)


def test_step_schedule_drops_at_the_start_of_an_epoch():
    config = Optimizer(schedule="step", step_epochs=75, step_factor=0.1)
    measured = rates(config, epochs=300, steps_per_epoch=2)
    expected = np.repeat([0.1, 0.01, 0.001, 0.0001], 150)
    np.testing.assert_allclose(measured, expected, rtol=1e-5)


def test_cosine_schedule_warms_up_then_falls_to_zero():
    config = Optimizer(schedule="cosine", warmup_epochs=2, learning_rate=0.4)
    measured = rates(config, epochs=10, steps_per_epoch=5)
    np.testing.assert_allclose(measured[:11], np.arange(11) * 0.04, atol=1e-6)
    angle = np.arange(40) / 40 * np.pi
    expected = 0.4 * (1 + np.cos(angle)) / 2
    np.testing.assert_allclose(measured[10:], expected, atol=1e-6)


def test_constant_rate_and_names():
    config = Optimizer(name="adam", learning_rate=1e-3)
    np.testing.assert_allclose(rates(config, 3, 2), 1e-3, rtol=1e-6)
    adam = build_optimizer(config, 3, 2)
    assert type(adam) is Algorithm1Adam
    assert adam.epsilon == 1e-8
    assert adam.weight_decay is None
    adamw = build_optimizer(Optimizer(name="adamw", weight_decay=0.1), 3, 2)
    assert adamw.weight_decay == 0.1
