"""The whole train step compiles with XLA, as a TPU demands."""

import re
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from experiments.configs.schema import layer
from experiments.training.augmentation import build_augmentation
from experiments.training.trainer import build_trainer
from pipelines.batches import train_batches
from pipelines.loading import load
from pipelines.location import Location

AUGMENT = (
    layer("RandomResizedCrop"),
    layer("ColorJitter"),
    layer("RandomErasing", probability=0.9),
    layer("SaliencyMix", probability=0.9),
    layer("CutMix"),
    layer("MixUp"),
)
# Eight bits of a number: 2**-8 is 0.4 %. A loss is made by a few dozen layers.
BFLOAT16_ERROR = 0.02


@pytest.fixture(scope="module", autouse=True)
def mixed_bfloat16():
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    yield
    keras.config.set_dtype_policy(policy)


@pytest.fixture(scope="module")
def experiment(tiny):
    data = replace(tiny.data, image_size=32, augment_on="device")
    return replace(tiny, data=data, augment=AUGMENT)


@pytest.fixture(scope="module")
def batch(experiment):
    split = load(experiment.data, Location("unused")).train
    batches = train_batches(
        split, classes=6, batch_size=24, seed=2, steps=1, with_seeds=True
    )
    return next(iter(batches))


def after_one_step(experiment, batch, compiled):
    """(trainer, its loss, how its weights have moved)."""
    keras.utils.set_random_seed(5)
    trainer = build_trainer(
        experiment,
        classes=6,
        steps_per_epoch=4,
        augment=build_augmentation(experiment),
        replicas=1,
        jit_compile=False,
    )
    images, labels = batch
    # Makes the metrics' variables.
    trainer.evaluate(images["images"], labels, verbose=0)
    trainer.reset_metrics()
    before = [v.numpy() for v in trainer.trainable_variables]
    # Not `fit`, which does without XLA if operations are deterministic.
    step = trainer.train_step
    logs = (tf.function(step, jit_compile=True) if compiled else step)(batch)
    moves = [
        (variable.numpy() - old).ravel()
        for variable, old in zip(
            trainer.trainable_variables, before, strict=True
        )
    ]
    return trainer, float(logs["loss"]), np.concatenate(moves)


@pytest.fixture(scope="module")
def compiled(experiment, batch, mixed_bfloat16):
    return after_one_step(experiment, batch, True)


def test_compiled_step_is_the_eager_one(experiment, batch, compiled):
    """In its loss, and in how it moves the weights."""
    _, expected, expected_moves = after_one_step(experiment, batch, False)
    _, loss, moves = compiled
    assert loss == pytest.approx(expected, rel=BFLOAT16_ERROR)
    assert np.corrcoef(moves, expected_moves)[0, 1] > 0.95


def test_compiled_step_has_static_shapes_and_stays_on_the_device(
    batch, compiled
):
    trainer, *_ = compiled
    step = tf.function(trainer.train_step, jit_compile=True)
    program = step.experimental_get_compiler_ir(batch)(stage="hlo")
    assert "bf16[" in program
    shapes = re.findall(r"\b[a-z]+\d*\[([^\]]*)\]", program)
    assert len(shapes) > 1000
    # Bounded dynamic ones would be [<=24,3].
    assert not [each for each in shapes if not re.fullmatch(r"[\d,]*", each)]
    for host in ("callback", "outfeed", "infeed", " send(", " recv("):
        assert host not in program
