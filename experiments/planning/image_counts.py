"""Numbers of images that a run uses, before anything is decoded."""

from typing import NamedTuple

import numpy as np

from experiments.errors import ConfigError
from pipelines import loading
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
        origin: Source of the numbers, in words.
    """

    train: int
    val: int
    selection: int
    classes: int
    whole_val: int
    origin: str

    def evaluated(self, seeds):
        """Counts the val images that so many seeds evaluate together."""
        return min(self.whole_val, seeds * self.val)


def count_images(config, location):
    """Counts the images of a `pipelines.config.Data`.

    Data that is there is opened, and prepared first if training would have to
    prepare it. Data that is not there is not downloaded.

    Args:
        config: The `Data`.
        location: A `pipelines.location.Location`.

    Returns:
        `Counts`.

    Raises:
        ConfigError: if the data is not there and its size is not known.
        DataError: if the data is broken.
    """
    if is_there(config, location):
        source = loading.open_source(config, location)
        labels = choose_classes(source.class_names, config.classes)
        classes = len(labels)
        origin = f"Images of {config.name} are counted"

        def size(split):
            return np.isin(source.split(split).labels, labels).sum().item()
    else:
        every, known = DOCUMENTED.get(config.name, (0, {}))
        classes = min(every, config.classes or every)
        origin = (
            f"{config.name} is not in {location.data_dir}: its numbers of "
            "images are those documented"
        )

        def size(split):
            try:
                images = sum(_size(part, known) for part in split.split("+"))
            except (KeyError, ValueError) as error:
                raise ConfigError(
                    f"--plan: {config.name} is not in {location.data_dir}, "
                    f"and how many images its split {split!r} has is not "
                    "known without it. Point --data_dir at it."
                ) from error
            return images * classes // every

    train = size(config.train.removesuffix("_aug"))
    val = whole_val = size(config.val)
    if config.folds is not None:
        train -= round(train / config.folds)
        val = round(val / config.folds)
    if config.train.endswith("_aug"):
        train *= 1 + config.offline.count
    selection = 0 if config.selection is None else size(config.selection)
    if config.limit_val is not None:
        val, selection = (min(n, config.limit_val) for n in (val, selection))
    return Counts(
        min(train, config.limit_train or train),
        val,
        selection,
        classes,
        whole_val if config.folds is not None else val,
        origin,
    )


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
