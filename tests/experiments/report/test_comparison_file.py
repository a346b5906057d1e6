"""The schema of comparison.json and its reader."""

from pathlib import Path

import pytest

from experiments.errors import ConfigError
from experiments.report import load
from experiments.report.comparison_file import describe_schema

DOCS = Path(__file__).parents[3] / "docs"


def test_the_docs_describe_the_schema():
    """To write them anew:

    python -c "from experiments.report.comparison_file import describe_schema;
    print(describe_schema(), end='')" > docs/comparison.md
    """
    assert (DOCS / "comparison.md").read_text() == describe_schema()


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
