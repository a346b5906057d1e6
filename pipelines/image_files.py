"""Image files in folders of classes, wherever they are kept.

Below a folder, in a zip file, or out of a tensorflow-datasets data set; see
`pipelines.image_layout`. All give

    entries      list of `Entry`, sorted
    parts        {part of an entry: name of its folder}, where there are some
    empty        names of class folders that hold no image
    unused       {name of a file: why it is not used}
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
from pipelines.fingerprints import digest_files, fingerprint
from pipelines.image_layout import Entry, arrange, in_utf8, why_no_image


class _Files:
    """What files of any place have in common."""

    def __init__(self, origin, layout):
        self.origin = str(origin)
        self.entries = list(layout.names)
        self.parts = layout.parts
        self.empty = layout.empty
        self.unused = layout.unused
        self._names = layout.names

    def name(self, entry):
        return in_utf8(self._names[entry])


class FolderFiles(_Files):
    """The images below a folder.

    Args:
        root: The folder.
        ignored: Names of folders in it to pass over.

    Raises:
        DataError: if a folder cannot be read, or as `arrange`.
    """

    def __init__(self, root, ignored=()):
        self._root = Path(root)
        names, folders, unused = _walk(self._root, ignored)
        super().__init__(root, arrange(names, root, folders))
        self.unused |= unused

    @cached_property
    def fingerprint(self):
        digests = digest_files(self.read, self.entries)
        return fingerprint(
            f"{entry.path} {digest}"
            for entry, digest in zip(self.entries, digests, strict=True)
        )

    def read(self, entry):
        return (self._root / self._names[entry]).read_bytes()


def _walk(root, ignored):
    """Names of all files and folders, and {name: reason} of what is neither."""

    def refuse(error):
        raise DataError(
            f"cannot read {in_utf8(error.filename)}: {error.strerror}."
        )

    names, folders, unused, seen = [], [], {}, set()
    for parent, inside, files in os.walk(
        root, onerror=refuse, followlinks=True
    ):
        place = os.path.relpath(parent, root)
        place = "" if place == "." else place.replace(os.sep, "/") + "/"
        # A link may lead to a folder that it is in.
        real = os.path.realpath(parent)
        if real in seen:
            unused[place] = "a link to a folder that is read already"
            inside.clear()
            continue
        seen.add(real)
        if not place:
            inside[:] = [name for name in inside if name not in ignored]
        inside.sort()
        folders += [place + name for name in inside]
        for name in files:
            if os.path.isfile(os.path.join(parent, name)):
                names.append(place + name)
            else:
                unused[place + name] = "no file, or a link to none"
    return names, folders, unused


def list_images(root, ignored=()):
    """Paths of image files two or three levels below a folder, sorted."""
    return sorted(
        path
        for pattern in ("*/*", "*/*/*")
        for found in root.glob(pattern)
        if why_no_image(path := found.relative_to(root).as_posix()) is None
        and path.partition("/")[0] not in ignored
        and found.is_file()
    )


def holds_images(root, ignored=()):
    """Whether there is an image file anywhere below a folder."""
    if not os.path.isdir(root):
        return False
    names, _, _ = _walk(Path(root), ignored)
    return any(why_no_image(name) is None for name in names)


class ArchiveFiles(_Files):
    """The same in a zip file, which is not extracted."""

    def __init__(self, path):
        # Keeps the archive open as long as this object lives.
        self._opened = contextlib.ExitStack()
        self._archive = self._opened.enter_context(open_archive(path))
        super().__init__(path, arrange(self._archive.names, path))
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
        self.parts, self.empty, self.unused = {}, [], {}
        self.fingerprint = fingerprint(
            f"{entry.path} {hashlib.sha256(data).hexdigest()}"
            for entry, data in sorted(self._data.items())
        )

    def read(self, entry):
        return self._data[entry]

    def name(self, entry):
        return entry.path
