"""One process at a time where several would write the same files."""

import contextlib
import os
import socket

import portalocker


class Held(Exception):
    """Another process has the lock; the message says which."""


class NoLocks(OSError):
    """The file system has none; some of clusters have not."""


@contextlib.contextmanager
def file_lock(path, wait=True):
    """Waits until no other process holds this lock.

    Args:
        path: Of the lock file. It and its folder are made where they are not
            there, and what this call has made is removed in the end, the
            folder unless something else is in it.
        wait: Whether to wait.

    Raises:
        Held: if not to, and another process holds it. One that is dead holds
            nothing: the operating system has let go of its locks.
        NoLocks: if files cannot be locked there.
    """
    while True:
        made = [each for each in path.parents if not each.exists()]
        with contextlib.ExitStack() as stack:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                file = stack.enter_context(open(path, "a+"))
            except (FileExistsError, FileNotFoundError):
                # Whoever had the lock has just removed the folder; mkdir has
                # found it there, and then has not.
                if path.parent.exists() and not path.parent.is_dir():
                    raise
                continue
            # The operating system lets go of it when the process ends.
            _lock(file, path.parent, wait)
            if not _is_at(file, path):
                continue
            try:
                file.truncate(0)
                file.write(f"{socket.gethostname()}, process {os.getpid()}")
                file.flush()
                yield
            finally:
                path.unlink()
                _remove_empty(made)
            return


def _lock(file, folder, wait):
    try:
        portalocker.lock(file, portalocker.LOCK_EX | portalocker.LOCK_NB)
    except portalocker.AlreadyLocked:
        if not wait:
            file.seek(0)
            raise Held(file.read() or "of unknown name") from None
        print(f"waiting: another process prepares {folder}", flush=True)
        portalocker.lock(file, portalocker.LOCK_EX)
    except portalocker.LockException as error:
        raise NoLocks(str(error)) from error


def _is_at(file, path):
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    except FileNotFoundError:
        return False


def _remove_empty(folders):
    """Removes folders, the innermost first, until one is not empty."""
    with contextlib.suppress(OSError):
        for folder in folders:
            folder.rmdir()
