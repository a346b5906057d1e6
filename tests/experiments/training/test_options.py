"""Options of training: each by its rule, and all of them through a kill."""

from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from experiments.configs.schema import Checkpoint, Optimizer, layer
from experiments.errors import ConfigError
from experiments.run_folder import EMA_FIELDS
from experiments.training.optimizers import build_optimizer, check_replicas
from experiments.training.trainer import Trainer, compile_trainer
from tests.experiments.training.short_runs import (
    history,
    killed_after,
    numbers,
    train,
)


def probabilities(folder):
    with np.load(folder / "predictions.npz") as file:
        return file["probabilities"]


def apply(optimizer, weights, gradients):
    """The weights after each gradient; they are one variable each."""
    variables = [keras.Variable(w, dtype="float32") for w in weights]
    optimizer.build(variables)

    @tf.function
    def step(gradients):
        optimizer.apply(gradients, variables)

    for each in gradients:
        step([tf.constant(g, tf.float32) for g in each])
        yield [v.numpy() for v in variables]


@pytest.fixture
def problem():
    """Two variables, and seven gradients of them."""
    random = np.random.default_rng(0)
    shapes = (3, 2), (4,)
    weights = [random.normal(size=shape) for shape in shapes]
    gradients = [[random.normal(size=s) for s in shapes] for _ in range(7)]
    return weights, gradients


def clipped(gradients, norm):
    total = np.sqrt(sum((g**2).sum() for g in gradients))
    return [g * min(1, norm / total) for g in gradients]


@pytest.mark.parametrize("scaled", [False, True])
def test_accumulated_and_clipped_by_the_rule_of_sgd(problem, scaled):
    """Also if mixed precision scales the loss."""
    weights, gradients = problem
    config = Optimizer(
        learning_rate=0.2,
        weight_decay=0.1,
        clip_norm=0.5,
        accumulate_steps=3,
        schedule="step",
        step_epochs=1,
    )
    # The rate drops with the fifth batch.
    optimizer = build_optimizer(config, epochs=2, steps_per_epoch=4)
    factor = 1.0
    if scaled:
        factor = 8.0
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer, factor)
    given = [[factor * g for g in each] for each in gradients]
    buffers = [0.0, 0.0]
    for step, found in enumerate(apply(optimizer, weights, given), 1):
        if step % 3 == 0:
            mean = np.mean(
                [
                    np.concatenate([g.ravel() for g in each])
                    for each in gradients[step - 3 : step]
                ],
                axis=0,
            )
            parts = clipped([mean[:6].reshape(3, 2), mean[6:]], 0.5)
            for index, g in enumerate(parts):
                g = g + 0.1 * weights[index]
                buffers[index] = 0.9 * buffers[index] + g
                rate = 0.2 if step <= 4 else 0.02
                weights[index] = weights[index] - rate * (
                    g + 0.9 * buffers[index]
                )
        for got, expected in zip(found, weights, strict=True):
            np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)


def test_lion_by_its_rule(problem):
    weights, gradients = problem
    config = Optimizer("lion", 0.01, weight_decay=0.1)
    optimizer = build_optimizer(config, 1, 7)
    means = [0.0, 0.0]
    for found, given in zip(
        apply(optimizer, weights, gradients), gradients, strict=True
    ):
        for index, g in enumerate(given):
            w = weights[index] * (1 - 0.01 * 0.1)
            weights[index] = w - 0.01 * np.sign(0.9 * means[index] + 0.1 * g)
            means[index] = 0.99 * means[index] + 0.01 * g
        for got, expected in zip(found, weights, strict=True):
            np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)


def test_lamb_by_its_rule(problem):
    """With Keras's decoupled decay, outside of the trust ratio."""
    weights, gradients = problem
    config = Optimizer("lamb", 0.01, weight_decay=0.1, epsilon=1e-6)
    optimizer = build_optimizer(config, 1, 7)
    means, squares = [0.0, 0.0], [0.0, 0.0]
    for step, (found, given) in enumerate(
        zip(apply(optimizer, weights, gradients), gradients, strict=True), 1
    ):
        for index, g in enumerate(given):
            w = weights[index] * (1 - 0.01 * 0.1)
            means[index] = 0.9 * means[index] + 0.1 * g
            squares[index] = 0.999 * squares[index] + 0.001 * g**2
            mean = means[index] / (1 - 0.9**step)
            square = squares[index] / (1 - 0.999**step)
            move = mean / (np.sqrt(square) + 1e-6)
            ratio = np.linalg.norm(w) / np.linalg.norm(move)
            weights[index] = w - 0.01 * ratio * move
        for got, expected in zip(found, weights, strict=True):
            np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-6)


def test_several_replicas_neither_clip_nor_accumulate():
    check_replicas(Optimizer(clip_norm=1.0, accumulate_steps=2), 1)
    check_replicas(Optimizer(), 2)
    with pytest.raises(ConfigError, match="clip_norm=1.0 works on one device"):
        check_replicas(Optimizer(clip_norm=1.0), 2)
    with pytest.raises(ConfigError, match="accumulate_steps=2 works on one"):
        check_replicas(Optimizer(accumulate_steps=2), 2)


def softmax(logits):
    exp = np.exp(logits - logits.max(1, keepdims=True))
    return exp / exp.sum(1, keepdims=True)


@pytest.mark.parametrize("accumulate", [1, 2])
def test_smoothed_labels_and_averaged_weights(accumulate):
    """A linear classifier has a gradient that is known."""
    random = np.random.default_rng(1)
    images = random.normal(size=(5, 8, 4)).astype(np.float32)
    labels = np.eye(3, dtype=np.float32)[random.integers(0, 3, (5, 8))]
    inputs = keras.Input((4,))
    network = keras.Model(inputs, keras.layers.Dense(3)(inputs))
    weights = network.variables[0].numpy().astype(float)
    bias = np.zeros(3)
    trainer = Trainer(network, label_smoothing=0.3, ema=0.8)
    config = Optimizer(
        learning_rate=0.5, momentum=0.0, accumulate_steps=accumulate
    )
    compile_trainer(trainer, build_optimizer(config, 1, 5), 3, False)
    averages, kept = None, []
    for step, (x, y) in enumerate(zip(images, labels, strict=True), 1):
        trainer.fit(tf.data.Dataset.from_tensors((x, y)), verbose=0)
        error = (softmax(x @ weights + bias) - (0.7 * y + 0.1)) / 8
        kept.append((x.T @ error, error.sum(0)))
        if step % accumulate == 0:
            weights = weights - 0.5 * np.mean([g for g, _ in kept], 0)
            bias = bias - 0.5 * np.mean([g for _, g in kept], 0)
            kept = []
            if averages is None:
                averages = weights, bias
            averages = [
                0.8 * a + 0.2 * w
                for a, w in zip(averages, (weights, bias), strict=True)
            ]
    np.testing.assert_allclose(network.variables[0], weights, rtol=1e-4)
    for got, expected in zip(trainer.averages, averages, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-6)
    # Evaluation is on plain labels, and with the averages if asked for.
    x, y = images[0], labels[0]

    def loss():
        found = trainer.evaluate(x, y, verbose=0, return_dict=True)
        return found["loss"]

    def expected(w, b):
        return -np.log((softmax(x @ w + b) * y).sum(1)).mean()

    assert loss() == pytest.approx(expected(weights, bias), rel=1e-4)
    with trainer.averaged():
        assert loss() == pytest.approx(expected(*averages), rel=1e-4)
    assert loss() == pytest.approx(expected(weights, bias), rel=1e-4)


@pytest.fixture(scope="module")
def all_of_it(tiny):
    return replace(
        tiny,
        label_smoothing=0.1,
        ema=0.4,
        judged="ema",
        unmixed_epochs=1,
        optimizer=replace(tiny.optimizer, clip_norm=1.0, accumulate_steps=3),
        checkpoint=Checkpoint(every_steps=1),
    )


@pytest.fixture(scope="module")
def whole(all_of_it, tmp_path_factory):
    return train(all_of_it, tmp_path_factory.mktemp("whole"))


def test_all_of_it_goes_on_bit_for_bit(all_of_it, whole, tmp_path):
    """Killed in the unmixed epoch, between two updates of the weights."""
    with killed_after(step=7):
        train(all_of_it, tmp_path)
    assert numbers(train(all_of_it, tmp_path)) == numbers(whole)


def test_averaged_weights_are_evaluated_saved_and_compared(whole):
    last = whole.history()[-1]
    assert set(EMA_FIELDS) <= set(last)
    assert last["ema_val_loss"] != last["val_loss"]
    with np.load(whole / "predictions.npz") as file:
        labels = file["labels"]
    found = probabilities(whole)
    surprise = -np.log(found[np.arange(len(labels)), labels])
    assert surprise.mean() == pytest.approx(last["ema_val_loss"], rel=1e-4)
    assert (whole / "ema.keras").stat().st_size > 0
    assert not whole.changed_results()


@pytest.fixture
def mixing(tiny):
    return replace(
        tiny,
        augment=(layer("RandomFlip"), layer("MixUp")),
        optimizer=Optimizer(learning_rate=0.05),
    )


def test_mixing_rests_at_the_end(mixing, tmp_path):
    half = replace(mixing, unmixed_epochs=1)
    (mixed, unmixed), (always, still_mixed) = (
        history(train(experiment, tmp_path / str(number)))
        for number, experiment in enumerate([half, mixing])
    )
    assert mixed == always
    assert unmixed["loss"] != still_mixed["loss"]


@pytest.mark.parametrize("place", ["host", "device"])
def test_what_rests_is_as_if_it_were_not_there(mixing, tmp_path, place):
    data = replace(mixing.data, augment_on=place)
    never = replace(mixing, data=data, epochs=1, unmixed_epochs=1)
    without = replace(never, augment=mixing.augment[:1])
    expected = numbers(train(without, tmp_path / "without"))
    assert numbers(train(never, tmp_path / "never")) == expected


def test_more_epochs_if_the_schedule_allows_it(tiny, tmp_path, capsys):
    steps = replace(
        tiny,
        optimizer=replace(tiny.optimizer, schedule="step", step_epochs=1),
    )
    one = replace(steps, epochs=1)
    whole = train(steps, tmp_path / "whole")
    folder = train(one, tmp_path / "longer")
    longer = train(steps, tmp_path / "longer")
    assert longer.path == folder.path
    assert "resuming after step 4" in capsys.readouterr().out
    assert numbers(longer) == numbers(whole)
    assert longer.metrics()["status"] == "finished"
    assert longer.read_json("config.json")["epochs"] == 2
    with pytest.raises(ConfigError, match="epochs is 2 there and 1 here"):
        train(one, tmp_path / "longer")
