"""Optimizers and learning-rate schedules from a config."""

import keras
import tensorflow as tf

from experiments.errors import ConfigError


class _Forgettable(keras.optimizers.Optimizer):
    """Adds gradients over replicas only if there are several.

    Keras adds them over a single replica, too, with a function that TensorFlow
    keeps for the life of the process, and with it the variables of the train
    step: each run would leave its weights behind.
    """

    def _all_reduce_sum_gradients(self, grads_and_vars):
        context = tf.distribute.get_replica_context()
        if context is not None and context.num_replicas_in_sync == 1:
            return list(grads_and_vars)
        return super()._all_reduce_sum_gradients(grads_and_vars)


@keras.saving.register_keras_serializable("experiments")
class CoupledSGD(_Forgettable):
    """SGD with momentum and coupled weight decay, as in PyTorch.

    g += weight_decay * w; m = momentum * m + g; w -= rate * (g + momentum *
    m with `nesterov`, else m). Keras's SGD differs twice: its weight decay is
    decoupled, and its momentum contains the learning rate, so that a drop of
    the rate takes effect late. Decay applies to every variable.

    Args:
        learning_rate: Float or schedule.
        momentum: Float in [0, 1).
        nesterov: Whether to look ahead.
        coupled_weight_decay: Float, times the weights, added to the gradient.
    """

    def __init__(
        self,
        learning_rate=0.1,
        momentum=0.9,
        nesterov=True,
        coupled_weight_decay=0.0,
        name="coupled_sgd",
        **kwargs,
    ):
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        self.momentum = momentum
        self.nesterov = nesterov
        self.coupled_weight_decay = coupled_weight_decay

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self.momentums = self.add_optimizer_variables(variables, "momentum")

    def update_step(self, gradient, variable, learning_rate):
        rate = keras.ops.cast(learning_rate, variable.dtype)
        gradient = keras.ops.cast(gradient, variable.dtype)
        gradient = gradient + self.coupled_weight_decay * variable
        buffer = self.momentums[self._get_variable_index(variable)]
        velocity = self.momentum * buffer + gradient
        self.assign(buffer, velocity)
        if self.nesterov:
            velocity = gradient + self.momentum * velocity
        self.assign_sub(variable, rate * velocity)

    def get_config(self):
        return {
            **super().get_config(),
            "momentum": self.momentum,
            "nesterov": self.nesterov,
            "coupled_weight_decay": self.coupled_weight_decay,
        }


@keras.saving.register_keras_serializable("experiments")
class Algorithm1Adam(_Forgettable):
    """Adam with the epsilon of Algorithm 1 of its paper, and of PyTorch.

    m += (1 - beta_1) * (g - m); v += (1 - beta_2) * (g^2 - v); then, with t
    steps made, w -= rate * m / (1 - beta_1^t) / (sqrt(v / (1 - beta_2^t)) +
    epsilon). Keras's Adam adds epsilon to sqrt(v) before the correction. That
    makes epsilon 1 / sqrt(1 - beta_2^t) times as large: 32 times in the first
    step, 7 times in the 20th. If gradients are small, weights move less: by
    12 % after 20 steps with normal gradients of deviation 1e-6 and an epsilon
    of 1e-8.

    References:
        Kingma and Ba, Adam: A Method for Stochastic Optimization, ICLR 2015,
        https://arxiv.org/abs/1412.6980

    Args:
        learning_rate: Float or schedule.
        beta_1: Float in [0, 1), decay of the mean of the gradients.
        beta_2: Float in [0, 1), decay of the mean of their squares.
        epsilon: Float, added to the root of the corrected mean.
        **kwargs: As of Keras's optimizers; `weight_decay` is decoupled, which
            makes this AdamW.
    """

    def __init__(
        self,
        learning_rate=0.001,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        name="algorithm_1_adam",
        **kwargs,
    ):
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self.means, self.squares = self.add_optimizer_variables(
            variables, ("mean", "square")
        )

    def update_step(self, gradient, variable, learning_rate):
        rate = keras.ops.cast(learning_rate, variable.dtype)
        gradient = keras.ops.cast(gradient, variable.dtype)
        step = keras.ops.cast(self.iterations + 1, variable.dtype)
        index = self._get_variable_index(variable)
        mean, square = self.means[index], self.squares[index]
        self.assign_add(mean, (1 - self.beta_1) * (gradient - mean))
        self.assign_add(
            square,
            (1 - self.beta_2) * (keras.ops.square(gradient) - square),
        )
        # The fraction is expanded by the root of the correction, which saves
        # a division by it for every weight.
        root = keras.ops.sqrt(1 - keras.ops.power(self.beta_2, step))
        rate = rate * root / (1 - keras.ops.power(self.beta_1, step))
        self.assign_sub(
            variable,
            rate * mean / (keras.ops.sqrt(square) + root * self.epsilon),
        )

    def get_config(self):
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }


class ForgettableLamb(_Forgettable, keras.optimizers.Lamb):
    pass


class ForgettableLion(_Forgettable, keras.optimizers.Lion):
    pass


def build_optimizer(config, epochs, steps_per_epoch):
    """Builds the optimizer of an `experiments.configs.schema.Optimizer`."""
    rate = _learning_rate(config, epochs, steps_per_epoch)
    steps = config.accumulate_steps
    common = {
        "global_clipnorm": config.clip_norm,
        "gradient_accumulation_steps": steps if steps > 1 else None,
    }
    if config.name == "sgd":
        return CoupledSGD(
            rate,
            momentum=config.momentum,
            nesterov=config.nesterov,
            coupled_weight_decay=config.weight_decay,
            **common,
        )
    if config.name in ("lamb", "lion"):
        common["weight_decay"] = config.weight_decay or None
        if config.name == "lion":
            return ForgettableLion(rate, **common)
        return ForgettableLamb(rate, epsilon=config.epsilon, **common)
    return Algorithm1Adam(
        rate,
        epsilon=config.epsilon,
        weight_decay=config.weight_decay if config.name == "adamw" else None,
        **common,
    )


def check_replicas(config, replicas):
    """Refuses settings that Keras gets wrong if replicas share a batch.

    Keras clips each replica's gradients before they are added up. It adds up
    accumulated gradients inside a condition, in which replicas cannot exchange
    values.

    Raises:
        ConfigError: names the field.
    """
    if replicas == 1:
        return
    for field, unused in (("clip_norm", None), ("accumulate_steps", 1)):
        value = getattr(config, field)
        if value != unused:
            raise ConfigError(
                f"optimizer.{field}={value} works on one device, and there are "
                f"{replicas} replicas: use --strategy=default, or leave it out."
            )


def compute_learning_rates(config, epochs, steps_per_epoch):
    """The learning rate of each epoch's first step."""
    rate = _learning_rate(config, epochs, steps_per_epoch)
    if isinstance(rate, float):
        return [rate] * epochs
    return [float(rate(epoch * steps_per_epoch)) for epoch in range(epochs)]


def _learning_rate(config, epochs, steps_per_epoch):
    schedules = keras.optimizers.schedules
    if config.schedule == "cosine":
        warmup = round(min(config.warmup_epochs, epochs) * steps_per_epoch)
        return schedules.CosineDecay(
            0.0 if warmup else config.learning_rate,
            max(epochs * steps_per_epoch - warmup, 1),
            warmup_target=config.learning_rate if warmup else None,
            warmup_steps=warmup,
        )
    if config.schedule == "step":
        # One at least: a longer run goes on from a checkpoint of this one, and
        # an optimizer of a constant rate has a variable more.
        end = max(epochs, config.step_epochs + 1)
        drops = range(config.step_epochs, end, config.step_epochs)
        rates = [
            config.learning_rate * config.step_factor**drop
            for drop in range(len(drops) + 1)
        ]
        # Keras keeps a rate up to and including its boundary.
        boundaries = [drop * steps_per_epoch - 1 for drop in drops]
        return schedules.PiecewiseConstantDecay(boundaries, rates)
    return config.learning_rate
