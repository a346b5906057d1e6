"""What a run writes is known, and whether it fits, before data is read."""

import shutil
from collections import namedtuple
from dataclasses import replace

import pytest
import tensorflow as tf

from experiments.configs.schema import Optimizer
from experiments.errors import ConfigError
from experiments.run_folder import RunFolder
from experiments.training import disk
from experiments.training import run as runs
from pipelines.location import Location

Usage = namedtuple("Usage", "total used free")


def train(experiment, workdir):
    runs.run(
        experiment,
        seed=0,
        workdir=workdir,
        location=Location("unused"),
        strategy=tf.distribute.get_strategy(),
    )


def test_full_disk_is_told_before_data_is_read(tiny, tmp_path, monkeypatch):
    def no_data(*args):
        raise AssertionError("data was read")

    monkeypatch.setattr(runs, "load_data", no_data)
    monkeypatch.setattr(
        shutil, "disk_usage", lambda path: Usage(2**30, 0, 10 * 2**20)
    )
    with pytest.raises(ConfigError, match="0.01 GiB are free for .*tiny") as e:
        train(tiny, tmp_path)
    assert "Free some space or choose another --workdir" in str(e.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_estimate_is_what_a_run_writes(tiny, tmp_path, monkeypatch, name):
    """But for what comes with the data, and is small here."""
    experiment = replace(tiny, epochs=1, optimizer=Optimizer(name, 0.01))
    estimates = []
    check = disk.check_room

    def noting(folder, needed):
        estimates.append(needed)
        return check(folder, needed)

    monkeypatch.setattr(disk, "check_room", noting)
    monkeypatch.setattr(disk, "_PLENTY", 2**60)
    disk.check_room_for_network(RunFolder(tmp_path), experiment)
    (before,) = estimates
    monkeypatch.setattr("experiments.training.session.check_room", noting)
    train(experiment, tmp_path)
    after = estimates[-1]
    assert before <= after < 1.1 * before
    (folder,) = tmp_path.glob("tiny/*")
    written = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
    assert written < after
