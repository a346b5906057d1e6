"""Rules about the names of files and folders."""

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
# Names of folders without a meaning of their own.
GENERIC = ("images", "image", "imgs", "img", "jpeg", "jpg", "jpegs", "photos")
_BESIDE_PART = (*GENERIC, "set", "data", "dataset", "split", "folder", "dir")
# A class may be of trains, or of valid samples.
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
HIDDEN = "hidden, or of the operating system"
_OTHER = "no image, by its name"
# Reasons that a reader of results need not know.
OF_NO_INTEREST = (HIDDEN, _OTHER)
_UNREAD = (".heic", ".heif", ".svg", ".psd", ".raw", ".cr2", ".nef", ".dng")


def explain_no_image(name):
    """The reason why a file's name is not that of an image; None if it is.

    Args:
        name: With "/" between folders; hidden folders hide their files.
    """
    if any(map(is_hidden, name.split("/"))):
        return HIDDEN
    if has_control(name):
        return "a control character in its name"
    suffix = posixpath.splitext(name)[1].lower()
    if suffix in _UNREAD:
        return f"a format that is not read here ({suffix})"
    if suffix not in SUFFIXES:
        return _OTHER
    return None


def is_hidden(name):
    """True for hidden files and folders, and those of operating systems."""
    return name.startswith(".") or name.lower() in _SYSTEM


def has_control(name):
    """True if a name has a character that moves the cursor or ends a line."""
    return not name.isprintable() and any(
        unicodedata.category(c) in ("Cc", "Zl", "Zp") for c in name
    )


def escape_name(name):
    """Escapes bytes of a name that are not UTF-8: a\\xe9.jpg."""
    return os.fsencode(name).decode(errors="backslashreplace")


def join_names(names, shown=4):
    """Joins a few names to one line of a message."""
    names = [escape_name(name) for name in names]
    names = [repr(name) if has_control(name) else name for name in names]
    more = f" and {len(names) - shown:,} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more


def summarize(unused):
    """Sums up {file: reason}: each reason with its number of files and one."""
    by_reason = {}
    for name, reason in unused.items():
        by_reason.setdefault(reason, []).append(name)
    return "; ".join(
        f"{len(names):,} {reason}, such as {join_names(names[:1])}"
        for reason, names in by_reason.items()
    )


def read_part(name):
    """Reads the part of the data off a folder's name; None if it has none.

    Example:

    >>> from pipelines.files.names import read_part
    >>> [read_part(name) for name in ("seg_train", "Test1", "dev", "cats")]
    ['train', 'test', 'validation', None]
    """
    words = _words(name)
    kinds = {_PART_OF_WORD[word] for word in words if word in _PART_OF_WORD}
    return kinds.pop() if len(kinds) == 1 else None


def is_part_rather_than_class(name):
    """True for names of parts that are hardly names of classes.

    Example:

    >>> from pipelines.files.names import is_part_rather_than_class
    >>> names = ("test1", "val_images", "test_tube", "train")
    >>> [is_part_rather_than_class(name) for name in names]
    [True, True, False, False]
    """
    words = _words(name)
    return (
        read_part(name) is not None
        and all(word in (*_PART_OF_WORD, *_BESIDE_PART) for word in words)
        and words not in [[word] for word in _ALSO_CLASSES]
    )


def _words(name):
    """Splits TrainSet, train-set or TRAIN_SET1 into ["train", "set"]."""
    return [
        word.lower()
        for word in re.findall("[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    ]
