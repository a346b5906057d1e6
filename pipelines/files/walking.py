"""Walks over folders: one rule about links, hidden files and order."""

import heapq
import os
import posixpath
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.errors import DataError
from pipelines.files.archives import open_archive
from pipelines.files.names import (
    HIDDEN,
    PACKED,
    escape_name,
    explain_no_image,
    is_hidden,
)

_READ_ALREADY = "a link to a folder read already"
_AROUND = "a link to a folder that it lies in"
_NO_FILE = "no file, or a link to none"


@dataclass
class Tree:
    """Files and folders below a folder, by their names relative to it.

    Attributes:
        folders: Folders that were entered, sorted; the first is "", the
            folder itself.
        files: Files in them, sorted; "/" separates folders.
        left_out: {name: reason} of everything else; names of folders end in
            "/".
    """

    folders: list = field(default_factory=list)
    files: list = field(default_factory=list)
    left_out: dict = field(default_factory=dict)


def walk(root, ignored=(), why_not_enter=None, strict=True):
    """Lists all files below a folder.

    Links are followed, and each real folder is entered once: by its own
    path if that lies below `root`, else by the first link to it in the order
    of names. Links to a folder that they lie in are not followed. Hidden
    files and folders, and those of operating systems, are left out.

    Args:
        root: The folder. Its own name does not matter.
        ignored: Paths of folders not to enter, however they are reached.
        why_not_enter: Function of a folder's relative name and the names
            directly in it; returns the reason not to enter it, or None. It
            is not called for `root`.
        strict: Raises an error if a folder cannot be read; else the folder
            is left out.

    Returns:
        A `Tree`; an empty one if there is no such folder.

    Raises:
        DataError: see `strict`.

    Example:

    >>> from pipelines.files.walking import walk
    >>> tree = walk("runs", why_not_enter=lambda name, inside: (
    ...     "of a tracker" if name.endswith("wandb") else None
    ... ))
    """
    walker = _Walker(root, ignored, why_not_enter, strict)
    if os.path.isdir(root):
        walker.enter("")
    # Real folders come first: a link is not taken for the folder that it
    # leads to, also if its name comes first.
    while walker.links:
        walker.follow(heapq.heappop(walker.links))
    tree = walker.tree
    left_out = dict(sorted(tree.left_out.items()))
    return Tree(sorted(tree.folders), sorted(tree.files), left_out)


class _Walker:
    """State of one walk."""

    def __init__(self, root, ignored, why_not_enter, strict):
        self.tree = Tree()
        self.links = []
        self._root = os.fspath(root)
        self._ignored = {os.path.realpath(path) for path in ignored}
        self._why_not_enter = why_not_enter
        self._strict = strict
        self._entered = set()

    def follow(self, name):
        """Enters the folder that a link leads to."""
        real = os.path.realpath(self._path(name))
        parent = os.path.realpath(self._path(posixpath.dirname(name)))
        if real not in self._entered and _is_below(parent, real):
            self.tree.left_out[f"{name}/"] = _AROUND
        else:
            self.enter(name)

    def enter(self, first):
        """Lists a folder and the real folders below it."""
        waiting = [first]
        while waiting:
            folder = waiting.pop()
            entries = self._list(folder)
            if entries is None:
                continue
            self.tree.folders.append(folder)
            for entry in entries:
                name = posixpath.join(folder, entry.name)
                if is_hidden(entry.name):
                    end = "/" * entry.is_dir(follow_symlinks=False)
                    self.tree.left_out[name + end] = HIDDEN
                elif entry.is_dir(follow_symlinks=False):
                    waiting.append(name)
                elif os.path.isdir(entry.path):
                    heapq.heappush(self.links, name)
                elif os.path.isfile(entry.path):
                    self.tree.files.append(name)
                else:
                    self.tree.left_out[name] = _NO_FILE

    def _list(self, folder):
        """Lists the entries of a folder; None if it is left out."""
        path = self._path(folder)
        real = os.path.realpath(path)
        if real in self._entered:
            self.tree.left_out[f"{folder}/"] = _READ_ALREADY
            return None
        if real in self._ignored:
            reason = "by its name of other data, or of this program"
            self.tree.left_out[f"{folder}/"] = reason
            return None
        try:
            with os.scandir(path) as found:
                entries = list(found)
        except OSError as error:
            reason = error.strerror or str(error)
            if self._strict:
                raise DataError(
                    f"cannot read {escape_name(path)}: {reason}. Mend that, or "
                    "move it away."
                ) from error
            self.tree.left_out[f"{folder}/"] = f"cannot be read: {reason}"
            return None
        if folder and self._why_not_enter is not None:
            reason = self._why_not_enter(folder, [e.name for e in entries])
            if reason is not None:
                self.tree.left_out[f"{folder}/"] = reason
                return None
        self._entered.add(real)
        return entries

    def _path(self, name):
        return os.path.join(self._root, name) if name else self._root


def _is_below(path, folder):
    return path == folder or path.startswith(os.path.join(folder, ""))


def list_images(root, levels=None, ignored=()):
    """Names of the image files below a folder, sorted.

    Args:
        root: The folder.
        levels: Number of folders between `root` and the files: 1 for
            CLASS/FILE; None: any.
        ignored: Paths of folders not to enter.

    Raises:
        DataError: if a folder cannot be read.
    """
    return [
        name
        for name in walk(root, ignored).files
        if explain_no_image(name) is None
        and (levels is None or name.count("/") == levels)
    ]


def list_files(folder, suffixes, ignored=()):
    """Paths of the files directly in a folder, sorted.

    Args:
        folder: Its path; there may be nothing.
        suffixes: Of their names, in any case: (".zip",).
        ignored: Paths of files to pass over.
    """
    folder = Path(folder)
    if not folder.is_dir():
        return []
    return sorted(
        path
        for path in set(folder.iterdir()).difference(ignored)
        if path.is_file()
        and not is_hidden(path.name)
        and path.suffix.lower() in suffixes
    )


def locate_image(place, ignored=()):
    """The name of an image in a folder or a zip file; None if it has none.

    Args:
        place: Its path; there may be nothing.
        ignored: Paths of folders below it not to enter.

    Raises:
        DataError: if it cannot be read.
    """
    if os.path.isfile(place):
        with open_archive(place) as archive:
            names = archive.names
    else:
        names = walk(place, ignored).files
    images = (name for name in names if explain_no_image(name) is None)
    return next(images, None)


def locate_possible_image(folder, ignored=()):
    """The name of an image in a folder, or of an archive that may have some.

    Args:
        folder: Its path; there may be nothing.
        ignored: Paths of files and folders in it to pass over.

    Returns:
        The name for a message, or None.

    Raises:
        DataError: if it cannot be read.
    """
    found = locate_image(folder, ignored)
    if found is not None:
        return found
    for path in list_files(folder, (".zip", *PACKED), ignored):
        if path.suffix.lower() in PACKED:
            return path.name
        if inside := locate_image(path):
            return f"{inside} in {path.name}"
    return None
