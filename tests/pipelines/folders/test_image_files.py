"""The same files come out of folders, zip files and tfds data sets."""

import pytest

from pipelines.errors import DataError
from pipelines.folders.image_files import ArchiveFiles, FolderFiles
from pipelines.folders.layout import Entry


def contents(files):
    return {entry: files.read(entry) for entry in files.entries}


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
    assert folder.entries == sorted(folder.entries)


def test_folders_around_everything_in_a_zip_are_left_out(
    pictures, tmp_path, write_zip
):
    files = {f"my/photos/test/{n}": data for n, data in pictures.items()}
    archive = ArchiveFiles(write_zip(tmp_path / "a.zip", files))
    assert {entry.split for entry in archive.entries} == {"test"}
    assert len(contents(archive)) == 30


def test_what_is_no_image_is_passed_over(
    pictures, tmp_path, write_tree, write_zip
):
    more = {
        "cats/readme.txt": b"",
        "__MACOSX/cats/._cat_1.png": b"",
        "cats/.hidden.png": b"",
        "notes.md": b"",
    }
    names = sorted(pictures)
    archive = ArchiveFiles(write_zip(tmp_path / "a.zip", pictures | more))
    assert [entry.path for entry in archive.entries] == names
    folder = FolderFiles(write_tree(tmp_path / "tree", pictures | more))
    assert [entry.path for entry in folder.entries] == names


def test_folder_without_images_beside_classes_is_asked_about(
    pictures, tmp_path, write_tree
):
    root = write_tree(tmp_path, pictures | {"birds/list.txt": b""})
    message = r"birds stands beside classes and has no images \(1 no image"
    with pytest.raises(DataError, match=message):
        FolderFiles(root)
    assert len(FolderFiles(root, [root / "birds"]).entries) == 30
    # A folder of folders is no class.
    (root / "birds" / "list.txt").rename(root / "list.txt")
    (root / "birds" / "inside").mkdir()
    assert FolderFiles(root).unused == {"list.txt": "no image, by its name"}


def test_fingerprint_changes_with_the_files(pictures, tmp_path, write_tree):
    root = write_tree(tmp_path, pictures)
    before = FolderFiles(root).fingerprint
    assert FolderFiles(root).fingerprint == before
    (root / "cats" / "cat_3.png").write_bytes(b"other")
    assert FolderFiles(root).fingerprint != before


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
    assert {entry.class_name for entry in files.entries} == {"cat", "dog"}
    assert sorted(contents(files).values()) == sorted(pictures.values())
    assert [entry.class_name for entry in files.entries].count("dog") == 10
