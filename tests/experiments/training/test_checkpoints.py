"""The newest whole checkpoint is used, and a line names damage."""

import errno

import keras
import numpy as np
import pytest

from experiments.errors import ConfigError
from experiments.run_folder import (
    CHECKPOINTS,
    RunFolder,
    build_config,
)
from experiments.training import checkpoints
from experiments.training.checkpoints import load_checkpoint, save_checkpoint
from experiments.training.optimizers import CoupledSGD
from experiments.training.trainer import Trainer, compile_trainer

LAST, BEFORE = CHECKPOINTS


@pytest.fixture(scope="module")
def trainer():
    inputs = keras.Input((2,))
    trainer = Trainer(keras.Model(inputs, keras.layers.Dense(3)(inputs)))
    compile_trainer(trainer, CoupledSGD(), 3, jit_compile=False)
    trainer.optimizer.build(trainer.network.trainable_variables)
    return trainer


@pytest.fixture
def config(tiny):
    return build_config(tiny, 3)


@pytest.fixture
def folder(tmp_path, trainer, config):
    """Checkpoints of steps 4 and 6, the first at the end of an epoch."""
    folder = RunFolder(tmp_path / "tiny" / "seed_3")
    for step in (2, 4, 6):
        rows = [{"epoch": 0, "loss": 0.1 + 0.2}] if step >= 4 else []
        trainer.optimizer.iterations.assign(step)
        save_checkpoint(folder, trainer, step, rows, config)
    return folder


def load(folder, trainer, config):
    return load_checkpoint(folder, trainer, config, steps_per_epoch=4)


def test_the_last_two_are_kept(folder, trainer, config, capsys):
    assert sorted(p.name for p in folder.path.iterdir()) == [LAST, BEFORE]
    state = load(folder, trainer, config)
    assert (state["step"], state["optimizer.0"]) == (6, 6)
    assert state["rows"] == [{"epoch": 0, "loss": 0.1 + 0.2}]
    assert capsys.readouterr().out == ""


def empty(path):
    path.write_bytes(b"")


def cut(path):
    path.write_bytes(path.read_bytes()[:-300])


def flip(path):
    """Changes a weight in a file that stays whole."""
    with np.load(path) as file:
        content = dict(file)
    content["weights.0"][0, 0] += 1
    np.savez(path, **content)


def foreign(path):
    np.savez(path, probabilities=np.zeros((2, 3)))


def text(path):
    path.write_text("hello")


DAMAGES = {
    empty: "is empty",
    cut: "is damaged",
    flip: "is damaged: its checksum is another",
    foreign: "is no checkpoint",
    text: "is damaged",
}


@pytest.mark.parametrize("spoil", DAMAGES)
def test_the_one_before_takes_its_place(folder, trainer, config, capsys, spoil):
    spoil(folder / LAST)
    assert load(folder, trainer, config)["step"] == 4
    (line,) = capsys.readouterr().out.splitlines()
    assert f"{LAST} {DAMAGES[spoil]}" in line
    assert f"goes on from {BEFORE}, step 4" in line
    # The next one must not push out what is whole.
    save_checkpoint(folder, trainer, 5, [], config)
    (folder / LAST).unlink()
    assert load(folder, trainer, config)["step"] == 4


@pytest.mark.parametrize("spoil", DAMAGES)
def test_with_none_left_the_run_starts_over(
    folder, trainer, config, capsys, spoil
):
    for name in CHECKPOINTS:
        spoil(folder / name)
    assert load(folder, trainer, config) is None
    (line,) = capsys.readouterr().out.splitlines()
    assert LAST in line
    assert BEFORE in line
    assert "starts over" in line
    assert load(folder, trainer, config) is None
    assert capsys.readouterr().out == ""


def test_a_checkpoint_of_another_run_is_not_used(
    folder, trainer, config, capsys
):
    other = config | {"seed": 4}
    assert load(folder, trainer, other) is None
    assert "is of another run (seed is 3 and not 4)" in capsys.readouterr().out


def test_killed_between_two_names(folder, trainer, config, capsys):
    """The old one has its new name, the new one not yet."""
    (folder / LAST).rename(folder / BEFORE)
    assert load(folder, trainer, config)["step"] == 6
    assert capsys.readouterr().out == ""


def test_a_full_disk_costs_no_checkpoint(folder, trainer, config, monkeypatch):
    def write_half(path, **arrays):
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoints.np, "savez", write_half)
    with pytest.raises(ConfigError, match="No space left.*Free some space"):
        save_checkpoint(folder, trainer, 8, [], config)
    assert sorted(p.name for p in folder.path.iterdir()) == [LAST, BEFORE]
    assert load(folder, trainer, config)["step"] == 6
