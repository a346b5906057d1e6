"""Locks admit one process at a time and leave nothing behind."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from pipelines.files.locking import file_lock


def test_never_two_at_once_although_the_lock_is_removed(tmp_path):
    path = tmp_path / "new" / "folder" / ".lock"
    inside, most = [], []

    def work(number):
        with file_lock(path):
            inside.append(number)
            most.append(len(inside))
            time.sleep(0.002)
            inside.remove(number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(60)))
    assert len(most) == 60
    assert max(most) == 1
    assert not path.exists()


def test_what_was_made_meanwhile_stays(tmp_path):
    path = tmp_path / "new" / ".lock"
    with file_lock(path):
        (tmp_path / "new" / "file").touch()
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["file"]


@pytest.mark.parametrize("error", [ValueError, FileNotFoundError, OSError])
def test_errors_come_through(tmp_path, error):
    with pytest.raises(error), file_lock(tmp_path / "new" / ".lock"):
        raise error("mine")
    assert not list(tmp_path.iterdir())


def test_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    with (
        pytest.raises(OSError, match="file"),
        file_lock(tmp_path / "file/a/.lock"),
    ):
        pass
