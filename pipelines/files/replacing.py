"""Files that are whole or not there."""

import contextlib
import os

# Begins the names of files that are being written.
UNFINISHED = ".writing-"


@contextlib.contextmanager
def replacing(path, writer=""):
    """A new path that takes the place of `path` when the block has ended.

    Args:
        path: A `Path`; its folder is made.
        writer: Part of the new name, where several may write the same file.
            Without it the next attempt takes over what a killed one left.

    Yields:
        A `Path` in the same folder, of the same suffix, which decides about
        the format in some writers. It is removed if the block fails.
    """
    temporary = path.with_name(f"{UNFINISHED}{writer}{path.name}")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
