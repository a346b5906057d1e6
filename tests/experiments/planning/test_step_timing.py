"""Steps are measured without the data, and once for arms alike."""

from dataclasses import replace

import pytest
import tensorflow as tf

from experiments.configs.schema import layer
from experiments.errors import ConfigError
from experiments.planning.image_counts import count_images
from experiments.planning.side_by_side import time_side_by_side
from experiments.planning.step_timing import StepTimer, build_stand_in
from pipelines.location import Location


@pytest.mark.parametrize("augment_on", ["host", "device"])
def test_steps_are_measured(tiny, tmp_path, monkeypatch, augment_on):
    monkeypatch.setattr("experiments.training.timing._SECONDS", 0.05)
    timer = StepTimer(tf.distribute.get_strategy())
    data = replace(tiny.data, augment_on=augment_on)
    arms = [
        replace(tiny, data=data),
        # Differs in fields that no step depends on.
        replace(tiny, data=data, name="placebo", seed_offset=1000, epochs=9),
        replace(tiny, data=data, augment=(layer("CutMix"),)),
    ]
    counts = count_images(data, Location(tmp_path))
    first, placebo, other = (
        timer.time(arm, build_stand_in(data, counts)) for arm in arms
    )
    assert first is placebo
    assert other is not first
    assert first.start > first.train > 0
    assert first.evaluate > 0


def test_a_config_that_cannot_run_is_refused_by_its_process(tiny, tmp_path):
    counts = count_images(tiny.data, Location(tmp_path))
    wrong = replace(tiny, model=replace(tiny.model, classes=2))
    with pytest.raises(ConfigError, match="model.classes=2 is less than the"):
        time_side_by_side([wrong], [counts], jobs=1, threads=1)
