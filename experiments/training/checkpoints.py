"""Checkpoints: the state of a training run, from which it goes on exactly."""

import hashlib
import json

import keras
import numpy as np

from experiments.run_folder import CHECKPOINTS, locate_difference
from pipelines.files.arrays import Damaged, read_arrays

_LAST, _BEFORE = CHECKPOINTS


def save_checkpoint(folder, trainer, step, rows, config, do=None):
    """Writes weights, optimizer and the epoch's metrics so far.

    The last checkpoint is kept beside the new one. A copy of the state is
    written: the training may go on at once.

    Args:
        folder: The `RunFolder`.
        trainer: The compiled `Trainer`.
        step: Batches trained so far, over all epochs.
        rows: Rows of history.csv so far.
        config: As `experiments.run_folder.build_config` returns it.
        do: Function that calls a function, now or while the training goes on;
            None: now.
    """
    arrays = {
        f"{group}.{index}": np.array(keras.ops.convert_to_numpy(variable))
        for group, variables in _state(trainer).items()
        for index, variable in enumerate(variables)
    }
    arrays["step"] = np.array(step)
    arrays["about"] = np.array(json.dumps({"rows": rows, "config": config}))

    def write():
        arrays["checksum"] = _checksum(arrays)
        folder.replace(_LAST, lambda path: np.savez(path, **arrays), _BEFORE)

    (do or (lambda work: work()))(write)


def load_checkpoint(folder, trainer, config, steps_per_epoch):
    """Loads the newest whole checkpoint.

    A damaged one is removed, and a line says what is wrong with it.

    Args:
        folder: The `RunFolder`.
        trainer: The compiled `Trainer` that it is for.
        config: As for `save_checkpoint`.
        steps_per_epoch: Batches in an epoch.

    Returns:
        {name: array}, with "step" and the list "rows" among them, or None.
    """
    wrong = []
    for name in CHECKPOINTS:
        try:
            arrays = read_arrays(folder / name)
            _check(arrays, trainer, config)
            epochs = int(arrays["step"]) // steps_per_epoch
            arrays["rows"] = _read_about(arrays)["rows"][:epochs]
        except FileNotFoundError:
            continue
        except Damaged as error:
            wrong.append(f"{name} {error}")
            (folder / name).unlink(missing_ok=True)
            continue
        _print_note(
            wrong, f"the run goes on from {name}, step {arrays['step']}"
        )
        return arrays
    if not wrong and (folder / "history.csv").exists():
        wrong = ["there is no checkpoint"]
    _print_note(wrong, "nothing is left to go on from: the run starts over")
    return None


def _print_note(wrong, then):
    if wrong:
        print(f"  note      {'; '.join([*wrong, then])}", flush=True)


def _check(arrays, trainer, config):
    if not {"step", "about", "checksum"} <= arrays.keys():
        raise Damaged("is no checkpoint")
    if not np.array_equal(arrays.pop("checksum"), _checksum(arrays)):
        raise Damaged("is damaged: its checksum is another")
    if found := locate_difference(_read_about(arrays)["config"], config):
        field, old, new = found
        raise Damaged(f"is of another run ({field} is {old} and not {new})")
    weights = [np.shape(v) for v in _state(trainer)["weights"]]
    if weights != [np.shape(a) for a in _group(arrays, "weights")]:
        raise Damaged("is of another network")


def _read_about(arrays):
    """{"rows", "config"} of a checkpoint."""
    return json.loads(str(arrays["about"]))


def _checksum(arrays):
    digest = hashlib.blake2b(digest_size=16)
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype} {array.shape} ".encode())
        digest.update(array.view(np.uint8))
    return np.frombuffer(digest.digest(), np.uint8)


def restore_model(trainer, arrays):
    """Sets weights and optimizer to a checkpoint's."""
    _assign(trainer, arrays, ("weights", "optimizer", "averages"))


def restore_metrics(trainer, arrays):
    """Sets the metrics to a checkpoint's: those of its epoch so far."""
    _assign(trainer, arrays, ("metrics",))


def _assign(trainer, arrays, groups):
    state = _state(trainer)
    for group in groups:
        # From the end: in mixed precision the optimizer has more variables,
        # before the others, and a run may change its precision.
        for variable, value in zip(
            reversed(state[group]),
            reversed(_group(arrays, group)),
            strict=False,
        ):
            variable.assign(value)


def _group(arrays, group):
    count = sum(name.startswith(f"{group}.") for name in arrays)
    return [arrays.get(f"{group}.{index}") for index in range(count)]


def list_state(trainer):
    """A list of the variables that a checkpoint holds."""
    return sum(map(list, _state(trainer).values()), [])


def _state(trainer):
    return {
        "weights": trainer.network.variables,
        "optimizer": trainer.optimizer.variables,
        "averages": trainer.averages,
        "metrics": [v for m in trainer.metrics for v in m.variables],
    }
