"""Settings that speed up an accelerator change no number."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from experiments.configs.schema import Checkpoint, layer
from experiments.errors import ConfigError, Interrupted
from experiments.runtime import devices
from experiments.runtime.interruption import Request
from experiments.training.callbacks import Checkpoints
from pipelines.config import Data
from tests.experiments.training.short_runs import numbers, train


@pytest.fixture(scope="module")
def plain(tiny, tmp_path_factory):
    """On the device, one step at a time, images on the host."""
    experiment = replace(
        tiny,
        data=replace(tiny.data, augment_on="device"),
        augment=(layer("RandomFlip"),),
    )
    folder = train(experiment, tmp_path_factory.mktemp("plain"))
    return experiment, numbers(folder)


def test_several_steps_in_a_call(plain, tmp_path, monkeypatch):
    experiment, expected = plain
    saved = []
    do = Checkpoints.on_train_batch_end

    def noting(callback, batch, logs=None):
        do(callback, batch, logs)
        saved.append(callback.step)

    monkeypatch.setattr(Checkpoints, "on_train_batch_end", noting)
    together = replace(experiment, steps_per_execution=20)
    assert numbers(train(together, tmp_path / "all")) == expected
    assert saved == [4, 8]
    saved.clear()
    together = replace(together, checkpoint=Checkpoint(every_steps=2))
    assert numbers(train(together, tmp_path / "two")) == expected
    assert saved == [2, 4, 6, 8]


def test_images_that_the_device_keeps(plain, tmp_path):
    experiment, expected = plain
    kept = replace(experiment, data=replace(experiment.data, keep_on="device"))
    assert numbers(train(kept, tmp_path)) == expected
    # The next run finds its own images there, fewer than before.
    data = replace(kept.data, limit_train=72)
    other = replace(kept, name="other", epochs=1, data=data)
    plain_other = replace(other, data=replace(data, keep_on="host"))
    assert numbers(train(other, tmp_path / "1")) == numbers(
        train(plain_other, tmp_path / "2")
    )


@pytest.mark.parametrize(
    ("wanted", "multiples", "steps"),
    [
        (20, (391, 0), 17),
        (20, (400, 0), 20),
        (20, (400, 50), 10),
        (20, (397, 0), 1),
        (3, (12, 400, 6), 2),
        (1, (400, 0), 1),
        ("auto", (400, 0), 1),
    ],
)
def test_steps_divide_the_epoch(wanted, multiples, steps):
    """Seventeen is the largest divisor of 391 below 20; 397 is a prime."""
    assert devices.steps_per_execution(wanted, *multiples) == steps


def test_steps_on_an_accelerator(monkeypatch):
    monkeypatch.setattr(devices, "resolve_device_kind", lambda: "GPU")
    assert devices.steps_per_execution("auto", 400, 0) == 20


@pytest.mark.parametrize(
    ("augment_on", "array", "asked"),
    [
        ("host", True, "augment_on=device"),
        ("device", False, "data.cache_gib"),
    ],
)
def test_images_that_cannot_be_kept(augment_on, array, asked):
    config = Data(augment_on=augment_on, keep_on="device")
    images = np.zeros((2, 8, 8, 3), np.uint8) if array else "encoded"
    with pytest.raises(ConfigError, match=asked):
        devices.keeps_images(config, images)
    assert not devices.keeps_images(replace(config, keep_on="host"), images)


def test_auto_keeps_images_that_fit(monkeypatch):
    config = Data(augment_on="device")
    images = np.broadcast_to(np.uint8(0), (1000, 64, 64, 3))
    assert not devices.keeps_images(config, images)
    monkeypatch.setattr(devices, "resolve_device_kind", lambda: "GPU")
    assert devices.keeps_images(config, images)
    assert not devices.keeps_images(replace(config, augment_on="host"), images)
    many = np.broadcast_to(np.uint8(0), (200_000, 64, 64, 3))
    assert not devices.keeps_images(config, many)


def test_signal_waits_for_the_end_of_a_call():
    saved, request = [], Request()
    callback = Checkpoints(saved.append, 40, None, None, request)
    callback.on_epoch_begin(0)
    callback.on_train_batch_end(19)
    assert (callback.step, saved) == (20, [])
    request.signal = 15
    with pytest.raises(Interrupted):
        callback.on_train_batch_end(29)
    assert saved == [30]


def test_xla_if_keras_lets_it(monkeypatch):
    """Keras leaves it out if operations are deterministic."""
    one = tf.distribute.get_strategy()
    assert not devices.resolve_jit_compile(one, deterministic=False)
    monkeypatch.setattr(devices, "resolve_device_kind", lambda: "GPU")
    assert devices.resolve_jit_compile(one, deterministic=False)
    assert not devices.resolve_jit_compile(one, deterministic=True)
