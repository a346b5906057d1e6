"""Files are replaced whole; pipes, devices and links stay what they are."""

import os
import stat
import threading

import pytest

from pipelines.files.replacing import replace_file


def test_file_is_replaced_when_the_block_ends(tmp_path):
    path = tmp_path / "new" / "a.txt"
    with replace_file(path) as new:
        new.write_text("first")
        assert not path.exists()
        assert new.suffix == ".txt"
    assert path.read_text() == "first"


def test_block_that_fails_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("first")

    def write():
        with replace_file(path) as new:
            new.write_text("second")
            raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        write()
    assert path.read_text() == "first"
    assert [each.name for each in path.parent.iterdir()] == ["a.txt"]


@pytest.mark.parametrize("there", [True, False])
def test_link_stays_a_link(tmp_path, there):
    target = tmp_path / "far" / "a.txt"
    if there:
        target.parent.mkdir()
        target.write_text("before")
    link = tmp_path / "a.txt"
    link.symlink_to(target)
    with replace_file(link) as new:
        new.write_text("after")
    assert link.is_symlink()
    assert target.read_text() == "after"


def test_pipe_is_written_to(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    with replace_file(pipe) as new:
        new.write_text("through")
    reader.join(10)
    assert read == ["through"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize("linked", [True, False])
def test_device_is_written_to(tmp_path, linked):
    device = tmp_path / "null"
    try:
        # As /dev/null, which no test should risk.
        os.mknod(device, stat.S_IFCHR | 0o600, os.makedev(1, 3))
        device.write_text("try")
    except OSError as error:
        pytest.skip(f"devices cannot be made here: {error}")
    path = device
    if linked:
        path = tmp_path / "link"
        path.symlink_to(device)
    with replace_file(path) as new:
        new.write_text("away")
    assert stat.S_ISCHR(device.stat().st_mode)
    assert path.is_symlink() == linked
