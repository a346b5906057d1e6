"""Locks: one process at a time writes the same files."""

import contextlib
import os
import socket

import portalocker


class Held(Exception):
    """Another process has the lock; the message names it."""


class NoLocks(OSError):
    """The file system has no locks; some of clusters have none."""


@contextlib.contextmanager
def file_lock(path, wait=True):
    """Waits until no other process holds this lock, then holds it.

    Args:
        path: Of the lock file. It and its folder are made if need be. In the
            end they are removed again, the folder only if it is empty.
        wait: False raises an error instead of waiting.

    Raises:
        Held: if another process holds the lock and `wait` is False. A process
            that has died holds nothing.
        NoLocks: if files cannot be locked there.
    """
    while True:
        made = [each for each in path.parents if not each.exists()]
        with contextlib.ExitStack() as stack:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                file = stack.enter_context(open(path, "a+"))
            except (FileExistsError, FileNotFoundError):
                # The last holder has just removed the folder: mkdir saw it,
                # and then did not.
                if path.parent.exists() and not path.parent.is_dir():
                    raise
                continue
            # The operating system releases it when the process ends.
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
