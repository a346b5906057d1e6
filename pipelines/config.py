"""What a run asks of its data."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Offline:
    """AugLy variations that are written to files before training."""

    # Of each image, besides the image itself.
    count: int = 3
    seed: int = 0
    # As pipelines.augly.operations describes.
    operations: dict = field(default_factory=dict)

    def __hash__(self):
        # In their order, which matters.
        return hash(repr(self))


@dataclass(frozen=True)
class Data:
    name: str = "tiny_imagenet"
    # Splits of the data set: what is trained on, what is reported on, and
    # what picks the best epoch (None: the val images, which flatters it).
    train: str = "train"
    val: str = "validation"
    selection: str | None = None
    # Seed of a split that the data does not come with.
    split_seed: int = 0
    # Cross-validation: seed N trains on all folds but N % folds, of the
    # shuffle N // folds, and is judged on that one.
    folds: int | None = None
    # Makes the split "train_aug" (with folds "all_aug").
    offline: Offline | None = None
    # Side of the network's input.
    image_size: int = 64
    # Side at which images are kept in memory, where the augmentation or the
    # evaluation crop brings them to image_size; None: image_size.
    load_size: int | None = None
    # Over all replicas.
    batch_size: int = 128
    # Evaluation resizes to image_size / crop_fraction and crops the center.
    crop_fraction: float = 1.0
    # Only so many images, spread evenly over the classes; the second goes for
    # `selection`, too.
    limit_train: int | None = None
    limit_val: int | None = None
    augment_on: Literal["host", "device"] = "host"
    # Whether images that do not fill the epoch's last batch are left out.
    drop_remainder: bool = True
    # Length of an epoch whatever the number of images, which then follow in
    # one shuffle after the other; None: every image once.
    steps_per_epoch: int | None = None
    # Decoded images are kept in memory up to this size, on disk beyond it.
    cache_gib: float = 2.0
