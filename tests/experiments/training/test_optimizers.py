"""The optimizer follows PyTorch's rule, the rate its schedule."""

import keras
import numpy as np
import pytest

from experiments.configs.schema import Optimizer
from experiments.training.optimizers import CoupledSGD, build_optimizer


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


def test_sgd_config_round_trip():
    optimizer = CoupledSGD(
        0.2, momentum=0.8, nesterov=False, coupled_weight_decay=1e-3
    )
    again = CoupledSGD.from_config(optimizer.get_config())
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
    assert type(adam) is keras.optimizers.Adam
    assert adam.epsilon == 1e-8
    adamw = build_optimizer(Optimizer(name="adamw", weight_decay=0.1), 3, 2)
    assert adamw.weight_decay == 0.1
