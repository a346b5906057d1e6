"""Parsers of flags: paths mean what they mean in a shell."""

import doctest

import pytest

from experiments.commands import common, train
from experiments.commands.common import PathParser, PathsParser


@pytest.mark.parametrize("module", [common, train])
def test_examples_in_docstrings(module):
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("runs", "runs"),
        ("~", "/home/me"),
        ("~/runs", "/home/me/runs"),
        ("$DISK/runs", "/disk/runs"),
        ("${DISK}s/runs", "/disks/runs"),
        ("$PLACE", "/home/me/$1"),
        ("/a/~/b", "/a/~/b"),
        ("costs$", "costs$"),
    ],
)
def test_paths_are_expanded_as_in_a_shell(given, path, monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("DISK", "/disk")
    # What a variable holds is a path as it is, but for the home.
    monkeypatch.setenv("PLACE", "~/$1")
    assert PathParser().parse(given) == path


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("$NOT_THERE/runs", "no environment variable 'NOT_THERE'"),
        ("a/${NOT_THERE}", "no environment variable 'NOT_THERE'"),
        ("~nobody_of_this_name/x", "no user 'nobody_of_this_name'"),
        ("", "expected a path"),
        ("$EMPTY", "expected a path"),
        ("a\0b", "expected a path"),
    ],
)
def test_paths_that_mean_nothing_are_refused(given, message, monkeypatch):
    monkeypatch.setenv("EMPTY", "")
    with pytest.raises(ValueError, match=message):
        PathParser().parse(given)


def test_each_of_several_paths(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    assert PathsParser().parse("~/a,b,~") == ["/home/me/a", "b", "/home/me"]
    with pytest.raises(ValueError, match="expected a path"):
        PathsParser().parse("a,,b")
