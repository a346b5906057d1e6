"""The same files come out of folders, zip files and tfds data sets."""

import pytest

from pipelines.errors import DataError
from pipelines.image_files import ArchiveFiles, Entry, FolderFiles


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


def test_suffixes_of_any_case(tmp_path, write_tree):
    names = ["JPG", "jpeg", "png", "BMP", "webp", "gif"]
    files = {f"a/x.{name}": b"" for name in names} | {"b/y.tiff": b""}
    assert len(FolderFiles(write_tree(tmp_path, files)).entries) == 6


def test_empty_class_folders_are_seen(pictures, tmp_path, write_tree):
    root = write_tree(tmp_path, pictures | {"birds/list.txt": b""})
    (root / "fish").mkdir()
    # A folder of folders is no class.
    (root / "other" / "inside").mkdir(parents=True)
    assert FolderFiles(root).empty == ["birds", "fish"]
    assert FolderFiles(root, ignored=("fish",)).empty == ["birds"]


def test_fingerprint_changes_with_the_files(pictures, tmp_path, write_tree):
    root = write_tree(tmp_path, pictures)
    before = FolderFiles(root).fingerprint
    assert FolderFiles(root).fingerprint == before
    (root / "cats" / "cat_3.png").write_bytes(b"other")
    assert FolderFiles(root).fingerprint != before


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["a/b/c/d/e.png"], "no images"),
        (["a/x.png", "b/c/y.png"], "not all at one depth"),
        (["a/x.txt"], "no images"),
        (["x.png"], "no images"),
    ],
)
def test_other_layouts_are_refused(names, message, tmp_path, write_tree):
    with pytest.raises(DataError, match=f"CLASS/FILE.*{message}"):
        FolderFiles(write_tree(tmp_path, dict.fromkeys(names, b"")))


def test_images_of_a_tfds_data_set_come_as_they_were_encoded(
    pictures, tmp_path
):
    import tensorflow_datasets as tfds

    from pipelines.image_files import TfdsFiles

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
