"""Numbers of images that a run uses, before anything is decoded."""

import functools
from typing import NamedTuple

import numpy as np

from experiments.errors import ConfigError
from pipelines import loading
from pipelines.config import Data
from pipelines.subsets import choose_classes

# {data set: (classes, {split: images})}, for plans without the data. Of
# catsdogs the 140 photographs that the published study used.
DOCUMENTED = {
    "tiny_imagenet": (
        200,
        {
            "train": 90_000,
            "holdout": 10_000,
            "validation": 10_000,
            "published_train": 50_000,
            "published_validation": 5_000,
        },
    ),
    "catsdogs": (2, {"train": 112, "test": 28, "all": 140}),
    "cats_vs_dogs": (2, {"train": 18_609, "test": 4_653, "all": 23_262}),
}


class Counts(NamedTuple):
    """Numbers of images, limits and folds taken into account.

    Attributes:
        train, val: Images of one run.
        selection: Images that pick the best epoch; 0 if there are none.
        classes: Number of classes.
        whole_val: Val images of all folds together.
        smallest: Val images of the smallest class, of all folds together.
        origin: Source of the numbers, in words.
    """

    train: int
    val: int
    selection: int
    classes: int
    whole_val: int
    smallest: int
    origin: str

    def evaluated(self, seeds):
        """Counts the val images that so many seeds evaluate together."""
        return min(self.whole_val, seeds * self.val)


class ImageCounter:
    """Counts the images of each split, without decoding them.

    Data that is there is opened, and prepared first if training would have to
    prepare it. If the data is not there, documented numbers stand in.

    Args:
        config: A `pipelines.config.Data`; its name, classes and split_seed
            choose the data.
        location: A `pipelines.location.Location`.
        fetch: Whether data that is not there is downloaded.

    Raises:
        DataError: if the data is broken.
    """

    def __init__(self, config, location, fetch=False):
        self._name, self._location = config.name, location
        self._source = None
        if fetch or is_there(config, location):
            self._source = _open_source(config, location)
            self._labels = choose_classes(
                self._source.class_names, config.classes
            )
            self._classes = len(self._labels)
            self._origin = f"Images of {config.name} are counted"
        else:
            every, self._known = DOCUMENTED.get(config.name, (0, {}))
            self._every = every
            self._classes = min(every, config.classes or every)
            self._origin = (
                f"{config.name} is not in {location.data_dir}: its numbers of "
                "images are those documented"
            )

    def count(self, config):
        """Counts the images of a run.

        Args:
            config: As for the class; splits, folds and limits may differ.

        Returns:
            `Counts`.

        Raises:
            ConfigError: if the data is not there and its size is not known.
            DataError: if there is no such split.
        """
        train = self.count_split(config.train.removesuffix("_aug"))
        val, smallest = self._count_classes(config.val)
        whole_val = val
        if config.folds is not None:
            train -= round(train / config.folds)
            val = round(val / config.folds)
        if config.train.endswith("_aug"):
            train *= 1 + config.offline.count
        selection = 0
        if config.selection is not None:
            selection = self.count_split(config.selection)
        if config.limit_val is not None:
            val, selection = (
                min(images, config.limit_val) for images in (val, selection)
            )
        return Counts(
            min(train, config.limit_train or train),
            val,
            selection,
            self._classes,
            whole_val if config.folds is not None else val,
            smallest,
            self._origin,
        )

    def count_split(self, split):
        """Counts all images of a split."""
        return self._count_classes(split)[0]

    def _count_classes(self, split):
        """Counts all images of a split, and those of its smallest class."""
        if self._source is not None:
            labels = self._source.split(split).labels
            images = np.bincount(labels, minlength=self._labels[-1] + 1)
            images = images[self._labels]
            return images.sum().item(), images.min().item()
        try:
            images = sum(_size(part, self._known) for part in split.split("+"))
        except (KeyError, ValueError) as error:
            raise ConfigError(
                f"--plan: {self._name} is not in {self._location.data_dir}, "
                f"and how many images its split {split!r} has is not "
                "known without it. Point --data_dir at it."
            ) from error
        images = images * self._classes // self._every
        return images, images // self._classes


def count_images(config, location, fetch=False):
    """Counts the images of a run; see `ImageCounter`.

    Args:
        config: A `pipelines.config.Data`.
        location, fetch: As for `ImageCounter`.

    Returns:
        `Counts`.

    Raises:
        ConfigError, DataError: As `ImageCounter`.
    """
    return ImageCounter(config, location, fetch).count(config)


def _open_source(config, location):
    """Opens a data set once for all arms of a command: each file is looked at.

    Runs open it again, as files may have changed since.
    """
    return _open_once(
        Data(
            config.name,
            split_seed=config.split_seed,
            labels=config.labels,
            copy=config.copies,
        ),
        location,
    )


_open_once = functools.lru_cache(maxsize=1)(loading.open_source)


def _size(part, known):
    """Counts a split or a slice of one, such as "train[10%:50000]"."""
    name, _, ends = part.removesuffix("]").partition("[")
    if not ends:
        return known[name]
    start, stop = (
        None
        if not end
        else round(known[name] * int(end[:-1]) / 100)
        if end.endswith("%")
        else int(end)
        for end in ends.split(":")
    )
    return len(range(known[name])[start:stop])


def is_there(config, location):
    """Tells if the data set of a `Data` can be opened without a download."""
    return not loading.build_source(config, location).needs_download()
