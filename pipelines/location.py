"""Folders of a run's data and of what is prepared from it."""

import os
import stat
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

# Names of the data sets in a folder that is for several of them.
NAMES = {
    "tiny_imagenet": ("tiny-imagenet-200.zip", "tiny-imagenet-200"),
    "catsdogs": (
        "catsdogs.zip",
        "cats-and-dogs-test.zip",
        "cats-and-dogs-image-classification.zip",
        "catsdogs",
        "split_data",
    ),
    "cats_vs_dogs": ("cats_vs_dogs", "downloads"),
}


def list_other_places(name, data_dir):
    """Paths in `data_dir` that belong to other data sets than `name`."""
    return [
        Path(data_dir, each)
        for other, names in NAMES.items()
        if other != name
        for each in names
    ]


@dataclass(frozen=True)
class Location:
    """Folders of the data, and of what is prepared from it.

    Args:
        data_dir: A folder, or one zip file. It is only read; downloads are
            the exception.
        prepared_dir: Folder for prepared data. None: beside the data, or
            `prepared/` in the current folder if the data cannot be written.
        on_bad_image: "error" stops at a file that cannot be decoded; "skip"
            leaves it out and lists it in a file.
    """

    data_dir: Path
    prepared_dir: Path | None = None
    on_bad_image: Literal["error", "skip"] = "error"

    def __post_init__(self):
        object.__setattr__(self, "data_dir", Path(self.data_dir))
        if self.prepared_dir is not None:
            object.__setattr__(self, "prepared_dir", Path(self.prepared_dir))

    @property
    def is_archive(self):
        """True if the data is one file, or would be if it were there."""
        is_zip = self.data_dir.suffix.lower() == ".zip"
        return self.data_dir.is_file() or (
            is_zip and not self.data_dir.is_dir()
        )

    @property
    def folder(self):
        """The folder of the data; of a zip file, the one that it is in."""
        return self.data_dir.parent if self.is_archive else self.data_dir

    @property
    def prepared(self):
        if self.prepared_dir is not None:
            return self.prepared_dir
        return self.folder if _is_writable(self.folder) else Path("prepared")

    def move_outside(self):
        """Moves prepared data out of the folder of the data.

        It goes to a folder NAME_prepared beside it, or below `prepared/` in
        the current folder if that cannot be written. A `prepared_dir` that is
        given stays.
        """
        if self.prepared_dir is not None:
            return self
        # "." and ".." have no names of their own.
        data = Path(os.path.abspath(self.data_dir))
        beside = data.with_name(f"{data.name}_prepared") if data.name else None
        if beside is None or not _is_writable(data.parent):
            beside = Path("prepared") / f"{data.name}_prepared"
        return replace(self, prepared_dir=beside)


def _is_writable(folder):
    # A new folder can be made if its first existing parent lets us.
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    # A folder without the owner's write bit is meant to stay as it is, even
    # if the user is root and could write.
    owner_writes = folder.stat().st_mode & stat.S_IWUSR
    return bool(owner_writes) and os.access(folder, os.W_OK)
