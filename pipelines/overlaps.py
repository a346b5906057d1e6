"""Overlaps: images that a run would learn from and be evaluated on."""

import hashlib
import itertools
from typing import NamedTuple

import numpy as np

from pipelines.errors import DataError
from pipelines.files.parallel import map_in_threads

# Images that one thread hashes, and decodes if need be, at a time.
_CHUNK = 16
# Share of a split that may have twins under other names in another split, if
# the publisher of the data has made the splits: in Tiny ImageNet 7 of 10,000.
# All who report on them have these twins.
_STRAY = 0.01


class Part(NamedTuple):
    """A split as a run uses it.

    Attributes:
        name: Of the split in the config.
        size: Number of its images before any limit.
        ids: Of the images that are used.
        groups: For each the id of its original, or its own.
        images: uint8 (N, size, size, 3), or `EncodedImages` of this shape.
        classes: For each the name of its class.
    """

    name: str
    size: int
    ids: list
    groups: list
    images: np.ndarray
    classes: tuple = ()


def describe_overlaps(parts, digests, published=False):
    """Describes the images that splits of a run share, pair by pair.

    Two images are the same if they have the same id, or were made from one
    original, or have the same pixels.

    Args:
        parts: {"train", "val", maybe "selection": `Part`}.
        digests: As of `compute_digests`.
        published: True if the data came with these splits. A few twins under
            other names are then no overlap.

    Returns:
        A list of sentences without a full stop.
    """
    # The second of a pair is evaluated, so its images are counted.
    keys = [key for key in ("train", "selection", "val") if key in parts]
    found = []
    for first, second in itertools.combinations(keys, 2):
        one, other = parts[first], parts[second]
        by_group = dict(zip(one.groups, one.ids, strict=True))
        by_pixels = dict(zip(digests[first], one.ids, strict=True))
        same, twins = [], []
        for image, group, digest in zip(
            other.ids, other.groups, digests[second], strict=True
        ):
            if group in by_group:
                same.append((by_group[group], image))
            elif digest in by_pixels:
                twins.append((by_pixels[digest], image))
        if published and len(twins) <= _STRAY * other.size:
            twins = []
        if same or twins:
            found.append(
                f"{len(same + twins):,} of {len(other.ids):,} images of "
                f"{second} ({other.name}) are in {first} ({one.name}), too, "
                f"such as {' = '.join(dict.fromkeys((same + twins)[0]))}"
            )
    return found


def describe_contradictions(parts, digests):
    """Describes pictures that a part has under several classes.

    Args:
        parts, digests: As for `describe_overlaps`.

    Returns:
        A list of sentences without a full stop.
    """
    found = []
    for key, part in parts.items():
        names = {}
        for digest, image, label in zip(
            digests[key], part.ids, part.classes, strict=True
        ):
            names.setdefault(digest, {}).setdefault(label, f"{image} ({label})")
        several = [each for each in names.values() if len(each) > 1]
        if several:
            are = "picture is" if len(several) == 1 else "pictures are"
            found.append(
                f"{len(several):,} {are} in more than one class of {key} "
                f"({part.name}): {' = '.join(several[0].values())}"
            )
    return found


def raise_on_overlap(overlaps):
    """Raises an error with the sentences of `describe_overlaps`.

    Args:
        overlaps: At least one sentence.

    Raises:
        DataError: with all of them.
    """
    raise DataError(
        f"{'; '.join(overlaps)}. What a network has learned from, or was "
        "picked on, says nothing of other images: choose other splits, remove "
        "one of each two files, or go on with --allow_overlap, which the "
        "report will tell."
    )


def compute_digests(parts):
    """Digests the pixels of each image: the network sees no more of it.

    Args:
        parts: As for `describe_overlaps`.

    Returns:
        {key: a list of bytes}.
    """
    return {key: _digest_images(part.images) for key, part in parts.items()}


def _digest_images(images):

    def digest(start):
        return [
            hashlib.blake2b(image, digest_size=16).digest()
            for image in images[start : start + _CHUNK]
        ]

    chunks = map_in_threads(
        digest,
        range(0, len(images), _CHUNK),
        desc="comparing splits",
        unit=" images",
        unit_scale=_CHUNK,
    )
    return list(itertools.chain.from_iterable(chunks))
