"""One process at a time where several would write the same files."""

import contextlib

import portalocker


@contextlib.contextmanager
def alone(path):
    """Waits until no other process holds this lock.

    Args:
        path: Of the lock file, which stays; its folder is there.
    """
    # The operating system lets go of it when the process ends, in any way.
    with open(path, "w") as file:
        try:
            portalocker.lock(file, portalocker.LOCK_EX | portalocker.LOCK_NB)
        except portalocker.LockException:
            print(
                f"waiting: another process prepares {path.parent}", flush=True
            )
            portalocker.lock(file, portalocker.LOCK_EX)
        yield
