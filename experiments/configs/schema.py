"""What an experiment is made of.

Nothing here imports TensorFlow: listing experiments must be quick.
"""

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Literal

from models.config import Model
from pipelines.config import Data


@dataclass(frozen=True)
class Optimizer:
    name: Literal["sgd", "adam", "adamw"] = "sgd"
    learning_rate: float = 0.1
    momentum: float = 0.9
    nesterov: bool = True
    # Coupled (added to the gradient) for sgd, decoupled for adamw.
    weight_decay: float = 0.0
    # Of adam and adamw, added after the correction of the second moment.
    epsilon: float = 1e-8
    schedule: Literal["constant", "cosine", "step"] = "constant"
    warmup_epochs: float = 0.0
    # Schedule "step": times step_factor every step_epochs.
    step_epochs: int = 30
    step_factor: float = 0.1


@dataclass(frozen=True)
class Checkpoint:
    # Besides the one at the end of each epoch; None: only those.
    every_steps: int | None = None


@dataclass(frozen=True)
class Layer:
    """A layer of `augment_tf` by name, with its arguments."""

    layer: str
    options: dict = field(default_factory=dict)

    def __str__(self):
        options = ", ".join(f"{k}={v!r}" for k, v in self.options.items())
        return f"{self.layer}({options})"


def layer(name, **options):
    """The config of one augmentation layer."""
    return Layer(name, options)


@dataclass(frozen=True)
class Experiment:
    name: str
    summary: str
    data: Data = Data()
    model: Model = Model()
    optimizer: Optimizer = Optimizer()
    augment: tuple[Layer, ...] = ()
    epochs: int = 100
    # Added to a run's seed for its weights, order and augmentation; the data
    # stays that of the seed. The same config trained a second time, as a
    # placebo, needs other random numbers to tell anything.
    seed_offset: int | None = None
    precision: Literal["auto", "float32", "mixed_float16", "mixed_bfloat16"] = (
        "auto"
    )
    deterministic: bool = True
    checkpoint: Checkpoint = Checkpoint()
    # The class that precision and recall are of; None: their means over all.
    positive_class: str | None = None
    # Name of the published result that the report sets beside this run.
    published: str | None = None


@dataclass(frozen=True)
class Study:
    name: str
    summary: str
    experiments: tuple[str, ...]
    seeds: int = 1


def as_json(config):
    """A config as JSON would read it back: tuples become lists."""
    return json.loads(json.dumps(dataclasses.asdict(config)))
