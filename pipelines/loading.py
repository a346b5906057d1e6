"""Loads the images of a run, by the name of their data set."""

import difflib
import functools
from dataclasses import dataclass, field

import numpy as np

from pipelines import subsets
from pipelines.config import Data
from pipelines.errors import DataError
from pipelines.files.fingerprints import compute_fingerprint
from pipelines.folders.catsdogs import CatsDogs, CatsVsDogs
from pipelines.folders.image_folder import check_split
from pipelines.folders.own_images import OwnImages
from pipelines.folders.preparation import check_split_seed
from pipelines.image_cache import EncodedImages, keep_images
from pipelines.location import Location
from pipelines.overlaps import (
    Part,
    compute_digests,
    describe_contradictions,
    describe_overlaps,
    raise_on_overlap,
)
from pipelines.shapes import Shapes
from pipelines.tfds.data_set import PREFIX, Catalogue
from pipelines.tiny_imagenet import TinyImageNet

# Data sources. Each takes a `Location`, which costs nothing. needs_download()
# tells if prepare() has to ask the network. prepare() writes what is not
# prepared yet; then the source has class_names, notes, fingerprint, splits
# (their names), published (True if the data came with them) and split(name).
# A split has labels, ids, fingerprint, sizes(), decode_into(images, indices)
# for any thread, and, if images were made from others, groups: the ids of the
# originals.
SOURCES = {
    "shapes": Shapes,
    "tiny_imagenet": TinyImageNet,
    "image_folder": OwnImages,
    "catsdogs": CatsDogs,
    "cats_vs_dogs": CatsVsDogs,
    # Takes the name, too.
    f"{PREFIX}NAME": Catalogue,
}
# Sources of image files, which may come without a split of their own.
FOLDERS = ("image_folder", "catsdogs", "cats_vs_dogs")


@dataclass(frozen=True, eq=False)
class LoadedSplit:
    """images: uint8 (N, size, size, 3). labels: int32 (N,). ids: N names."""

    images: np.ndarray | EncodedImages
    labels: np.ndarray
    ids: list = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class DataSet:
    """The images of a run.

    Attributes:
        train, val: Each a `LoadedSplit`.
        selection: A `LoadedSplit` for the choice of the best epoch, or None.
        notes: Sentences that a reader of the run must know.
        cache: Sentence on the place of decoded images.
        fingerprints: See `compute_fingerprints`.
        overlaps: Sentences on images that are in two of the splits.
    """

    name: str
    class_names: list
    train: LoadedSplit
    val: LoadedSplit
    selection: LoadedSplit | None = None
    notes: list = field(default_factory=list)
    cache: str = ""
    fingerprints: dict = field(default_factory=dict)
    overlaps: list = field(default_factory=list)


def check_name(name):
    """Checks the name of a data set.

    Raises:
        DataError: lists the names that are known.
    """
    if name not in SOURCES and not name.startswith(PREFIX):
        close = difflib.get_close_matches(name, SOURCES, 1)
        hint = f"Did you mean {close[0]}? " if close else ""
        raise DataError(
            f"there is no data set {name!r}. {hint}Known: {', '.join(SOURCES)}."
        )


def check_splits(config):
    """Checks the names of splits as far as they need no images.

    Raises:
        DataError: if a name is wrong.
    """
    if config.name not in FOLDERS:
        return
    for key in ("train", "val", "selection"):
        name = getattr(config, key)
        if name is not None:
            try:
                check_split(name)
            except DataError as error:
                raise DataError(f"data.{key}={name}: {error}") from error


def locate_prepared(name, location):
    """Completes a location by the folder in which a data set is prepared.

    Args:
        name: Of the data set.
        location: A `pipelines.location.Location`.
    """
    # Other data sets lie in folders that are meant for data sets.
    return location.move_outside() if name == "image_folder" else location


def build_source(config, location):
    """Builds a data source, one of `SOURCES`; reads and writes nothing.

    Args:
        config: A `pipelines.config.Data`: its name, split_seed, labels and
            copy count.
        location: A `pipelines.location.Location`.

    Raises:
        DataError: if there is no such data set, or it has no such settings.
    """
    name = config.name
    check_name(name)
    location = locate_prepared(name, location)
    if name == "image_folder":
        return OwnImages(
            location, config.split_seed, config.labels, config.copies
        )
    if config.labels is not None or (config.copy and name not in FOLDERS):
        raise DataError(
            f"data.labels and data.copy are for image_folder. Received: {name}."
        )
    if name in FOLDERS:
        return SOURCES[name](location, config.split_seed)
    check_split_seed(name, config.split_seed)
    if name.startswith(PREFIX):
        return Catalogue(name, location)
    return SOURCES[name](location)


def open_source(config, location):
    """Builds a data source and prepares it; decodes nothing.

    Args:
        config, location: As for `build_source`.

    Raises:
        DataError: if there is no such data set, its data is missing or
            broken, or its splits are of another seed.
    """
    source = build_source(config, location)
    source.prepare()
    return source


def load(config, location, seed=0, allow_overlap=False):
    """Loads the images of a run, decoded if there is room for them.

    Args:
        config: A `pipelines.config.Data`.
        location: A `pipelines.location.Location`.
        seed: Of the run; with folds it selects one.
        allow_overlap: Permits images in two of the splits.

    Returns:
        A `DataSet`.

    Raises:
        DataError: if the data is missing or broken, or if an image is in two
            splits without permission.
    """
    data = _decode(_choose(config, location, seed))
    if data.overlaps and not allow_overlap:
        raise_on_overlap(data.overlaps)
    return data


def compute_fingerprints(config, location, seed=0):
    """Computes digests that identify the images of a run; decodes nothing.

    Args:
        config, location, seed: As for `load`.

    Returns:
        {"data_set", "train", "val", and with one "selection": 16 or more
        hexadecimal digits}: of all images of the data set, and of the images
        and labels that the run uses, in their order.

    Raises:
        DataError: as `load`.
    """
    return dict(_choose(config, location, seed).fingerprints)


@dataclass(frozen=True)
class _Chosen:
    """The images of a run before they are decoded.

    Equal if the images are: the files at `location` may change.
    """

    config: Data
    location: Location
    fingerprints: tuple
    source: object = field(compare=False)
    splits: dict = field(compare=False)
    # Labels in the data set; labels of the run count from 0.
    classes: np.ndarray = field(compare=False)
    indices: dict = field(compare=False)


def _choose(config, location, seed):
    location = locate_prepared(config.name, location)
    source = open_source(config, location)
    if config.offline is not None:
        if config.name not in FOLDERS:
            raise DataError(
                f"data.offline: {config.name} is not a folder of images."
            )
        source.write_variations(config.train, config.offline)
    names = {"train": config.train, "val": config.val}
    if config.selection is not None:
        names["selection"] = config.selection
    splits = {key: source.split(name) for key, name in names.items()}
    for key, split in splits.items():
        twice = len(split.ids) - len(set(split.ids))
        if twice:
            raise DataError(
                f"data.{key}={names[key]} has {twice:,} images twice: expected "
                "parts that do not overlap."
            )
    classes = subsets.choose_classes(source.class_names, config.classes)
    indices = _select_indices(splits, classes, config, seed)
    fingerprints = {"data_set": source.fingerprint}
    for key, split in splits.items():
        used = (f"{split.ids[i]} {split.labels[i]}" for i in indices[key])
        fingerprints[key] = compute_fingerprint([split.fingerprint, *used])
    return _Chosen(
        config,
        location,
        tuple(fingerprints.items()),
        source,
        splits,
        classes,
        indices,
    )


def _select_indices(splits, classes, config, seed):
    """Selects {split: sorted indices of the images of the run}."""
    chosen = {key: np.arange(len(s.labels)) for key, s in splits.items()}
    if config.folds is not None:
        shuffle, number = divmod(seed, config.folds)
        fold = subsets.Fold(config.folds, number, shuffle)
        chosen |= subsets.select_fold(splits["train"], splits["val"], fold)
    for key, indices in chosen.items():
        indices = indices[np.isin(splits[key].labels[indices], classes)]
        chosen[key] = indices
        is_train = key == "train"
        limit = config.limit_train if is_train else config.limit_val
        if limit is not None and limit < len(indices):
            labels = splits[key].labels[indices]
            chosen[key] = indices[subsets.spread_over_classes(labels, limit)]
    return chosen


# The runs of a study share their data; one set at a time stays in memory.
@functools.lru_cache(maxsize=1)
def _decode(chosen):
    config, splits = chosen.config, chosen.splits
    images, cache = keep_images(
        chosen.location.prepared,
        {key: (split, chosen.indices[key]) for key, split in splits.items()},
        config.stored_size,
        config.cache_gib,
        config.disk_gib,
    )
    loaded = {
        key: LoadedSplit(
            images[key],
            np.searchsorted(
                chosen.classes, split.labels[chosen.indices[key]]
            ).astype(np.int32),
            [split.ids[index] for index in chosen.indices[key]],
        )
        for key, split in splits.items()
    }
    class_names = [chosen.source.class_names[label] for label in chosen.classes]
    parts = _build_parts(chosen, loaded, class_names)
    digests = compute_digests(parts)
    notes = list(chosen.source.notes)
    # Folders have said so when they were prepared, of whole files.
    if config.name not in FOLDERS:
        notes += describe_contradictions(parts, digests)
    return DataSet(
        config.name,
        class_names,
        **loaded,
        notes=notes,
        cache=cache,
        fingerprints=dict(chosen.fingerprints),
        overlaps=describe_overlaps(parts, digests, chosen.source.published),
    )


def _build_parts(chosen, loaded, class_names):
    config = chosen.config
    parts = {}
    for key, split in chosen.splits.items():
        groups = getattr(split, "groups", split.ids)
        parts[key] = Part(
            getattr(config, key),
            len(split.labels),
            loaded[key].ids,
            [groups[index] for index in chosen.indices[key]],
            loaded[key].images,
            [class_names[label] for label in loaded[key].labels],
        )
    return parts
