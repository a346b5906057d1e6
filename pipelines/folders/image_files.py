"""Image files in folders of classes, wherever they are kept.

Below a folder, in a zip file, or out of a tensorflow-datasets data set; see
`pipelines.folders.layout`. All give

    entries      list of `Entry`, sorted
    unused       {name of a file below `origin`: why it is not used}
    read(entry)  the bytes of that file, from any thread
    name(entry)  of that file below `origin`, for people
    fingerprint  changes when the files do
    origin       where they are, for people
"""

import contextlib
import hashlib
import os
from functools import cached_property
from pathlib import Path

from pipelines.errors import DataError
from pipelines.files.archives import open_archive
from pipelines.files.fingerprints import digest_files, fingerprint
from pipelines.files.names import PACKED, in_utf8, why_no_image
from pipelines.folders.layout import Entry, arrange

# Files that this program writes beside images which it made of others.
_OWN = {
    "split.json": "prepared by this program",
    "augmentation.json": "AugLy variations of other images",
}


class _Files:
    """What files of any place have in common."""

    def __init__(self, origin, layout):
        self.origin = in_utf8(origin)
        self.entries = list(layout.names)
        self.unused = layout.unused
        self._names = layout.names

    def name(self, entry):
        return in_utf8(self._names[entry])


class FolderFiles(_Files):
    """The images below a folder.

    Args:
        root: The folder.
        ignored: Paths of folders below it to pass over.

    Raises:
        DataError: if a folder cannot be read, or as `arrange`.
    """

    def __init__(self, root, ignored=()):
        self._root = Path(root)
        names, folders, unused = _walk(self._root, ignored)
        super().__init__(root, arrange(names, in_utf8(root), folders))
        self.unused |= unused

    @cached_property
    def fingerprint(self):
        digests = digest_files(self.read, self.entries)
        return fingerprint(
            f"{entry.path} {digest}"
            for entry, digest in zip(self.entries, digests, strict=True)
        )

    def read(self, entry):
        path = self._root / self._names[entry]
        try:
            return path.read_bytes()
        except OSError as error:
            raise _unreadable(path, error) from error


def _unreadable(path, error):
    return DataError(
        f"cannot read {in_utf8(path)}: {error.strerror or error}. Mend that, "
        "or move it away."
    )


def _walk(root, ignored):
    """What is below a folder.

    Returns:
        Names of files, of folders without folders, and {name: reason} of what
        is neither or not read.
    """

    def refuse(error):
        raise _unreadable(error.filename, error) from error

    names, folders, unused, seen = [], [], {}, set()
    ignored = {os.path.realpath(path) for path in ignored}
    for parent, inside, files in os.walk(
        root, onerror=refuse, followlinks=True
    ):
        place = os.path.relpath(parent, root).replace(os.sep, "/") + "/"
        place = place.removeprefix("./")
        real = os.path.realpath(parent)
        if real in ignored:
            unused[place] = "by its name of other data, or of this program"
            inside.clear()
            continue
        own = [_OWN[file] for file in files if place and file in _OWN]
        if own or real in seen:
            # A link may lead to a folder that it is in.
            unused[place] = own[0] if own else "a link to a folder read already"
            inside.clear()
            continue
        seen.add(real)
        inside.sort()
        if not any(_may_hold_images(place + name) for name in inside):
            folders.append(place.removesuffix("/"))
        for name in sorted(files):
            if os.path.isfile(os.path.join(parent, name)):
                names.append(place + name)
            else:
                unused[place + name] = "no file, or a link to none"
    return names, folders, unused


def _may_hold_images(folder):
    return why_no_image(f"{folder}/x.png") is None


def find_image(place, ignored=()):
    """The name of an image in a folder or a zip file; None if it has none.

    Args:
        place: Its path; there may be nothing.
        ignored: Paths of folders below it to pass over.

    Raises:
        DataError: if it cannot be read.
    """
    if os.path.isdir(place):
        names, _, _ = _walk(Path(place), ignored)
    elif os.path.isfile(place):
        with open_archive(place) as archive:
            names = archive.names
    else:
        return None
    images = (name for name in names if why_no_image(name) is None)
    return next(images, None)


def find_anything(folder, ignored=()):
    """What may be images in a folder, archives included, by name; or None.

    Args:
        folder: Its path; there may be nothing.
        ignored: Paths of files and folders in it to pass over.

    Raises:
        DataError: if it cannot be read.
    """
    found = find_image(folder, ignored)
    if found is not None or not os.path.isdir(folder):
        return found
    for path in sorted(set(Path(folder).iterdir()).difference(ignored)):
        if path.suffix.lower() in PACKED:
            return path.name
        if path.suffix.lower() == ".zip" and (inside := find_image(path)):
            return f"{inside} in {path.name}"
    return None


class ArchiveFiles(_Files):
    """The same in a zip file, which is not extracted."""

    def __init__(self, path):
        # Keeps the archive open as long as this object lives.
        self._opened = contextlib.ExitStack()
        self._archive = self._opened.enter_context(open_archive(path))
        super().__init__(
            path,
            arrange(self._archive.names, in_utf8(path), self._archive.folders),
        )
        self.unused |= self._archive.left_out
        self.fingerprint = fingerprint(
            f"{entry.path} {self._archive.checksum(name)}"
            for entry, name in self._names.items()
        )

    def read(self, entry):
        return self._archive.read(self._names[entry])


class TfdsFiles:
    """The images of a tensorflow-datasets builder, as they were encoded."""

    def __init__(self, builder):
        import tensorflow_datasets as tfds

        self.origin = f"{builder.info.full_name} of tensorflow-datasets"
        names = builder.info.features["label"].names
        examples = builder.as_dataset(
            split="train", decoders={"image": tfds.decode.SkipDecoding()}
        )
        # In memory: the encoded files of such data sets fit there.
        self._data = {}
        for number, example in enumerate(examples.as_numpy_iterator()):
            entry = Entry("", names[example["label"]], f"{number:06}.jpg")
            self._data[entry] = example["image"]
        self.entries = sorted(self._data)
        self.unused = {}
        self.fingerprint = fingerprint(
            f"{entry.path} {hashlib.sha256(data).hexdigest()}"
            for entry, data in sorted(self._data.items())
        )

    def read(self, entry):
        return self._data[entry]

    def name(self, entry):
        return entry.path
