"""The same files come out of folders, zip files and tfds; any name is read."""

import os

import pytest

from pipelines.errors import DataError
from pipelines.files.names import summarize
from pipelines.folders.image_files import ArchiveFiles, FolderFiles
from pipelines.folders.layout import Entry


def contents(files):
    return {entry: files.read(name) for entry, name in files.names.items()}


@pytest.mark.parametrize("prefix", ["", "test/", "train/"])
def test_folder_and_zip_give_the_same(
    prefix, pictures, tmp_path, write_tree, write_zip
):
    files = {prefix + name: data for name, data in pictures.items()}
    expected = {
        Entry(prefix.strip("/"), *name.split("/")): data
        for name, data in pictures.items()
    }
    folder = FolderFiles(write_tree(tmp_path / "tree", files))
    archive = ArchiveFiles(write_zip(tmp_path / "a.zip", files))
    assert contents(folder) == contents(archive) == expected
    assert list(folder.names) == sorted(folder.names)


def test_folder_without_images_beside_classes_is_asked_about(
    pictures, tmp_path, write_tree
):
    root = write_tree(tmp_path, pictures | {"birds/list.txt": b""})
    message = r"birds stands beside classes and has no images \(1 no image"
    with pytest.raises(DataError, match=message):
        FolderFiles(root)
    assert len(FolderFiles(root, [root / "birds"]).names) == 30
    # A folder of folders is no class.
    (root / "birds" / "list.txt").rename(root / "list.txt")
    (root / "birds" / "inside").mkdir()
    assert FolderFiles(root).unused == {"list.txt": "no image, by its name"}


def test_state_changes_with_a_file(pictures, tmp_path, write_tree):
    """Also if its size and its time of modification do not."""
    files = FolderFiles(write_tree(tmp_path, pictures))
    path = tmp_path / "cats/cat_3.png"
    before, times = files.state("cats/cat_3.png"), path.stat()
    assert files.state("cats/cat_3.png") == before
    path.write_bytes(path.read_bytes()[::-1])
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert files.state("cats/cat_3.png") != before


def test_images_of_a_tfds_data_set_come_as_they_were_encoded(
    pictures, tmp_path
):
    import tensorflow_datasets as tfds

    from pipelines.folders.image_files import TfdsFiles

    class_names = ["cat", "dog"]
    features = tfds.features.FeaturesDict(
        {
            "image": tfds.features.Image(),
            "label": tfds.features.ClassLabel(names=class_names),
        }
    )
    builder = tfds.dataset_builders.store_as_tfds_dataset(
        name="cats_vs_dogs",
        version="4.0.1",
        features=features,
        data_dir=tmp_path,
        split_datasets={
            "train": [
                (name, {"image": data, "label": int(name[:4] == "dogs")})
                for name, data in pictures.items()
            ]
        },
        disable_shuffling=True,
    )
    files = TfdsFiles(builder)
    assert {entry.class_name for entry in files.names} == {"cat", "dog"}
    assert sorted(contents(files).values()) == sorted(pictures.values())
    assert [entry.class_name for entry in files.names].count("dog") == 10


@pytest.mark.parametrize(
    "file",
    [
        "a.jfif",
        "a.JPE",
        "a.tif",
        "a.TIFF",
        "a.avif",
        "a.webp",
        # A macOS screenshot, with a narrow no-break space.
        "Bildschirmfoto 2024-05-01 um 9.41.07\u202fPM.png",
        "\u732b \U0001f408.jpg",
        "50% & more; 'it' \"is\" (1).jpg",
    ],
)
def test_names_of_images(file, tmp_path, write_tree, write_zip):
    files = dict.fromkeys([f"cats/{file}", "dogs/1.png"], b"x")
    for found in (
        FolderFiles(write_tree(tmp_path / "tree", files)),
        ArchiveFiles(write_zip(tmp_path / "a.zip", files)),
    ):
        names = {name: found.read(name) for name in found.names.values()}
        assert names == files
        assert not found.unused


def test_zip_file_of_macos_or_windows_is_read(tmp_path, write_zip):
    files = dict.fromkeys(["photos\\cats\\1.png", "photos\\dogs\\2.png"], b"x")
    more = {"photos\\cats\\Icon\r": b"", "__MACOSX\\photos\\._1.png": b""}
    archive = ArchiveFiles(write_zip(tmp_path / "a.zip", files | more))
    assert [e.path for e in archive.names] == ["cats/1.png", "dogs/2.png"]
    assert list(contents(archive).values()) == [b"x", b"x"]
    assert len(archive.unused) == 2


def test_empty_class_in_a_zip_file_is_asked_about(
    pictures, tmp_path, write_zip
):
    path = write_zip(tmp_path / "a.zip", pictures | {"birds/": b""})
    with pytest.raises(DataError, match="birds stands beside classes"):
        ArchiveFiles(path)


def test_names_that_are_not_utf_8(tmp_path, write_tree):
    root = write_tree(tmp_path, {"cats/1.png": b"1", "dogs/2.png": b"2"})
    folder = os.fsencode(root) + b"/caf\xe9s"
    os.mkdir(folder)
    with open(folder + b"/\xe9.png", "wb") as file:
        file.write(b"3")
    with open(folder + b"/\xe9.txt", "wb"):
        pass
    files = FolderFiles(root)
    last = min(files.names)
    assert last.class_name == "caf\\xe9s"
    assert last.file == "\\xe9.png"
    assert files.read(files.names[last]) == b"3"
    assert "caf\\xe9s/\\xe9.txt" in summarize(files.unused)


def test_file_that_cannot_be_read_is_named(tmp_path, write_tree):
    files = {"cats/0.jpg": b"", "dogs/0.jpg": b""}
    root = write_tree(tmp_path, files)
    files = FolderFiles(root)
    (root / "cats" / "0.jpg").unlink()
    with pytest.raises(DataError, match=r"cannot read .*cats/0\.jpg: No such"):
        files.read("cats/0.jpg")


def test_class_behind_a_link_and_a_link_back(tmp_path, write_tree):
    write_tree(tmp_path / "far", {"many/1.png": b"1", "many/2.png": b"2"})
    root = write_tree(tmp_path / "near", {"dogs/3.png": b"3"})
    (root / "cats").symlink_to(tmp_path / "far" / "many")
    (root / "dogs" / "round").symlink_to(root)
    files = FolderFiles(root)
    assert [e.path for e in files.names] == [
        "cats/1.png",
        "cats/2.png",
        "dogs/3.png",
    ]
    assert files.unused == {"dogs/round/": "a link to a folder read already"}
