"""Settings that cannot work in a training of some length."""

import math

from experiments.errors import ConfigError

# Share of an average that the weights of the first update may have. In the demo
# (111 updates) 11 % cost nothing, 33 % a point, 57 % eleven, 90 % everything.
_NOTED, _REFUSED = 0.2, 0.5
# Spans of an average in a training: the first weights then count 1 %.
_SPANS = 5


def check_length(experiment, images, steps):
    """Refuses settings that cannot work at this length, and notes others.

    Args:
        experiment: An `experiments.configs.schema.Experiment`.
        images: Number of training images.
        steps: Batches in an epoch.

    Returns:
        A list of sentences without a full stop, each with a value that would
        work.

    Raises:
        ConfigError: if there is no whole batch, no update of the weights, or
            if the averaged weights that are evaluated are those of the start.
    """
    epochs, optimizer = experiment.epochs, experiment.optimizer
    if steps == 0:
        raise ConfigError(
            f"data.batch_size={experiment.data.batch_size} is larger than the "
            f"{images} training images; set it lower."
        )
    accumulated = optimizer.accumulate_steps
    if steps * epochs < accumulated:
        raise ConfigError(
            f"optimizer.accumulate_steps={accumulated} is more than the "
            f"{steps * epochs} steps of the run, which would learn nothing; "
            "set it lower."
        )
    notes = [
        _check_average(experiment, steps * epochs // accumulated),
        _check_schedule(optimizer, epochs),
    ]
    if accumulated > steps:
        notes.append(
            f"optimizer.accumulate_steps={accumulated} is more than the "
            f"{steps} steps of an epoch, so weights change "
            f"{steps * epochs // accumulated} times in the whole training; "
            f"set it to {steps} or less"
        )
    patience = experiment.early_stop
    if patience is not None and patience >= epochs:
        fitting = f"set it to {epochs // 2}" if epochs > 1 else "leave it out"
        notes.append(
            f"early_stop={patience} never ends a training of {epochs} epochs; "
            f"{fitting}"
        )
    if experiment.augment and experiment.unmixed_epochs == epochs:
        notes.append(
            f"unmixed_epochs={epochs} are all epochs, so no layer ever mixes "
            f"images; set it to {epochs // 10}"
        )
    return list(filter(None, notes))


def _check_average(experiment, updates):
    """Notes or refuses an average that is mostly of the first weights."""
    ema = experiment.ema
    share = 0.0 if ema is None else ema ** (updates - 1)
    if share <= _NOTED:
        return None
    span = updates / _SPANS
    # Two digits, rounded to the side of a shorter average.
    digits = max(2, math.ceil(math.log10(span)) + 1)
    fitting = math.floor((1 - 1 / span) * 10**digits) / 10**digits
    mend = f"set it to {fitting:g} or less" if fitting > 0 else "leave it out"
    sentence = (
        f"ema={ema:g} with {updates} updates: {share:.0%} of the averaged "
        f"weights are those of the first update; {mend}"
    )
    if experiment.judged == "ema" and share > _REFUSED:
        raise ConfigError(f"{sentence}, or train longer.")
    return sentence


def _check_schedule(optimizer, epochs):
    """Notes a schedule that ends after the training."""
    warmup = optimizer.warmup_epochs
    if optimizer.schedule == "cosine" and warmup >= epochs:
        return (
            f"optimizer.warmup_epochs={warmup:g} is not less than "
            f"epochs={epochs}, so the learning rate only rises; set it to "
            f"{epochs / 20:g}"
        )
    if optimizer.schedule != "cosine" and warmup:
        return (
            f"optimizer.warmup_epochs={warmup:g} goes with "
            "optimizer.schedule=cosine; there is no warm-up"
        )
    if optimizer.schedule == "step" and optimizer.step_epochs >= epochs > 1:
        return (
            f"optimizer.step_epochs={optimizer.step_epochs} is not less than "
            f"epochs={epochs}, so the learning rate never drops; "
            f"set it to {math.ceil(epochs / 3)}"
        )
    return None
