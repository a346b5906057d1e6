"""Where the data of a run lies, and where what is made of it goes."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class Location:
    """Where to read data, where to keep what was prepared from it.

    Args:
        data_dir: A folder, or one zip file. It is only read, but for what is
            downloaded into it.
        prepared_dir: Where prepared data goes. None: beside the data, or to
            `prepared/` in the current folder where the data cannot be
            written.
        on_bad_image: What to do with a file that cannot be decoded: stop with
            an "error", or "skip" it and list it in a file.
    """

    data_dir: Path
    prepared_dir: Path | None = None
    on_bad_image: Literal["error", "skip"] = "error"

    def __post_init__(self):
        object.__setattr__(self, "data_dir", Path(self.data_dir))
        if self.prepared_dir is not None:
            object.__setattr__(self, "prepared_dir", Path(self.prepared_dir))

    @property
    def folder(self):
        """The folder of the data; of a zip file, the one that it is in."""
        is_zip = self.data_dir.suffix.lower() == ".zip"
        return self.data_dir.parent if is_zip else self.data_dir

    @property
    def prepared(self):
        if self.prepared_dir is not None:
            return self.prepared_dir
        return self.folder if _writable(self.folder) else Path("prepared")


def _writable(folder):
    # What does not exist yet is made where its first existing parent lets us.
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    # A folder without the owner's write bit is meant to stay as it is, even
    # where the user is root and could write.
    owner_writes = folder.stat().st_mode & stat.S_IWUSR
    return bool(owner_writes) and os.access(folder, os.W_OK)
