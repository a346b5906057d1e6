"""Config schema: Experiment, Study, Optimizer, Checkpoint, Layer.

Nothing here imports TensorFlow: listing experiments must be quick. Ranges
stand with the fields. `experiments.checks` looks at the rest that only
TensorFlow or Keras knows, such as the arguments of a layer.
"""

import dataclasses
import json
from dataclasses import field
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le, Lt
from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from experiments.errors import ConfigError
from models.config import Model
from pipelines.config import Count, Data, Plain, Seed

_CHECKED = ConfigDict(strict=True, allow_inf_nan=False, extra="forbid")


@dataclass(frozen=True, config=_CHECKED)
class Optimizer:
    # adam, adamw and sgd are PyTorch's, lamb and lion are Keras's.
    name: Literal["sgd", "adam", "adamw", "lamb", "lion"] = "sgd"
    # The highest one, which float32 has to hold.
    learning_rate: Annotated[float, Gt(0), Le(3e38)] = 0.1
    # Of sgd.
    momentum: Annotated[float, Ge(0), Lt(1)] = 0.9
    nesterov: bool = True
    # Coupled (added to the gradient) for sgd, decoupled for adamw, lamb, lion.
    weight_decay: Annotated[float, Ge(0), Le(1e6)] = 0.0
    # Of adam, adamw and lamb, added after the correction of the second moment.
    epsilon: Annotated[float, Gt(0), Le(1e6)] = 1e-8
    # Of the learning rate, after the warm-up.
    schedule: Literal["constant", "cosine", "step"] = "constant"
    warmup_epochs: Annotated[float, Ge(0), Le(1e6)] = 0.0
    # Schedule "step": times step_factor every step_epochs.
    step_epochs: Count = 30
    step_factor: Annotated[float, Gt(0), Le(1)] = 0.1
    # Gradients with a larger norm, of all weights together, are scaled down.
    clip_norm: Annotated[float, Gt(0), Le(1e6)] | None = None
    # Weights move by the mean gradient of so many batches; steps, epochs and
    # schedules count batches all the same.
    accumulate_steps: Count = 1


@dataclass(frozen=True, config=_CHECKED)
class Checkpoint:
    # Besides the one at the end of each epoch; None: only those.
    every_steps: Count | None = None


@dataclass(frozen=True, config=_CHECKED)
class Layer:
    """A layer of `augment_tf` by name, with its arguments."""

    layer: str
    # Under "layer" or "layers", the layers that it contains, as dictionaries.
    options: Plain = field(default_factory=dict)

    def __str__(self):
        words = []
        for name, value in self.options.items():
            given = value if isinstance(value, (list, tuple)) else [value]
            parts = [as_layer(each) for each in given]
            if parts and all(isinstance(part, Layer) for part in parts):
                parts = [str(part) for part in parts]
                if self.layer == "Sequence":
                    return " + ".join(parts)
                words += parts
            else:
                words.append(f"{name}={value!r}")
        return f"{self.layer}({', '.join(words)})"


def as_layer(value):
    """Converts a config's dictionary of a layer to a `Layer`.

    Any other value is returned as it is.

    Raises:
        ValidationError: if the dictionary's options are not valid.
    """
    fits = isinstance(value, dict) and "layer" in value
    fits = fits and {*value} <= {"layer", "options"}
    return Layer(**value) if fits else value


def layer(name, /, **options):
    """Returns the config of one augmentation layer."""
    return Layer(name, options)


@dataclass(frozen=True, config=_CHECKED)
class Experiment:
    name: str
    summary: str
    data: Data = Data()
    model: Model = Model()
    optimizer: Optimizer = Optimizer()
    # Layers that training images go through, in this order.
    augment: tuple[Layer, ...] = ()
    # Passes over the training images, or data.steps_per_epoch steps each.
    epochs: Annotated[int, Ge(1), Le(1_000_000)] = 100
    # Added to a run's seed for weights, order and augmentation, not for data. A
    # placebo, the same config trained again, needs other random numbers.
    seed_offset: Seed | None = None
    # The network that is evaluated in the end: of the last epoch, or of the
    # epoch that is best on data.selection.
    # "ema": the averaged weights of the last epoch.
    judged: Literal["last", "best", "ema"] = "last"
    # Training ends after so many epochs without a better one on data.selection.
    early_stop: Count | None = None
    # Share of a training label that is spread evenly over all classes; losses
    # on val use plain labels.
    label_smoothing: Annotated[float, Ge(0), Lt(1)] = 0.0
    # Momentum of a moving average of the weights, which is evaluated and saved
    # beside them; None: no average.
    ema: Annotated[float, Gt(0), Lt(1)] | None = None
    # In so many epochs at the end, layers that mix images rest.
    unmixed_epochs: Annotated[int, Ge(0), Le(1_000_000)] = 0
    # Of the arithmetic; "auto": mixed_float16 on GPUs, mixed_bfloat16 on TPUs,
    # float32 on a CPU.
    precision: Literal["auto", "float32", "mixed_float16", "mixed_bfloat16"] = (
        "auto"
    )
    # The same numbers each time, which costs speed on a GPU.
    deterministic: bool = True
    checkpoint: Checkpoint = Checkpoint()
    # Training steps in one call of TensorFlow, at most: so many that an epoch
    # and checkpoint.every_steps are multiples of them. "auto": 1 on a CPU, 20
    # on an accelerator, which would wait for Python after each.
    steps_per_execution: Annotated[int, Ge(1), Le(10_000)] | Literal["auto"] = (
        "auto"
    )
    # Class of precision and recall; None: their means over all classes.
    positive_class: str | None = None
    # Name of the published result that the report sets beside this run.
    published: str | None = None


def drop_labels(experiment):
    """Drops the name and the summary, which change no run."""
    return dataclasses.replace(experiment, name="", summary="")


@dataclass(frozen=True, config=_CHECKED)
class Study:
    name: str
    summary: str
    experiments: tuple[str, ...]
    seeds: Annotated[int, Ge(1), Le(10_000)] = 1
    # Prefix of all names, if the first experiment is a recipe that other arms
    # can join.
    prefix: str | None = None
    # Fields and their values as --sweep takes them, if it is a sweep.
    sweep: tuple[str, ...] = ()


def as_json(config):
    """Converts a config to JSON's types: tuples become lists."""
    return json.loads(json.dumps(dataclasses.asdict(config)))


def read_config(config):
    """Reads the `Experiment` of a config.json without its seed.

    Raises:
        ConfigError: if it is of another version of the program.
    """
    try:
        return TypeAdapter(Experiment).validate_json(json.dumps(config))
    except ValidationError as error:
        field = ".".join(map(str, error.errors()[0]["loc"]))
        raise ConfigError(
            f"its config is of another version ({field})"
        ) from error
