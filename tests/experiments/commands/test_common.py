"""Paths on the command line: as in a shell, and writable."""

import doctest
import os

import pytest

from experiments.commands import parsers
from experiments.commands.common import check_writable
from experiments.commands.parsers import PathParser, PathsParser
from experiments.errors import ConfigError


def test_examples_in_docstrings():
    result = doctest.testmod(parsers)
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


@pytest.mark.parametrize("path", ["new", "folder", "new/below/it", "folder/it"])
def test_folders_that_can_be_made_are_not_made_yet(path, tmp_path):
    (tmp_path / "folder").mkdir()
    check_writable(tmp_path / path)
    check_writable(tmp_path / "folder" / "it.png", is_file=True)
    check_writable("/dev/stdout", is_file=True)
    assert [each.name for each in tmp_path.rglob("*")] == ["folder"]


@pytest.mark.parametrize(
    ("path", "is_file", "message"),
    [
        ("file", False, "file is not a folder"),
        ("file/reports/demo", False, "file is not a folder"),
        ("file/it.png", True, "file is not a folder"),
        ("folder", True, "it is a folder"),
        ("n" * 300, False, "File name too long"),
        (f"new/{'n' * 300}", False, "a name is longer than 255 bytes"),
        (f"new/{'é' * 130}/a.png", True, "a name is longer than 255 bytes"),
        # Files are written under a longer name first.
        (f"{'n' * 250}.png", True, "a name is longer than 255 bytes"),
    ],
)
def test_paths_that_cannot_be_written(path, is_file, message, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=f"{message}. Choose another --out."):
        check_writable(tmp_path / path, "--out", is_file)


def test_read_only_folders_cannot_be_written(tmp_path):
    tmp_path.chmod(0o500)
    if os.access(tmp_path, os.W_OK):
        pytest.skip("this user, such as root, may write into any folder")
    with pytest.raises(ConfigError, match="is read-only"):
        check_writable(tmp_path / "runs")
