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
