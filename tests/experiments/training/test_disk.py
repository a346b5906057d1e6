"""The disk space of a run is estimated, and checked before data is read."""

import shutil
from collections import namedtuple
from dataclasses import replace

import pytest

from experiments.configs.schema import Optimizer
from experiments.errors import ConfigError
from experiments.training import disk
from experiments.training import run as runs
from experiments.training.run import open_session
from tests.experiments.training.short_runs import make_spec, train

Usage = namedtuple("Usage", "total used free")


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
def test_estimate_before_data_is_read_is_near(tiny, tmp_path, name):
    """It lacks the space that depends on the data, which is small for tiny."""
    experiment = replace(tiny, optimizer=Optimizer(name, 0.01))
    before = disk.estimate_bytes(experiment)
    with open_session(make_spec(experiment, tmp_path)) as session:
        after = disk.compute_bytes(
            experiment, session.trainer, session.data, session.classes
        )
    assert before <= after < 1.1 * before


def test_a_run_writes_no_more_than_it_needs(tiny, trained):
    experiment = replace(tiny, epochs=1)
    files = (p for p in trained.path.rglob("*") if p.is_file())
    written = sum(p.stat().st_size for p in files)
    assert written < disk.estimate_bytes(experiment)
