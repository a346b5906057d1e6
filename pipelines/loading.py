"""From the name of a data set to its images in memory."""

import functools
from dataclasses import dataclass

import numpy as np

from pipelines import subsets
from pipelines.shapes import Shapes
from pipelines.tiny_imagenet import TinyImageNet

SOURCES = {"shapes": Shapes, "tiny_imagenet": TinyImageNet}

# Which half of val is "val" is part of the data set, not of a run: all seeds
# of an experiment are judged on the same images.
_HALF_SEED = 0


@dataclass(frozen=True, eq=False)
class Split:
    """images: uint8 (N, size, size, 3). labels: int32 (N,)."""

    images: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True, eq=False)
class DataSet:
    """A data set in memory."""

    name: str
    class_names: list
    train: Split
    val: Split


# The runs of a study share their data; one set at a time stays in memory.
@functools.lru_cache(maxsize=1)
def load(
    name,
    data_dir,
    *,
    size,
    train_per_class=None,
    val_half=False,
    limit_train=None,
    limit_val=None,
):
    """Reads and decodes a data set.

    Args:
        name: A key of `SOURCES`.
        data_dir: Where the data is; see the source's class.
        size: Side of the decoded images in pixels.
        train_per_class: Keep only the first so many train images of a class.
        val_half: Keep a random half of each class's val images.
        limit_train, limit_val: Keep only so many images, spread evenly over
            the classes.

    Returns:
        A `DataSet`.

    Raises:
        DataError: if the data is missing or broken.
    """
    source = SOURCES[name](data_dir)
    train = np.arange(len(source.train.labels))
    if train_per_class is not None:
        train = subsets.first_per_class(source.train.labels, train_per_class)
    val = np.arange(len(source.val.labels))
    if val_half:
        val = subsets.half_per_class(source.val.labels, _HALF_SEED)
    return DataSet(
        name,
        source.class_names,
        _split(source.train, train, limit_train, size),
        _split(source.val, val, limit_val, size),
    )


def _split(split, indices, limit, size):
    if limit is not None and limit < len(indices):
        labels = split.labels[indices]
        indices = indices[subsets.spread_over_classes(labels, limit)]
    return Split(split.images(indices, size), split.labels[indices])
