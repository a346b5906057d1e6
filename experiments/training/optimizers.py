"""Optimizers and learning-rate schedules from a config."""

import keras


@keras.saving.register_keras_serializable("experiments")
class CoupledSGD(keras.optimizers.Optimizer):
    """SGD with momentum and coupled weight decay, as PyTorch has it.

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


def build_optimizer(config, epochs, steps_per_epoch):
    """The optimizer of an `experiments.configs.schema.Optimizer`."""
    rate = _learning_rate(config, epochs, steps_per_epoch)
    if config.name == "sgd":
        return CoupledSGD(
            rate,
            momentum=config.momentum,
            nesterov=config.nesterov,
            coupled_weight_decay=config.weight_decay,
        )
    if config.name == "adamw":
        return keras.optimizers.AdamW(
            rate, weight_decay=config.weight_decay, epsilon=config.epsilon
        )
    return keras.optimizers.Adam(rate, epsilon=config.epsilon)


def epoch_learning_rates(config, epochs, steps_per_epoch):
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
        drops = range(config.step_epochs, epochs, config.step_epochs)
        rates = [
            config.learning_rate * config.step_factor**drop
            for drop in range(len(drops) + 1)
        ]
        # Keras keeps a rate up to and including its boundary.
        boundaries = [drop * steps_per_epoch - 1 for drop in drops]
        if boundaries:
            return schedules.PiecewiseConstantDecay(boundaries, rates)
    return config.learning_rate
