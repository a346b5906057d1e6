"""The state of a training run in one file, so that it can go on exactly."""

import keras
import numpy as np

CHECKPOINT = "checkpoint.npz"


def save_checkpoint(folder, trainer, step):
    """Writes weights, optimizer and the epoch's metrics so far.

    Args:
        folder: The `RunFolder`.
        trainer: The compiled `Trainer`.
        step: Batches trained so far, over all epochs.
    """
    arrays = {
        f"{group}.{index}": keras.ops.convert_to_numpy(variable)
        for group, variables in _state(trainer).items()
        for index, variable in enumerate(variables)
    }

    def write(path):
        np.savez(path, step=step, **arrays)

    folder.replace(CHECKPOINT, write)


def load_checkpoint(folder):
    """The arrays of the last checkpoint, `step` among them, or None."""
    path = folder / CHECKPOINT
    if not path.is_file():
        return None
    with np.load(path) as file:
        return dict(file)


def restore_model(trainer, arrays):
    """Sets weights and optimizer to a checkpoint's."""
    _assign(trainer, arrays, ("weights", "optimizer"))


def restore_metrics(trainer, arrays):
    """Sets the metrics to a checkpoint's: the part of its epoch before it."""
    _assign(trainer, arrays, ("metrics",))


def _assign(trainer, arrays, groups):
    state = _state(trainer)
    for group in groups:
        saved = [
            arrays[f"{group}.{index}"]
            for index in range(sum(k.startswith(f"{group}.") for k in arrays))
        ]
        # From the end: in mixed precision the optimizer has variables of its
        # own before the others, and a run may go on without or begin with it.
        for variable, value in zip(
            reversed(state[group]), reversed(saved), strict=False
        ):
            variable.assign(value)


def _state(trainer):
    return {
        "weights": trainer.network.variables,
        "optimizer": trainer.optimizer.variables,
        "metrics": [v for m in trainer.metrics for v in m.variables],
    }
