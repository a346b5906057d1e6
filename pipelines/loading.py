"""From the name of a data set to its images in memory, or on disk."""

import functools
import json
from dataclasses import dataclass, field

import numpy as np

from pipelines import subsets
from pipelines.cats_dogs import CatsDogs, CatsVsDogs
from pipelines.errors import DataError
from pipelines.image_cache import ImageCache
from pipelines.shapes import Shapes
from pipelines.tiny_imagenet import TinyImageNet

# Each takes a `Location`, prepares what is not prepared yet, and has
# class_names, notes, splits (their names) and split(name); a split has labels,
# ids, fingerprint, sizes() and decode_into(images, indices).
SOURCES = {
    "shapes": Shapes,
    "tiny_imagenet": TinyImageNet,
    "cats_dogs": CatsDogs,
    "cats_vs_dogs": CatsVsDogs,
}
# Those that come without a split of their own.
FOLDERS = ("cats_dogs", "cats_vs_dogs")


@dataclass(frozen=True, eq=False)
class Split:
    """images: uint8 (N, size, size, 3). labels: int32 (N,). ids: N names."""

    images: np.ndarray
    labels: np.ndarray
    ids: list = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class DataSet:
    """The images of a run.

    Attributes:
        train, val: Each a `Split`.
        selection: A `Split` that picks the best epoch, or None.
        notes: Sentences that a reader of the run must know.
        cache: Where the images are kept, in words.
    """

    name: str
    class_names: list
    train: Split
    val: Split
    selection: Split | None = None
    notes: list = field(default_factory=list)
    cache: str = ""


def open_source(name, location, split_seed=0):
    """Prepares a data set where needed and opens it, decoding nothing.

    Raises:
        DataError: if there is no such data set, or its data is missing or
            broken.
    """
    if name not in SOURCES:
        raise DataError(
            f"there is no data set {name!r}. Known: {', '.join(SOURCES)}."
        )
    options = {"split_seed": split_seed} if name in FOLDERS else {}
    return SOURCES[name](location, **options)


# The runs of a study share their data; one set at a time stays in memory.
@functools.lru_cache(maxsize=1)
def load(
    name,
    location,
    *,
    size,
    train="train",
    val="validation",
    selection=None,
    split_seed=0,
    fold=None,
    offline=None,
    limit_train=None,
    limit_val=None,
    cache_gib=2.0,
):
    """Reads and decodes a data set.

    Args:
        name: A key of `SOURCES`.
        location: A `pipelines.location.Location`.
        size: Side of the decoded images in pixels.
        train, val, selection: Names of splits; see the source's class.
        split_seed: Seed of a split that the data does not come with.
        fold: For cross-validation (folds, number, shuffle's seed): `train`
            and `val` lose what does not belong to that fold.
        offline: JSON of the arguments of `augly_offline.augment_folder` that
            make the split `train`, or None.
        limit_train, limit_val: Keep only so many images, spread evenly over
            the classes; the second is for `selection`, too.
        cache_gib: Decoded images are kept in memory up to this size, in files
            beyond it.

    Returns:
        A `DataSet`.

    Raises:
        DataError: if the data is missing or broken.
    """
    source = open_source(name, location, split_seed)
    if offline is not None:
        if name not in FOLDERS:
            raise DataError(f"data.offline: {name} is not a folder of images.")
        source.augment(train, **json.loads(offline))
    splits = {"train": source.split(train), "val": source.split(val)}
    if selection is not None:
        splits["selection"] = source.split(selection)
    chosen = _choose(splits, fold, limit_train, limit_val)
    count = sum(map(len, chosen.values()))
    cache = ImageCache(location.prepared, count, size, cache_gib)
    loaded = {
        key: Split(
            cache.images(split, chosen[key]),
            split.labels[chosen[key]],
            [split.ids[index] for index in chosen[key]],
        )
        for key, split in splits.items()
    }
    return DataSet(
        name,
        source.class_names,
        **loaded,
        notes=source.notes,
        cache=cache.description,
    )


def _choose(splits, fold, limit_train, limit_val):
    """{split: sorted indices of the images that are used}."""
    chosen = {key: np.arange(len(s.labels)) for key, s in splits.items()}
    if fold is not None:
        chosen |= subsets.fold(splits["train"], splits["val"], *fold)
    for key, indices in chosen.items():
        limit = limit_train if key == "train" else limit_val
        if limit is not None and limit < len(indices):
            labels = splits[key].labels[indices]
            chosen[key] = indices[subsets.spread_over_classes(labels, limit)]
    return chosen
