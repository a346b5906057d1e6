"""Image files of classes: below a folder, in a zip file, or from tfds.

`pipelines.folders.layout` tells the classes. All sources of files have

    entries      list of `Entry`, sorted
    unused       {name of a file below `origin`: reason why it is not used}
    read(entry)  returns the bytes of a file, in any thread
    name(entry)  returns the name of a file below `origin`, for messages
    fingerprint  changes when the files do
    origin       place of the files, for messages
"""

import contextlib
import hashlib
import posixpath
from functools import cached_property
from pathlib import Path

from pipelines.errors import DataError
from pipelines.files.archives import open_archive
from pipelines.files.fingerprints import compute_fingerprint, digest_files
from pipelines.files.names import HIDDEN, escape_name
from pipelines.files.walking import walk
from pipelines.folders.layout import Entry, arrange

# Files that this program writes beside images which it made of others.
_OWN = {
    "split.json": "prepared by this program",
    "augmentation.json": "AugLy variations of other images",
}


class _Files:
    """Image files of any place, arranged in parts and classes."""

    def __init__(self, origin, names, folders, left_out):
        self.origin = escape_name(origin)
        layout = arrange(names, self.origin, folders, left_out)
        self.entries = list(layout.names)
        self.unused = layout.unused
        self._names = layout.names

    def name(self, entry):
        return escape_name(self._names[entry])


class FolderFiles(_Files):
    """The images below a folder.

    Args:
        root: The folder.
        ignored: Paths of folders not to enter.

    Raises:
        DataError: if a folder cannot be read, or as `arrange`.
    """

    def __init__(self, root, ignored=()):
        self._root = Path(root)
        tree = walk(self._root, ignored, _explain_own)
        folders = _select_leaves(tree)
        super().__init__(root, tree.files, folders, tree.left_out)

    @cached_property
    def fingerprint(self):
        digests = digest_files(self.read, self.entries)
        return compute_fingerprint(
            f"{entry.path} {digest}"
            for entry, digest in zip(self.entries, digests, strict=True)
        )

    def read(self, entry):
        path = self._root / self._names[entry]
        try:
            return path.read_bytes()
        except OSError as error:
            raise DataError(
                f"cannot read {escape_name(path)}: {error.strerror or error}. "
                "Mend that, or move it away."
            ) from error


def _explain_own(folder, inside):
    """The reason to pass over a folder that this program wrote, or None."""
    return next((_OWN[name] for name in inside if name in _OWN), None)


def _select_leaves(tree):
    """Folders that no other folder is in, hidden ones apart."""
    folders = tree.folders + [
        name.removesuffix("/")
        for name, reason in tree.left_out.items()
        if name.endswith("/") and reason != HIDDEN
    ]
    parents = {posixpath.dirname(folder) for folder in folders if folder}
    return [folder for folder in tree.folders if folder not in parents]


class ArchiveFiles(_Files):
    """The images in a zip file, which is not extracted."""

    def __init__(self, path):
        # Keeps the archive open as long as this object lives.
        self._opened = contextlib.ExitStack()
        self._archive = self._opened.enter_context(open_archive(path))
        archive = self._archive
        super().__init__(path, archive.names, archive.folders, archive.left_out)
        self.fingerprint = compute_fingerprint(
            f"{entry.path} {archive.checksum(name)}"
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
        self.fingerprint = compute_fingerprint(
            f"{entry.path} {hashlib.sha256(data).hexdigest()}"
            for entry, data in sorted(self._data.items())
        )

    def read(self, entry):
        return self._data[entry]

    def name(self, entry):
        return entry.path
