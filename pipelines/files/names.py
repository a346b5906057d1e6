"""What the name of a file or a folder says of what is in it."""

import os
import posixpath
import re
import unicodedata

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
# Other archives than zip files, which may hold images.
PACKED = (".tar", ".tgz", ".gz", ".bz2", ".xz", ".zst", ".7z", ".rar")
PARTS = ("train", "validation", "test")
_PART_OF_WORD = {
    **dict.fromkeys(("train", "training", "trainset"), "train"),
    **dict.fromkeys(("trainval", "fit"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "valset"), "validation"),
    **dict.fromkeys(("dev", "eval", "evaluation"), "validation"),
    **dict.fromkeys(("test", "testing", "testset"), "test"),
    **dict.fromkeys(("pred", "prediction", "unsup"), "unlabelled"),
    **dict.fromkeys(("unlabeled", "unlabelled"), "unlabelled"),
}
# Folders that say nothing of what is in them.
GENERIC = ("images", "image", "imgs", "img", "jpeg", "jpg", "jpegs", "photos")
_BESIDE_PART = (*GENERIC, "set", "data", "dataset", "split", "folder", "dir")
# A class may be of trains, or of what is valid.
_ALSO_CLASSES = ("train", "valid", "fit")
_SYSTEM = (
    "__macosx",
    "@eadir",
    "thumbs.db",
    "desktop.ini",
    "icon\r",
    "$recycle.bin",
    "lost+found",
)
_HIDDEN = "hidden, or of the operating system"
_OTHER = "no image, by its name"
# Reasons that a reader of results need not know.
OF_NO_INTEREST = (_HIDDEN, _OTHER)
_UNREAD = (".heic", ".heif", ".svg", ".psd", ".raw", ".cr2", ".nef", ".dng")


def why_no_image(name):
    """Why a file is not taken for an image, by its name; None if it is."""
    if any(p.startswith(".") or p.lower() in _SYSTEM for p in name.split("/")):
        return _HIDDEN
    if has_control(name):
        return "a control character in its name"
    suffix = posixpath.splitext(name)[1].lower()
    if suffix in _UNREAD:
        return f"a format that is not read here ({suffix})"
    if suffix not in SUFFIXES:
        return _OTHER
    return None


def has_control(name):
    """Whether a name has a character that moves the cursor or ends a line."""
    return not name.isprintable() and any(
        unicodedata.category(c) in ("Cc", "Zl", "Zp") for c in name
    )


def in_utf8(name):
    """A file's name with what is not UTF-8 escaped: a\\xe9.jpg."""
    return os.fsencode(name).decode(errors="backslashreplace")


def listed(names, shown=4):
    """A few names on one line, for people."""
    names = [in_utf8(name) for name in names]
    names = [repr(name) if has_control(name) else name for name in names]
    more = f" and {len(names) - shown:,} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more


def summary(unused):
    """Reasons, how many files have them, and the first of these."""
    by_reason = {}
    for name, reason in unused.items():
        by_reason.setdefault(reason, []).append(name)
    return "; ".join(
        f"{len(names):,} {reason}, such as {listed(names[:1])}"
        for reason, names in by_reason.items()
    )


def part_of(name):
    """The part of the data that a folder's name says it is, if any.

    Example:

    >>> from pipelines.files.names import part_of
    >>> [part_of(name) for name in ("seg_train", "Test1", "dev", "cats")]
    ['train', 'test', 'validation', None]
    """
    words = _words(name)
    kinds = {_PART_OF_WORD[word] for word in words if word in _PART_OF_WORD}
    return kinds.pop() if len(kinds) == 1 else None


def is_part_rather_than_class(name):
    """Whether a name is that of a part, and hardly one of a class.

    Example:

    >>> from pipelines.files.names import is_part_rather_than_class
    >>> names = ("test1", "val_images", "test_tube", "train")
    >>> [is_part_rather_than_class(name) for name in names]
    [True, True, False, False]
    """
    words = _words(name)
    return (
        part_of(name) is not None
        and all(word in (*_PART_OF_WORD, *_BESIDE_PART) for word in words)
        and words not in [[word] for word in _ALSO_CLASSES]
    )


def _words(name):
    """In lower case: ["train", "set"] of TrainSet, train-set or TRAIN_SET1."""
    return [
        word.lower()
        for word in re.findall("[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    ]
