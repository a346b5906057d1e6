"""Contents of a Tiny ImageNet archive, or of a folder extracted from it."""

import contextlib
import hashlib
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipelines.errors import DataError
from pipelines.files.archives import open_archive
from pipelines.files.names import explain_no_image
from pipelines.files.walking import walk

_TRAIN = re.compile(r"train/(\w+)/images/(\w+_\d+\.\w+)")
# As in the archive, or sorted by class as a common script does it.
_VALIDATION = re.compile(r"val/(?:(\w+)/)??(?:images/)?(val_\d+\.\w+)")
_ANNOTATIONS = "val/val_annotations.txt"
# Files of the public archive that nobody needs, unlabelled images included.
_KNOWN = re.compile(
    r"wnids\.txt|words\.txt|val/val_annotations\.txt|"
    r"train/\w+/\w+_boxes\.txt|test/images/test_\d+\.\w+"
)


@dataclass(frozen=True)
class Files:
    """Images of a part, in the order that published splits follow.

    Attributes:
        ids: list[str] (N,); file names, which are unique.
        labels: int32 (N,).
    """

    ids: list
    labels: np.ndarray


class Contents:
    """Index of an archive or a folder; see `open_contents`.

    Args:
        path: Of the zip file or folder, for messages.
        names: Of all files, relative to the folder of `wnids.txt`.
        left_out: {name: reason} of files that were left out before.
        read: Function from a name to bytes.
        size: Function from a name to the number of bytes.
        checksum: Function from a name to its CRC-32; None if not known
            without reading.

    Attributes:
        wnids: list[str]; WordNet ids, sorted: the order of the labels.
        words: list[str]; readable names of the classes.
        train: `Files`, by class and then by name, compared as text, as
            torchvision's ImageFolder lists them: image 10 before image 2.
        validation: `Files`, in the order of val_annotations.txt.
        unused: {name of a file: reason why it is not used}, without the
            files of the public archive.
        fingerprints: {kind: digest}; the same archive has the same, with
            its unlabelled test images or without; an extracted folder has
            only some of the kinds.
    """

    def __init__(self, path, names, left_out, read, size, checksum):
        self.path = path
        self._read = read
        try:
            self.wnids = sorted(self._lines("wnids.txt"))
            words = dict(
                line.split("\t", 1) for line in self._lines("words.txt")
            )
        except KeyError as error:
            raise self._strange(f"a file is missing: {error}") from error
        except ValueError as error:
            raise self._not_as_expected(error) from error
        self.words = [words.get(wnid, wnid) for wnid in self.wnids]
        self._name_of = {}
        self.train = self._files(
            sorted(
                (match[1], match[2], name)
                for name in names
                if (match := _TRAIN.fullmatch(name))
            )
        )
        self.validation = self._files(self._validation(names))
        used = sorted(self._name_of.values())
        self.unused = {
            name: explain_no_image(name)
            or "not where images of this data set are"
            for name in sorted(set(names).difference(used))
            if not _KNOWN.fullmatch(name)
        } | left_out
        if _ANNOTATIONS in names:
            used = sorted([*used, _ANNOTATIONS])
        self.fingerprints = {"sizes": _compute_digest(used, size)}
        if checksum is not None:
            self.fingerprints["checksums"] = _compute_digest(used, checksum)

    def read(self, image_id):
        """The bytes of an image; any thread may call this."""
        return self._read(self._name_of[image_id])

    def _validation(self, names):
        """(wnid, id, name) of the validation images, in their order."""
        found = [
            (match[2], match[1], name)
            for name in names
            if (match := _VALIDATION.fullmatch(name))
        ]
        name_of = {image_id: name for image_id, _, name in found}
        if len(name_of) < len(found):
            twice = Counter(image_id for image_id, _, _ in found)
            raise self._strange(f"{twice.most_common(1)[0][0]} is there twice")
        folder_of = {image_id: wnid for image_id, wnid, _ in found}
        if _ANNOTATIONS in names:
            wnid_of = self._annotations()
        elif None in folder_of.values():
            raise self._strange(f"a file is missing: {_ANNOTATIONS}")
        else:
            # The archive lists them by number.
            wnid_of = dict(sorted(folder_of.items(), key=_read_number))
        # A missing image would change which half of its class is which.
        unmatched = name_of.keys() ^ wnid_of.keys()
        if unmatched:
            raise self._strange(
                f"{min(unmatched)} is in only one of {_ANNOTATIONS} and val/"
            )
        for image_id, wnid in wnid_of.items():
            if folder_of[image_id] not in (None, wnid):
                raise self._strange(
                    f"{name_of[image_id]} is of {wnid} in {_ANNOTATIONS}"
                )
        return [(wnid, i, name_of[i]) for i, wnid in wnid_of.items()]

    def _annotations(self):
        try:
            return dict(
                line.split("\t")[:2] for line in self._lines(_ANNOTATIONS)
            )
        except ValueError as error:
            raise self._not_as_expected(error) from error

    def _files(self, found):
        """`Files` out of (wnid, id, name)."""
        label_of = {wnid: label for label, wnid in enumerate(self.wnids)}
        ids, labels = [], []
        for wnid, image_id, name in found:
            if wnid not in label_of:
                raise self._strange(f"wnids.txt has no class for {name}")
            if image_id in self._name_of:
                raise self._strange(f"{image_id} is there twice")
            ids.append(image_id)
            labels.append(label_of[wnid])
            self._name_of[image_id] = name
        return Files(ids, np.array(labels, np.int32))

    def _lines(self, name):
        # Editors of Windows put a mark at the beginning.
        lines = self._read(name).decode("utf-8-sig").splitlines()
        return [line for line in lines if line.strip()]

    def _not_as_expected(self, error):
        return self._strange(f"a line is not as expected: {error}")

    def _strange(self, reason):
        return DataError(
            f"{self.path} is not laid out like Tiny ImageNet: {reason}."
        )


@contextlib.contextmanager
def open_contents(path):
    """Opens a zip file, or a folder extracted from one.

    Yields:
        `Contents`.

    Raises:
        DataError: if it is broken or not laid out like Tiny ImageNet.
    """
    path = Path(path)
    if path.is_dir():
        tree = walk(path)
        yield Contents(
            path,
            tree.files,
            tree.left_out,
            lambda name: _read_file(path, name),
            lambda name: (path / name).stat().st_size,
            None,
        )
        return
    with open_archive(path) as archive:
        root = _locate_root(path, archive.names)
        yield Contents(
            path,
            [
                name.removeprefix(root)
                for name in archive.names
                if name.startswith(root)
            ],
            archive.left_out,
            lambda name: archive.read(root + name),
            lambda name: archive.size(root + name),
            lambda name: archive.checksum(root + name),
        )


def _read_file(folder, name):
    try:
        return (folder / name).read_bytes()
    except FileNotFoundError as error:
        # As an archive.
        raise KeyError(name) from error
    except OSError as error:
        raise DataError(
            f"cannot read {folder / name}: {error.strerror}."
        ) from error


def _locate_root(path, names):
    """Locates the folder in the archive that holds all; "", or ends in "/"."""
    roots = [
        name.removesuffix("wnids.txt")
        for name in names
        if name.rsplit("/", 1)[-1] == "wnids.txt"
    ]
    if not roots:
        raise DataError(
            f"{path} is not laid out like Tiny ImageNet: it has no wnids.txt."
        )
    return min(roots, key=lambda root: root.count("/"))


def _read_number(item):
    return int(re.search(r"\d+", item[0])[0])


def _compute_digest(names, fact):
    lines = "".join(f"{name}\t{fact(name)}\n" for name in names)
    return hashlib.blake2b(lines.encode(), digest_size=16).hexdigest()
