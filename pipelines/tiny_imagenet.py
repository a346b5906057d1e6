"""Tiny ImageNet, read straight from its zip archive.

200 classes, 100,000 train and 10,000 val images of 64x64. The archive is not
extracted: its images fit into memory, 120,000 small files help nobody.
"""

import re
import threading
import zipfile
import zlib
from pathlib import Path

import numpy as np

from pipelines.decoding import decode_into
from pipelines.errors import DataError

ARCHIVE = "tiny-imagenet-200.zip"
URL = "http://cs231n.stanford.edu/tiny-imagenet-200.zip"
_ROOT = "tiny-imagenet-200/"


class _Split:
    def __init__(self, archive, name, members, labels):
        self.archive = archive
        self.name = name
        self.members = members
        self.labels = np.array(labels, np.int32)

    def images(self, indices, size):
        members = [self.members[index] for index in indices]
        # One file object, one position in it: a lock for the threads.
        lock = threading.Lock()
        with _open(self.archive) as archive:

            def read(member):
                try:
                    with lock:
                        return archive.read(member)
                except (zipfile.BadZipFile, zlib.error, EOFError) as error:
                    raise _broken(self.archive, error) from error

            images = np.empty((len(members), size, size, 3), np.uint8)
            decode_into(images, read, members, f"reading {self.name}")
            return images


class TinyImageNet:
    """The archive's index.

    Args:
        data_dir: A folder that holds `tiny-imagenet-200.zip`, or the path of
            a zip file of the same layout.

    Attributes:
        class_names: Readable names, in the order of the labels (WordNet ids,
            sorted).
        train, val: The splits; each has `labels`, int32 (N,), and
            `images(indices, size)`, which decodes.

    Raises:
        DataError: if the archive is missing, broken or of another layout.
    """

    def __init__(self, data_dir):
        path = Path(data_dir)
        if path.suffix != ".zip":
            path = path / ARCHIVE
        if not path.is_file():
            raise DataError(
                f"Tiny ImageNet is missing: {path} does not exist. Get it "
                f"from {URL} and point --data_dir at its folder, or at the "
                "zip file itself."
            )
        with _open(path) as archive:
            members = archive.namelist()
            try:
                wnids = sorted(_lines(archive, "wnids.txt"))
                words = dict(
                    line.split("\t") for line in _lines(archive, "words.txt")
                )
                val_labels = dict(
                    line.split("\t")[:2]
                    for line in _lines(archive, "val/val_annotations.txt")
                )
            except KeyError as error:
                raise DataError(
                    f"{path} is not laid out like Tiny ImageNet: "
                    f"{error.args[0]}"
                ) from error
        label_of = {wnid: label for label, wnid in enumerate(wnids)}
        self.class_names = [words.get(wnid, wnid) for wnid in wnids]
        train = sorted(
            (label_of[match[1]], int(match[2]), member)
            for member in members
            if (match := re.search(r"train/(\w+)/images/\w+_(\d+)\.", member))
        )
        self.train = _Split(
            path, "train", [row[2] for row in train], [row[0] for row in train]
        )
        val = sorted(
            (int(match[1]), member)
            for member in members
            if (match := re.search(r"val/images/val_(\d+)\.", member))
        )
        self.val = _Split(
            path,
            "val",
            [member for _, member in val],
            [label_of[val_labels[Path(member).name]] for _, member in val],
        )


def _open(path):
    try:
        return zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise _broken(path, error) from error


def _broken(path, error):
    return DataError(
        f"{path} is broken or cut short ({path.stat().st_size:,} bytes): "
        f"{error}. Get it again from {URL}."
    )


def _lines(archive, name):
    return archive.read(_ROOT + name).decode().splitlines()
