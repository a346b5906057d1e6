"""Config of a run's data, and the comparison of two configs.

Ranges stand with the fields, and are checked when a config is made. They end
beyond any computer and any data set, so that a slip of the keyboard is found
before hours of work.
"""

from dataclasses import field
from typing import Annotated, Literal

from annotated_types import Ge, Le, MinLen
from pydantic import AfterValidator, ConfigDict
from pydantic.dataclasses import dataclass

# The keys of pipelines.loading.SOURCES, which takes seconds to import.
DATA_SETS = (
    "image_folder",
    "tiny_imagenet",
    "catsdogs",
    "cats_vs_dogs",
    "shapes",
    "tfds/NAME",
)

Count = Annotated[int, Ge(1), Le(10**9)]
Seed = Annotated[int, Ge(0), Le(2**63 - 1)]
# The saliency of an image needs 8 pixels a side.
_Side = Annotated[int, Ge(8), Le(8192)]
_Split = Annotated[str, MinLen(1)]


def _check_plain(value):
    """Returns `value` if JSON can hold it; tuples count as lists."""
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise ValueError("expected names as keys")
        _check_plain(list(value.values()))
    elif isinstance(value, list | tuple):
        for item in value:
            _check_plain(item)
    elif isinstance(value, int | float):
        # Not the other way round, for NaN.
        if not abs(value) < 2**63:
            raise ValueError("expected finite numbers of at most 64 bits")
    elif not isinstance(value, str | None):
        raise ValueError(
            "expected numbers, text, true, false, none, and lists and "
            f"dictionaries of these. Received: {value!r}"
        )
    return value


Plain = Annotated[dict, AfterValidator(_check_plain)]


@dataclass(
    frozen=True,
    config=ConfigDict(strict=True, allow_inf_nan=False, extra="forbid"),
)
class Offline:
    """AugLy variations that are written to files before training."""

    # Of each image, besides the image itself.
    count: Annotated[int, Ge(1), Le(1000)] = 3
    # Of the variations.
    seed: Seed = 0
    # As pipelines.augly.operations describes.
    operations: Plain = field(default_factory=dict)

    def __hash__(self):
        # In their order, which matters.
        return hash(repr(self))


@dataclass(
    frozen=True,
    config=ConfigDict(strict=True, allow_inf_nan=False, extra="forbid"),
)
class Data:
    """Data set, splits, sizes and limits of a run.

    Raises:
        ValueError: if a value has another type, or is outside its range.
    """

    # A data set that --list names.
    name: str = "tiny_imagenet"
    # Splits of the data set: for training, for the reported figures, and for
    # the choice of the best epoch (None: the val images, which flatters it).
    train: _Split = "train"
    val: _Split = "validation"
    selection: _Split | None = None
    # Seed of a split that the data does not come with.
    split_seed: Seed = 0
    # Of image_folder: "FILE" or "FILE:COLUMN", a CSV or TSV file in the data or
    # at a path that has the labels; "folders": the folders are the classes.
    # None: the folders, or else labels.csv or train.csv.
    labels: _Split | None = None
    # Of image_folder: images are copied to split_data/PART/CLASS/FILE, as those
    # of catsdogs always are, and those that `offline` varies. Otherwise they
    # are read where they are.
    copy: bool = False
    # Cross-validation: seed N is evaluated on fold N % folds of the shuffle
    # N // folds, and trained on the others.
    folds: Annotated[int, Ge(2), Le(1_000_000)] | None = None
    # Makes the split "train_aug" (with folds "all_aug").
    offline: Offline | None = None
    # Side of the network's input.
    image_size: _Side = 64
    # Side to which images are decoded, if the augmentation or the evaluation
    # crop brings them to image_size; None: image_size.
    load_size: _Side | None = None
    # Over all replicas.
    batch_size: Annotated[int, Ge(1), Le(1_000_000)] = 128
    # Evaluation resizes to image_size / crop_fraction and crops the center.
    crop_fraction: Annotated[float, Ge(0.1), Le(1)] = 1.0
    # Only so many of the classes, spread evenly over their sorted names.
    classes: Annotated[int, Ge(2), Le(1_000_000)] | None = None
    # Only so many images, spread evenly over the classes; the second goes for
    # `selection`, too.
    limit_train: Count | None = None
    limit_val: Count | None = None
    # On the host in tf.data, or on the device in the training step.
    augment_on: Literal["host", "device"] = "host"
    # Memory in which decoded training images wait for their batch. "device"
    # needs augment_on=device; "auto": the device, if it is an accelerator and
    # the images take 2 GiB at most.
    keep_on: Literal["auto", "host", "device"] = "auto"
    # Leaves out images that do not fill the epoch's last batch.
    drop_remainder: bool = True
    # Fixed length of an epoch; the images then follow in one shuffle after the
    # other. None: every image once.
    steps_per_epoch: Count | None = None
    # Decoded images are kept in memory up to the first size, and beyond it on
    # disk up to the second (None: 50, or the free space there). More images
    # are decoded again for each batch. Batches are the same.
    cache_gib: Annotated[float, Ge(0), Le(1_000_000)] = 2.0
    disk_gib: Annotated[float, Ge(0), Le(1_000_000)] | None = None

    @property
    def copies(self):
        """True if the images of an image_folder are copied."""
        return self.copy or self.offline is not None

    @property
    def stored_size(self):
        """Side of the images as they come to the augmentation."""
        return self.load_size or self.image_size


def compare_configs(before, after, path=""):
    """Lists the fields that differ between two configs as JSON.

    A field that is not there counts as None. 1 and 1.0 are the same, except
    in AugLy's operations, which draw whole numbers between whole numbers.

    Args:
        before, after: Dictionaries, as JSON reads them back.
        path: Of these dictionaries in larger ones.

    Returns:
        A list of (path, old value, new value). If two dictionaries differ in
        their order alone, the values are the lists of their keys: the order
        of operations has a meaning.

    Example:

    >>> from pipelines.config import compare_configs
    >>> compare_configs(
    ...     {"seed": 1, "sides": [8, 9]}, {"seed": 1, "sides": [8, 7]}
    ... )
    [('sides.1', 9, 7)]
    """
    if isinstance(before, list) and isinstance(after, list):
        before, after = (dict(enumerate(items)) for items in (before, after))
    if isinstance(before, dict) and isinstance(after, dict):
        if set(before) == set(after) and list(before) != list(after):
            return [(path, list(before), list(after))]
        return [
            difference
            for key in {**before, **after}
            for difference in compare_configs(
                before.get(key), after.get(key), f"{path}.{key}".lstrip(".")
            )
        ]
    same = before == after and (
        type(before) is type(after) or "operations" not in path.split(".")
    )
    return [] if same else [(path, before, after)]
