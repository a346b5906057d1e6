"""The images of a run, their checks and their record."""

import numpy as np

from experiments.errors import ConfigError
from experiments.metrics import describe_unequal_classes, positive_index
from experiments.training.length import check_length
from pipelines.batches import count_epoch_steps
from pipelines.errors import DataError
from pipelines.loading import load
from pipelines.subsets import count_per_class


def load_data(spec):
    """Loads the `pipelines.loading.DataSet` of a run.

    Args:
        spec: The `experiments.training.spec.RunSpec`.

    Raises:
        ConfigError: as `check_length`, or if there is no such positive class.
        DataError: if the data is missing or broken, has training images of
            one class alone, or if its splits overlap and may not.
    """
    experiment, config = spec.experiment, spec.experiment.data
    data = load(config, spec.location, spec.seed, spec.allow_overlap)
    present = np.unique(data.train.labels)
    if len(present) < 2:
        raise DataError(
            f"data.train={config.train}: expected images of at least two "
            "classes. Received: only "
            f"{data.class_names[present[0]]!r}."
        )
    images = len(data.train.labels)
    check_length(experiment, images, count_steps(config, data))
    if experiment.positive_class is not None:
        positive_index(data.class_names, experiment.positive_class)
    return data


def describe_classes(data):
    """A sentence in a list if classes of a `DataSet` are unequal."""
    counts = count_per_class(data.train.labels, data.class_names)
    sentence = describe_unequal_classes(counts)
    return [] if sentence is None else [sentence]


def count_steps(config, data):
    """Batches in an epoch; `config` is the experiment's `data`."""
    return config.steps_per_epoch or count_epoch_steps(
        data.train, config.batch_size, config.drop_remainder
    )


def count_classes(experiment, data):
    """Outputs of the network: as the config says, or one for each class."""
    classes = experiment.model.classes or len(data.class_names)
    if classes < len(data.class_names):
        raise ConfigError(
            f"model.classes={classes} is less than the "
            f"{len(data.class_names)} classes of {data.name}."
        )
    return classes


def build_data_record(experiment, data, steps):
    """The content of data.json: which images, and how many of each class."""
    config = experiment.data
    train, val = config.train, config.val
    if config.folds is not None:
        train, val = f"{train} but a fold", "judged fold"
    splits = {train: data.train, val: data.val}
    if data.selection is not None:
        splits[config.selection] = data.selection
    return {
        "name": data.name,
        "class_names": data.class_names,
        "train": train,
        "val": val,
        "fingerprints": data.fingerprints,
        "steps_per_epoch": steps,
        "splits": {
            name: count_per_class(split.labels, data.class_names)
            for name, split in splits.items()
        },
        "notes": data.notes,
        "overlaps": data.overlaps,
    }
