"""The state of a training run in one file, so that it can go on exactly."""

import hashlib
import json

import keras
import numpy as np

from experiments.run_folder import CHECKPOINTS, of_another_run
from pipelines.files.arrays import Damaged, read_arrays

_LAST, _BEFORE = CHECKPOINTS


def save_checkpoint(folder, trainer, step, rows, config, do=None):
    """Writes weights, optimizer and the epoch's metrics so far.

    The last checkpoint is kept beside the new one. What is written is a copy:
    the training may go on at once.

    Args:
        folder: The `RunFolder`.
        trainer: The compiled `Trainer`.
        step: Batches trained so far, over all epochs.
        rows: Of history.csv so far.
        config: Of the run, as `experiments.run_folder.config_of`.
        do: Function that calls another, now or while the training goes on;
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
    """The newest whole checkpoint, or None.

    Says in a line each what is wrong with one, and removes it.

    Args:
        folder: The `RunFolder`.
        trainer: The compiled `Trainer` that it is for.
        config: As for `save_checkpoint`.
        steps_per_epoch: Batches in an epoch.

    Returns:
        {name: array}, "step" and the list "rows" among them.
    """
    wrong = []
    for name in CHECKPOINTS:
        try:
            arrays = read_arrays(folder / name)
            _check(arrays, trainer, config)
            arrays["rows"] = _rows(arrays, folder, steps_per_epoch)
        except FileNotFoundError:
            continue
        except Damaged as error:
            wrong.append(f"{name} {error}")
            (folder / name).unlink(missing_ok=True)
            continue
        _tell(wrong, f"the run goes on from {name}, step {arrays['step']}")
        return arrays
    if not wrong and (folder / "history.csv").exists():
        wrong = ["there is no checkpoint"]
    _tell(wrong, "nothing is left to go on from: the run starts over")
    return None


def _tell(wrong, then):
    if wrong:
        print(f"  note      {'; '.join([*wrong, then])}", flush=True)


def _check(arrays, trainer, config):
    if "step" not in arrays or np.shape(arrays["step"]) != ():
        raise Damaged("is no checkpoint")
    if "checksum" not in arrays:
        # That of an earlier version.
        arrays.pop("about", None)
    elif not np.array_equal(arrays.pop("checksum"), _checksum(arrays)):
        raise Damaged("is damaged: its checksum is another")
    if "about" in arrays:
        there = json.loads(str(arrays["about"]))["config"]
        if found := of_another_run(there, config):
            field, old, new = found
            raise Damaged(f"is of another run ({field} is {old} and not {new})")
    state = _state(trainer)
    weights = [np.shape(v) for v in state["weights"]]
    if weights != [np.shape(a) for a in _group(arrays, "weights")]:
        raise Damaged("is of another network")


def _rows(arrays, folder, steps_per_epoch):
    """Of history.csv, which cannot be trusted where there are others."""
    epochs = int(arrays["step"]) // steps_per_epoch
    if "about" in arrays:
        return json.loads(str(arrays["about"]))["rows"][:epochs]
    try:
        rows = folder.history()[:epochs]
    except (ValueError, TypeError):
        rows = []
    if len(rows) != epochs:
        raise Damaged("is of an earlier version, and history.csv is damaged")
    return rows


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
    """Sets the metrics to a checkpoint's: the part of its epoch before it."""
    _assign(trainer, arrays, ("metrics",))


def _assign(trainer, arrays, groups):
    state = _state(trainer)
    for group in groups:
        # From the end: in mixed precision the optimizer has variables of its
        # own before the others, and a run may go on without or begin with it.
        for variable, value in zip(
            reversed(state[group]),
            reversed(_group(arrays, group)),
            strict=False,
        ):
            variable.assign(value)


def _group(arrays, group):
    count = sum(name.startswith(f"{group}.") for name in arrays)
    return [arrays.get(f"{group}.{index}") for index in range(count)]


def state_variables(trainer):
    """All that a checkpoint holds, in a list."""
    return sum(map(list, _state(trainer).values()), [])


def _state(trainer):
    return {
        "weights": trainer.network.variables,
        "optimizer": trainer.optimizer.variables,
        "averages": trainer.averages,
        "metrics": [v for m in trainer.metrics for v in m.variables],
    }
