"""Image files in folders of classes, wherever they are kept.

`<class>/<file>` or `<split>/<class>/<file>` below a folder, in a zip file, or
out of a tensorflow-datasets data set; all give

    entries      list of `Entry`, sorted
    empty        names of class folders that hold no image
    read(entry)  the bytes of that file, from any thread
    fingerprint  changes when the files do
    origin       where they are, for people
"""

import contextlib
import hashlib
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from pipelines.errors import DataError
from pipelines.files.archives import open_archive
from pipelines.fingerprints import digest_files, fingerprint

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".gif")


class Entry(NamedTuple):
    """One image file; `split` is "" where the files are not split."""

    split: str
    class_name: str
    file: str

    @property
    def path(self):
        return "/".join(filter(None, self))


class FolderFiles:
    """Files of `<root>/<class>/` or `<root>/<split>/<class>/`.

    Args:
        root: The folder.
        ignored: Names of folders in it to pass over.
    """

    def __init__(self, root, ignored=()):
        self.origin = str(root)
        self._root = Path(root)
        paths = list_images(self._root, ignored)
        self.entries = _entries(paths, self.origin)
        self.empty = _empty_folders(self._root, self.entries, ignored)

    @cached_property
    def fingerprint(self):
        paths = [entry.path for entry in self.entries]
        digests = digest_files(self._read, paths)
        return fingerprint(map(" ".join, zip(paths, digests, strict=True)))

    def read(self, entry):
        return self._read(entry.path)

    def _read(self, path):
        return (self._root / path).read_bytes()


def list_images(root, ignored=()):
    """Paths of image files two or three levels below a folder, sorted."""
    return sorted(
        path
        for pattern in ("*/*", "*/*/*")
        for found in root.glob(pattern)
        if _is_image(path := found.relative_to(root).as_posix())
        and path.partition("/")[0] not in ignored
        and found.is_file()
    )


class ArchiveFiles:
    """The same in a zip file, which is not extracted."""

    def __init__(self, path):
        self.origin = str(path)
        # Keeps the archive open as long as this object lives.
        self._opened = contextlib.ExitStack()
        self._archive = self._opened.enter_context(open_archive(path))
        names = sorted(name for name in self._archive.names if _is_image(name))
        self._prefix = _common_folder(names)
        self.entries = _entries(
            [name.removeprefix(self._prefix) for name in names], self.origin
        )
        self.empty = []
        self.fingerprint = fingerprint(
            f"{name} {self._archive.checksum(name)}" for name in names
        )

    def read(self, entry):
        return self._archive.read(self._prefix + entry.path)


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
        self.empty = []
        self.fingerprint = fingerprint(
            f"{entry.path} {hashlib.sha256(data).hexdigest()}"
            for entry, data in sorted(self._data.items())
        )

    def read(self, entry):
        return self._data[entry]


def _is_image(name):
    path = PurePosixPath(name)
    # macOS adds files of its own, such as __MACOSX/._cat.jpg.
    hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
    return path.suffix.lower() in SUFFIXES and not hidden


def _common_folder(names):
    """Folders around everything, as zip tools like to make; "" if none."""
    parts = [PurePosixPath(name).parts for name in names]
    shared = 0
    while (
        parts
        and min(map(len, parts)) > shared + 3
        and len({p[shared] for p in parts}) == 1
    ):
        shared += 1
    return "".join(f"{part}/" for part in parts[0][:shared]) if parts else ""


def _entries(paths, origin):
    depths = {path.count("/") for path in paths}
    if depths not in ({1}, {2}):
        received = f"{len(paths):,} images, not all at one depth"
        raise DataError(
            f"{origin}: expected images as CLASS/FILE or PART/CLASS/FILE "
            f"({', '.join(SUFFIXES)}). Received: "
            f"{received if paths else 'no images'}."
        )
    parts = [path.split("/") for path in paths]
    return [Entry(*[""] * (3 - len(each)), *each) for each in parts]


def _empty_folders(root, entries, ignored):
    """Folders that stand beside the classes and hold no image."""
    having = {(root / entry.path).parent for entry in entries}
    return sorted(
        folder.name
        for parent in {folder.parent for folder in having}
        for folder in parent.iterdir()
        if folder.is_dir()
        and folder not in having
        and folder.name not in ignored
        and not folder.name.startswith(".")
        and not any(inside.is_dir() for inside in folder.iterdir())
    )
