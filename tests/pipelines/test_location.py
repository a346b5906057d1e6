"""Prepared data lies beside the data where that can be written."""

from pathlib import Path

import pytest

from pipelines.location import Location


def test_beside_the_data(tmp_path):
    assert Location(tmp_path).prepared == tmp_path
    assert Location(str(tmp_path / "new" / "folder")).prepared == (
        tmp_path / "new" / "folder"
    )
    assert Location(tmp_path / "photos.zip").prepared == tmp_path


def test_where_it_is_told(tmp_path):
    assert Location(tmp_path, "other").prepared == Path("other")


@pytest.mark.parametrize("name", ["", "photos.zip"])
def test_read_only_data_is_left_alone(tmp_path, name):
    """Also by a user who could write there all the same."""
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(0o555)
    try:
        assert Location(folder / name).prepared == Path("prepared")
    finally:
        folder.chmod(0o755)


def test_outside_of_the_data(tmp_path, monkeypatch):
    assert Location(tmp_path / "photos").move_outside().prepared == (
        tmp_path / "photos_prepared"
    )
    assert Location(tmp_path / "photos.zip").move_outside().prepared == (
        tmp_path / "photos.zip_prepared"
    )
    assert Location(tmp_path, "other").move_outside().prepared == Path("other")
    monkeypatch.chdir(tmp_path)
    beside = tmp_path.with_name(f"{tmp_path.name}_prepared")
    assert Location(".").move_outside().prepared == beside
    # Once is enough.
    assert Location(".").move_outside().move_outside().prepared == beside
    assert Location("/").move_outside().prepared == Path("prepared/_prepared")


def test_folder_whose_name_ends_like_a_zip_file(tmp_path):
    (tmp_path / "photos.zip").mkdir()
    assert Location(tmp_path / "photos.zip").folder == tmp_path / "photos.zip"
    (tmp_path / "archive").write_bytes(b"")
    assert Location(tmp_path / "archive").folder == tmp_path
