"""One rule for all walks: links, hidden files, suffixes, order."""

import doctest
import os

import pytest

from pipelines.errors import DataError
from pipelines.files import walking
from pipelines.files.walking import (
    list_files,
    list_images,
    locate_image,
    locate_possible_image,
    walk,
)


def write(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return root


def link(path, target):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


def test_all_files_and_folders_come_sorted(tmp_path):
    write(tmp_path, "b/2.png", "b/10.png", "a/c/x.txt", "B/1.png", "z.csv")
    tree = walk(tmp_path)
    assert tree.files == sorted(tree.files)
    assert set(tree.files) == {
        *("b/2.png", "b/10.png", "a/c/x.txt", "B/1.png", "z.csv")
    }
    assert tree.folders == ["", "B", "a", "a/c", "b"]
    assert tree.left_out == {}


def test_hidden_and_system_files_are_left_out(tmp_path):
    write(
        tmp_path,
        *("a/1.png", "a/.1.png", ".git/2.png", "__MACOSX/a/3.png"),
        *("a/Thumbs.db", "a/@eaDir/4.png"),
    )
    tree = walk(tmp_path)
    assert tree.files == ["a/1.png"]
    assert set(tree.left_out) == {
        *("a/.1.png", ".git/", "__MACOSX/", "a/Thumbs.db", "a/@eaDir/")
    }
    # The name of the folder itself, and of those around it, do not matter.
    assert walk(tmp_path / ".git").files == ["2.png"]


def test_links_to_files_and_folders_are_followed(tmp_path):
    far = write(tmp_path / "far", "cats/1.png", "2.png")
    root = write(tmp_path / "near", "dogs/3.png")
    link(root / "cats", far / "cats")
    link(root / "dogs" / "4.png", far / "2.png")
    tree = walk(root)
    assert tree.files == ["cats/1.png", "dogs/3.png", "dogs/4.png"]
    assert tree.folders == ["", "cats", "dogs"]


@pytest.mark.parametrize("target", [".", "..", "a", "a/b"])
def test_link_to_a_folder_around_it_ends_nowhere(tmp_path, target):
    root = write(tmp_path / "root", "a/b/1.png")
    write(tmp_path, "beside.png")
    link(root / "a" / "b" / "back", root / target)
    tree = walk(root)
    assert tree.files == ["a/b/1.png"]
    assert list(tree.left_out) == ["a/b/back/"]


def test_two_links_to_one_folder_are_read_once(tmp_path):
    far = write(tmp_path / "far", "1.png")
    root = tmp_path / "near"
    link(root / "second", far)
    link(root / "first", far)
    tree = walk(root)
    assert tree.files == ["first/1.png"]
    assert tree.left_out == {"second/": "a link to a folder read already"}


def test_folder_within_a_linked_folder_is_read_once(tmp_path):
    far = write(tmp_path / "far", "1.png", "inside/2.png")
    root = tmp_path / "near"
    link(root / "first", far / "inside")
    link(root / "second", far)
    tree = walk(root)
    assert tree.files == ["first/2.png", "second/1.png"]
    assert list(tree.left_out) == ["second/inside/"]


def test_folder_is_read_by_its_own_path_before_any_link(tmp_path):
    root = write(tmp_path, "z/real/1.png")
    link(root / "a", root / "z" / "real")
    tree = walk(root)
    assert tree.files == ["z/real/1.png"]
    assert list(tree.left_out) == ["a/"]


def test_links_that_lead_nowhere_are_told(tmp_path):
    root = write(tmp_path, "a/1.png")
    link(root / "a" / "gone.png", tmp_path / "nowhere.png")
    link(root / "round", root / "round")
    tree = walk(root)
    assert tree.files == ["a/1.png"]
    assert tree.left_out == {
        "a/gone.png": "no file, or a link to none",
        "round": "no file, or a link to none",
    }


def test_folders_are_ignored_however_they_are_reached(tmp_path):
    root = write(tmp_path / "root", "a/1.png", "b/c/2.png")
    link(root / "d", root / "b" / "c")
    tree = walk(root, ignored=[root / "a" / ".." / "b" / "c"])
    assert tree.files == ["a/1.png"]
    assert set(tree.left_out) == {"b/c/", "d/"}


def test_caller_decides_which_folders_to_enter(tmp_path):
    write(tmp_path, "run/x.csv", "run/wandb/y.csv", "run/own/mark", "mark")

    def why_not_enter(name, inside):
        if name.rsplit("/", 1)[-1] == "wandb":
            return "of a tracker"
        return "marked" if "mark" in inside else None

    tree = walk(tmp_path, why_not_enter=why_not_enter)
    assert tree.files == ["mark", "run/x.csv"]
    assert tree.left_out == {"run/own/": "marked", "run/wandb/": "of a tracker"}


def test_folder_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    write(tmp_path, "a/1.png", "b/2.png")
    scan = os.scandir

    def refuse(path):
        if os.path.basename(path) == "a":
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(DataError, match=r"cannot read .*a: Permission denied"):
        walk(tmp_path)
    tree = walk(tmp_path, strict=False)
    assert tree.files == ["b/2.png"]
    assert tree.left_out == {"a/": "cannot be read: Permission denied"}


def test_no_folder_is_an_empty_tree(tmp_path):
    assert walk(tmp_path / "nowhere").folders == []
    assert list_images(tmp_path / "nowhere") == []
    assert locate_image(tmp_path / "nowhere") is None
    assert list_files(tmp_path / "nowhere", (".zip",)) == []


def test_images_have_suffixes_in_any_case(tmp_path):
    names = ["a/1.JPG", "a/2.Png", "a/b/3.jpeg", "4.TIFF"]
    write(tmp_path, *names, "a/5.txt", "a/noname", "a/6.heic")
    assert list_images(tmp_path) == sorted(names)
    assert list_images(tmp_path, levels=1) == ["a/1.JPG", "a/2.Png"]
    assert locate_image(tmp_path / "a" / "b") == "3.jpeg"


def test_archives_that_may_hold_images(tmp_path, write_zip):
    write_zip(tmp_path / "B.ZIP", {"readme.txt": b""})
    write_zip(tmp_path / "a.zip", {"readme.txt": b""})
    write(tmp_path, ".hidden.zip", "notes.txt")
    assert [path.name for path in list_files(tmp_path, (".zip",))] == [
        *("B.ZIP", "a.zip")
    ]
    assert locate_possible_image(tmp_path) is None
    write_zip(tmp_path / "c.zip", {"cats/1.jpg": b""})
    assert locate_possible_image(tmp_path) == "cats/1.jpg in c.zip"
    assert locate_possible_image(tmp_path, [tmp_path / "c.zip"]) is None
    write(tmp_path, "photos.tar.gz")
    assert locate_possible_image(tmp_path, [tmp_path / "c.zip"]) == (
        "photos.tar.gz"
    )


def test_documentation_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = doctest.testmod(walking)
    assert result.attempted > 0
    assert result.failed == 0
