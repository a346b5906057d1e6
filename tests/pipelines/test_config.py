"""Configs compare field by field, and name the path to what differs."""

import doctest

import pytest

from pipelines import config
from pipelines.config import compare_configs


@pytest.mark.parametrize(
    ("before", "after", "different"),
    [
        ({"a": {"b": 1}}, {"a": {"b": 1}}, []),
        ({"a": {"b": 1}, "c": 2}, {"a": {"b": 3}, "c": 2}, [("a.b", 1, 3)]),
        ({"a": 1, "b": 2}, {"a": 3, "b": 4}, [("a", 1, 3), ("b", 2, 4)]),
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, [("a.1.b", 2, 3)]),
        ({"a": [1]}, {"a": [1, 2]}, [("a.1", None, 2)]),
        ({"a": [1, 2]}, {"a": [2, 1]}, [("a.0", 1, 2), ("a.1", 2, 1)]),
        ({"a": {"b": 1}}, {"a": None}, [("a", {"b": 1}, None)]),
        ({"a": {}}, {"a": {"b": 1}}, [("a.b", None, 1)]),
        ({"a": 1}, {"a": 1.0}, []),
        (
            {"operations": {"blur": [0, 2]}},
            {"operations": {"blur": [0.0, 2]}},
            [("operations.blur.0", 0, 0.0)],
        ),
        # Newer than the other config, and at its default there.
        ({}, {"a": None}, []),
    ],
)
def test_differences_have_the_path_and_both_values(before, after, different):
    assert compare_configs(before, after) == different
    assert compare_configs(after, before) == [
        (path, new, old) for path, old, new in different
    ]


def test_order_of_operations_is_a_difference():
    blur_last = {"operations": {"rotate": {"degrees": 3}, "blur": {}}}
    blur_first = {"operations": {"blur": {}, "rotate": {"degrees": 3}}}
    assert compare_configs(blur_last, blur_first) == [
        ("operations", ["rotate", "blur"], ["blur", "rotate"])
    ]


def test_documentation_runs():
    result = doctest.testmod(config)
    assert result.attempted > 0
    assert result.failed == 0
