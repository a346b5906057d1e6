"""Image files of classes: below a folder, in a zip file, or from tfds.

`pipelines.folders.layout` or a file of labels tells the classes. All sources
of files have

    names        {`Entry`: name of the file below `origin`}, sorted
    unused       {name of a file below `origin`: reason why it is not used}
    notes        sentences on the labels
    read(name)   returns the bytes of a file, in any thread
    state(name)  returns its size and its stamp, integers of which one differs
                 if the file may have changed: the time in ns at which that
                 happened (ctime, which nobody can set back), or the CRC-32 in
                 a zip file
    origin       place of the files, for messages
"""

import contextlib
import posixpath
from pathlib import Path

from pipelines.errors import DataError
from pipelines.files.archives import open_archive
from pipelines.files.names import HIDDEN, escape_name
from pipelines.files.walking import walk
from pipelines.folders.labels_file import BY_FOLDERS, read_layout
from pipelines.folders.layout import Entry

# Files that this program writes beside images which it made of others.
_OWN = {
    "split.json": "prepared by this program",
    "augmentation.json": "AugLy variations of other images",
}


class _Files:
    """Image files of any place, arranged in parts and classes."""

    def __init__(self, origin, names, folders, left_out, labels, beside=()):
        self.origin = escape_name(origin)
        layout = read_layout(
            names, self.origin, folders, left_out, self.read, labels, beside
        )
        self.names = layout.names
        self.unused = layout.unused
        self.notes = layout.notes


class FolderFiles(_Files):
    """The images below a folder.

    Args:
        root: The folder.
        ignored: Paths of folders not to enter.
        labels: See `pipelines.folders.labels_file.read_layout`.

    Raises:
        DataError: if a folder cannot be read, or as `read_layout`.
    """

    def __init__(self, root, ignored=(), labels=BY_FOLDERS):
        self._root = Path(root)
        tree = walk(self._root, ignored, _explain_own)
        folders = _select_leaves(tree)
        super().__init__(root, tree.files, folders, tree.left_out, labels)

    def read(self, name):
        return self._call(Path.read_bytes, name)

    def state(self, name):
        found = self._call(Path.stat, name)
        return found.st_size, found.st_ctime_ns

    def _call(self, function, name):
        path = self._root / name
        try:
            return function(path)
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
    """The images in a zip file, which is not extracted.

    Args:
        path: Of the zip file.
        labels: See `pipelines.folders.labels_file.read_layout`.
        beside: Paths of files that may have the labels.
    """

    def __init__(self, path, labels=BY_FOLDERS, beside=()):
        # Keeps the archive open as long as this object lives.
        self._opened = contextlib.ExitStack()
        archive = self._opened.enter_context(open_archive(path))
        self.read, self._archive = archive.read, archive
        super().__init__(
            path,
            archive.names,
            archive.folders,
            archive.left_out,
            labels,
            beside,
        )

    def state(self, name):
        return self._archive.size(name), self._archive.checksum(name)


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
        self._data, self.names = {}, {}
        for number, example in enumerate(examples.as_numpy_iterator()):
            entry = Entry("", names[example["label"]], f"{number:06}.jpg")
            self._data[entry.path] = example["image"]
            self.names[entry] = entry.path
        self.names = dict(sorted(self.names.items()))
        self.unused, self.notes = {}, []

    def read(self, name):
        return self._data[name]

    def state(self, name):
        return len(self._data[name]), 0
