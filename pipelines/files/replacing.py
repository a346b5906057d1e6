"""Files that are whole or not there."""

import contextlib
import os
import stat
from pathlib import Path

# Begins the names of files that are being written.
UNFINISHED = ".writing-"


@contextlib.contextmanager
def replace_file(path, writer=""):
    """Yields a new path that takes the place of `path` when the block ends.

    A link stays a link: the file that it leads to is replaced. Pipes and
    devices are never replaced: the block writes to them.

    Args:
        path: A `Path`; its folder is made.
        writer: Part of the new name, if several may write the same file at
            once. Without it the next attempt takes over what a killed one
            left.

    Yields:
        A `Path` in the folder of the file, of the same suffix, by which some
        writers choose a format. It is removed if the block fails.
    """
    if _is_special(path):
        yield path
        return
    if path.is_symlink():
        path = Path(os.path.realpath(path))
    temporary = path.with_name(f"{UNFINISHED}{writer}{path.name}")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _is_special(path):
    """True for pipes, sockets and devices, also behind links."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
