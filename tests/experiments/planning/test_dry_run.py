"""A dry run builds and trains all that a run would, and leaves nothing."""

from dataclasses import replace

import pytest
import tensorflow as tf

from experiments.configs.schema import layer
from experiments.errors import ConfigError
from experiments.planning.dry_run import dry_run
from experiments.training.disk import shutil
from pipelines.location import Location


def try_out(experiments, workdir):
    return dry_run(
        experiments,
        seeds=range(3),
        workdir=workdir,
        location=Location("unused"),
        strategy=tf.distribute.get_strategy(),
    )


def test_time_and_disk_of_all_runs(tiny, tmp_path, capsys):
    on_device = replace(
        tiny,
        name="on_device",
        ema=0.9,
        epochs=5,
        augment=(layer("MixUp"),),
        data=replace(tiny.data, augment_on="device"),
    )
    first, second = try_out([tiny, on_device], tmp_path / "runs")
    # 96 images in batches of 24; 42 in two, after each epoch and at the end.
    assert (first.steps, first.evaluated) == (8, 6)
    assert (second.steps, second.evaluated) == (20, 22)
    for trial in (first, second):
        assert 0 < trial.train < trial.start
        assert 0 < trial.evaluate < trial.start
        assert 0 <= trial.waiting <= 1
        assert trial.seconds == pytest.approx(
            trial.start
            + trial.steps * trial.train
            + trial.evaluated * trial.evaluate
        )
    # The averages are in three checkpoints and two more networks.
    assert second.bytes > first.bytes + 4 * 4 * 19_770
    assert "6 runs: about" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


def test_a_disk_that_is_too_small_is_said_before(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(
        shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(9, 8, 1)
    )
    with pytest.raises(ConfigError, match="take about .* free for .*Free some"):
        try_out([tiny], tmp_path / "runs")
    assert not list(tmp_path.iterdir())
