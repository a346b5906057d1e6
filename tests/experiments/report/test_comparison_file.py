"""The schema of comparison.json and its reader."""

import pytest

from experiments.errors import ConfigError
from experiments.report import load


def test_a_missing_file_is_one_sentence(tmp_path):
    with pytest.raises(ConfigError, match="No such file"):
        load(tmp_path)


def test_damage_is_named(tmp_path):
    path = tmp_path / "comparison.json"
    path.write_text('{"title": 3}')
    with pytest.raises(ConfigError, match="title: Input should be a valid st"):
        load(path)
    path.write_text("{")
    with pytest.raises(ConfigError, match="comparison.json: the file: Invalid"):
        load(path)
