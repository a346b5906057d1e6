"""A run small enough for tests: drawn images, the narrowest ResNet18."""

import pytest

from experiments.configs.schema import Experiment, Optimizer, augment
from models.config import Model
from pipelines.config import Data


@pytest.fixture(scope="session")
def tiny():
    """Two epochs of four steps."""
    return Experiment(
        name="tiny",
        summary="for tests",
        data=Data(
            name="shapes",
            image_size=16,
            batch_size=24,
            limit_train=96,
            limit_val=42,
        ),
        model=Model(name="ResNet18", stem="small", width=4),
        optimizer=Optimizer(learning_rate=0.05, schedule="cosine"),
        augment=(augment("RandomFlip"), augment("SaliencyMix")),
        epochs=2,
    )
