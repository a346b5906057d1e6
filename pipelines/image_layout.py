"""Which file is an image of which class, by the names of folders.

CLASS/FILE, or PART/CLASS/FILE where the data comes split; with folders around
all of it, or a folder `images` inside each, as tools and downloads have them.
Nothing is guessed: where the names can mean two things, the message has both.
"""

import os
import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import NamedTuple

from pipelines.errors import DataError

SUFFIXES = (
    ".jpg",
    ".jpeg",
    ".jpe",
    ".jfif",
    ".png",
    ".bmp",
    ".webp",
    ".gif",
    ".tif",
    ".tiff",
    ".avif",
    ".ppm",
    ".pgm",
    ".jp2",
)
PARTS = ("train", "validation", "test")
_PART_OF_WORD = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "validation"),
    **dict.fromkeys(("eval", "evaluation"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
    **dict.fromkeys(("pred", "unlabeled", "unlabelled", "unsup"), "unlabelled"),
}
# Folders that say nothing of what is in them.
_GENERIC = ("images", "image", "imgs", "img", "jpeg", "jpg", "jpegs", "photos")
_SYSTEM = ("__macosx", "thumbs.db", "desktop.ini", "icon\r", "$recycle.bin")
_UNREAD = (".heic", ".heif", ".svg", ".psd", ".raw", ".cr2", ".nef", ".dng")
_NO_CLASS = "in no folder of a class"


class Entry(NamedTuple):
    """One image file; `split` is "" where the files are not split."""

    split: str
    class_name: str
    file: str

    @property
    def path(self):
        return "/".join(filter(None, self))


@dataclass
class Layout:
    """What `arrange` found.

    Attributes:
        names: {Entry: name of the file}, sorted by entry. Of two parts the
            one that is not train is called test.
        parts: {part: name of its folder}; empty where there are none.
        empty: Names of class folders that hold no image.
        unused: {name of a file: why it is not used}.
    """

    names: dict
    parts: dict = field(default_factory=dict)
    empty: list = field(default_factory=list)
    unused: dict = field(default_factory=dict)


def why_no_image(name):
    """Why a file is not taken for an image, by its name; None if it is."""
    path = PurePosixPath(name)
    if any(p.startswith(".") or p.lower() in _SYSTEM for p in path.parts):
        return "hidden, or of the operating system"
    if any(unicodedata.category(c) in ("Cc", "Zl", "Zp") for c in name):
        return "a control character in its name"
    if path.suffix.lower() in _UNREAD:
        return f"a format that is not read here ({path.suffix.lower()})"
    if path.suffix.lower() not in SUFFIXES:
        return "no image, by its name"
    return None


def in_utf8(name):
    """A file's name with what is not UTF-8 escaped: a\\xe9.jpg."""
    return os.fsencode(name).decode(errors="backslashreplace")


def arrange(names, origin, folders=()):
    """The `Layout` of files.

    Args:
        names: Of the files, with "/", relative to where all of them are.
        origin: Where that is, for messages.
        folders: Names of folders; those without images matter.

    Raises:
        DataError: if there are no images, or if it cannot be told which
            folders are classes.
    """
    unused = {n: why for n in names if (why := why_no_image(n)) is not None}
    images = [name for name in names if name not in unused]
    tree = {}
    for name in images:
        *path, file = name.split("/")
        node = _folder(tree, path)
        if isinstance(node, str) or file in node:
            # Only in a zip file.
            raise DataError(f"{origin}: {name} is a file and a folder.")
        node[file] = name
    for name in folders:
        if why_no_image(f"{name}/x.png") is None:
            _folder(tree, name.split("/"))
    if not images:
        raise DataError(
            f"{origin}: expected images as CLASS/FILE or PART/CLASS/FILE "
            f"({', '.join(SUFFIXES)}). Received: no images"
            f"{_counted(unused)}."
        )
    reader = _Reader(origin, unused)
    outer, tree = reader.unwrap(tree)
    tree = {name: _squeeze(name, node) for name, node in tree.items()}
    return reader.read(outer, tree)


def summary(unused):
    """Reasons and how many files have them, for people."""
    counts = {}
    for reason in unused.values():
        counts[reason] = counts.get(reason, 0) + 1
    return "; ".join(f"{count:,} {reason}" for reason, count in counts.items())


def _counted(unused):
    return f" ({summary(unused)})" if unused else ""


def _folder(tree, path):
    """The folder of this path, made; or the file that is in its way."""
    for part in path:
        if isinstance(tree, str):
            break
        tree = tree.setdefault(part, {})
    return tree


def _folders(node):
    """The folders in a folder that hold an image somewhere."""
    return {k: v for k, v in node.items() if isinstance(v, dict) and any_in(v)}


def _files(node):
    return {k: v for k, v in node.items() if isinstance(v, str)}


def any_in(node):
    """The name of an image below a folder, or None."""
    if isinstance(node, str):
        return node
    return next(filter(None, map(any_in, node.values())), None)


def _squeeze(name, node):
    """Leaves out folders that only stand between a folder and its images."""
    if not isinstance(node, dict):
        return node
    inside = _folders(node)
    if len(inside) == 1 and not _files(node):
        ((inner, child),) = inside.items()
        if inner.lower() in (*_GENERIC, name.lower()):
            return _squeeze(name, child)
    return {key: _squeeze(key, child) for key, child in node.items()}


def part_of(name):
    """The part that a folder's name says it is; None for any other name."""
    words = re.findall("[a-z]+", name.lower())
    kinds = {_PART_OF_WORD[word] for word in words if word in _PART_OF_WORD}
    return kinds.pop() if len(kinds) == 1 else None


class _Reader:
    """Tells classes from parts; `unused` gets what is in neither."""

    def __init__(self, origin, unused):
        self.origin = origin
        self.unused = unused

    def unwrap(self, tree):
        """(name of the innermost folder around all classes, what is in it)."""
        outer = ""
        while len(inside := _folders(tree)) == 1:
            ((name, child),) = inside.items()
            if not _folders(child):
                break
            self.leave_out(_files(tree))
            outer, tree = name, child
        return outer, tree

    def read(self, outer, tree):
        """The layout of folders that are classes, or parts of classes."""
        self.leave_out(_files(tree))
        inside = _folders(tree)
        deep = {k: v for k, v in inside.items() if _folders(v)}
        if not inside:
            raise self.refuse(f"{next(iter(self.unused))!r} is in no folder")
        if not deep:
            if all(map(part_of, inside)):
                raise self.refuse_flat_parts(inside)
            split = outer if part_of(outer) else ""
            empty = [k for k, v in tree.items() if v == {}]
            return self.layout({split: inside}, {}, empty)
        if not all(map(part_of, inside)):
            raise self.refuse_depths(inside, deep)
        parts = {}
        for name, node in inside.items():
            self.leave_out(_files(node))
            if name in deep:
                if part_of(name) == "unlabelled" or part_of(name) in parts:
                    raise self.refuse_parts(inside)
                parts[part_of(name)] = name
        for name in parts.values():
            for class_name, node in _folders(tree[name]).items():
                if inner := _folders(node):
                    raise self.refuse(
                        f"{in_utf8(name)}/{in_utf8(class_name)} should hold "
                        "the images of a class, and holds folders: "
                        f"{_listed(map(any_in, inner.values()))}. Move their "
                        "images up, or to classes of their own"
                    )
        if len(parts) > 1 and "train" not in parts:
            raise self.refuse_parts(inside)
        if set(parts) == {"train", "validation"}:
            parts = {"train": parts["train"], "test": parts["validation"]}
        empty = [
            k for p in parts.values() for k, v in tree[p].items() if v == {}
        ]
        splits = {part: _folders(tree[name]) for part, name in parts.items()}
        return self.layout(splits, parts if len(parts) > 1 else {}, empty)

    def layout(self, splits, parts, empty):
        names = {}
        for split, classes in splits.items():
            for class_name, node in classes.items():
                for file, name in _files(node).items():
                    entry = Entry(*map(in_utf8, (split, class_name, file)))
                    if entry in names:
                        raise self.refuse(
                            f"{in_utf8(names[entry])} is there twice but for "
                            "characters that are not UTF-8; rename one"
                        )
                    names[entry] = name
        names = dict(sorted(names.items()))
        return Layout(names, parts, sorted(map(in_utf8, empty)), self.unused)

    def leave_out(self, files):
        self.unused |= dict.fromkeys(files.values(), _NO_CLASS)

    def refuse(self, reason):
        return DataError(f"{self.origin}: {reason}.")

    def refuse_flat_parts(self, inside):
        return self.refuse(
            f"the folders {_listed(inside)} can be parts of the data, whose "
            "images are in no folder of their class, or classes of these "
            "names. Received: "
            f"{_listed(map(any_in, inside.values()))}. For parts, put the "
            "images of each class in a folder (train/CLASS/FILE); for "
            "classes, rename the folders"
        )

    def refuse_depths(self, inside, deep):
        shallow = [k for k, v in inside.items() if _files(v)]
        one = _files(inside[shallow[0]]) if shallow else {}
        examples = [*list(one.values())[:1], *map(any_in, _only_folders(deep))]
        return self.refuse(
            "the images are not all at one depth, or deeper than expected: "
            f"{_listed(examples[:3])}. The folders {_listed(inside)} can be "
            "classes that have folders in them, or parts of the data that "
            "have classes in them. For classes, move the images up "
            "(CLASS/FILE); for parts, name them train and test "
            "(PART/CLASS/FILE)"
        )

    def refuse_parts(self, inside):
        return self.refuse(
            "expected one part, or train beside test, validation or both, "
            f"each once. Received: {_listed(inside)}. Rename or move what is "
            "to be used as something else"
        )


def _only_folders(deep):
    return [_folders(node) for node in deep.values()]


def _listed(names):
    names = [in_utf8(name) for name in names]
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return ", ".join(names[:4]) + more
