"""Sources of the photographs, with and without a network."""

import sys

import kagglehub
import numpy as np
import pytest
import requests
import tensorflow_datasets as tfds

from pipelines.config import Data
from pipelines.errors import DataError
from pipelines.loading import open_source
from pipelines.location import Location


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Hides the network that this machine may have."""

    def unreachable(*arguments, **options):
        raise requests.ConnectionError("no network")

    monkeypatch.setattr(kagglehub, "dataset_download", unreachable)
    monkeypatch.setattr(requests, "head", unreachable)


def counts(source):
    return {
        part: np.bincount(source.split(part).labels).tolist()
        for part in ("train", "test")
    }


def test_without_kagglehub_a_file_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "kagglehub", None)
    (tmp_path / "data").mkdir()
    location = Location(tmp_path / "data", tmp_path / "prepared")
    with pytest.raises(DataError, match="requirements-kaggle.txt"):
        open_source(Data("catsdogs"), location)


@pytest.mark.parametrize(
    "place",
    ["catsdogs.zip", "cats-and-dogs-test.zip", "other.zip"],
)
def test_zip_file(place, pictures, tmp_path, write_zip):
    path = write_zip(tmp_path / "data" / place, pictures)
    named = path if place == "other.zip" else path.parent
    source = open_source(
        Data("catsdogs"), Location(named, tmp_path / "prepared")
    )
    assert counts(source) == {"train": [16, 8], "test": [4, 2]}


@pytest.mark.parametrize("place", ["", "catsdogs"])
def test_folder(place, pictures, tmp_path, write_tree):
    write_tree(tmp_path / place, pictures)
    # What is prepared lies beside the classes, and is no class.
    for _ in range(2):
        source = open_source(Data("catsdogs"), Location(tmp_path))
        assert source.class_names == ["cats", "dogs"]
        assert counts(source) == {"train": [16, 8], "test": [4, 2]}
    assert (tmp_path / "split_data" / "split.json").is_file()


@pytest.mark.parametrize("named", ["", "split_data"])
def test_split_made_elsewhere_in_a_folder_that_is_only_read(
    named, pictures, tmp_path, write_tree
):
    parts = {"train": "0", "test": "1", "train_aug": "2"}
    files = {
        f"split_data/{part}/{kind}/{number}.png": pictures[
            f"{kind}/{kind[:3]}_{number}.png"
        ]
        for part, number in parts.items()
        for kind in ("cats", "dogs")
    }
    data = write_tree(tmp_path / "data", files)
    for _ in range(2):
        source = open_source(
            Data("catsdogs"), Location(data / named, tmp_path / "prepared")
        )
        assert counts(source) == {"train": [1, 1], "test": [1, 1]}
        assert source.split("test").ids == [
            "test/cats/1.png",
            "test/dogs/1.png",
        ]


def test_kaggle_where_nothing_is_here(
    pictures, tmp_path, write_tree, monkeypatch, capsys
):
    files = {f"train/{name}": data for name, data in pictures.items()}
    files["test/cats/x.png"] = pictures["cats/cat_0.png"]
    files["test/dogs/y.png"] = pictures["dogs/dog_0.png"]
    downloaded = write_tree(tmp_path / "kagglehub", files)
    handles = []

    def download(handle):
        handles.append(handle)
        return str(downloaded)

    monkeypatch.setattr(kagglehub, "dataset_download", download)
    source = open_source(
        Data("catsdogs"), Location(tmp_path / "data", tmp_path / "prepared")
    )
    assert counts(source) == {"train": [20, 10], "test": [1, 1]}
    assert handles == ["samuelcortinhas/cats-and-dogs-image-classification"]
    assert "downloading" in capsys.readouterr().out
    # Once prepared, nobody goes to the network again.
    open_source(
        Data("catsdogs"), Location(tmp_path / "data", tmp_path / "prepared")
    )
    assert len(handles) == 1


@pytest.mark.parametrize("place", ["", "a/b/", "any.zip"])
def test_nothing_is_downloaded_where_images_are(
    place, pictures, tmp_path, write_tree, write_zip, monkeypatch
):
    monkeypatch.setattr(kagglehub, "dataset_download", None)
    data = tmp_path / "data"
    if place.endswith(".zip"):
        write_zip(data / place, pictures)
    else:
        write_tree(data, {place + name: f for name, f in pictures.items()})
    # Something else's, which may lie there, too.
    write_zip(data / "tiny-imagenet-200.zip", {"wnids.txt": b""})
    source = open_source(
        Data("catsdogs"), Location(data, tmp_path / "prepared")
    )
    assert counts(source) == {"train": [16, 8], "test": [4, 2]}


@pytest.mark.parametrize("name", ["photos.tar.gz", "photos.7z"])
def test_nothing_is_downloaded_where_images_may_be(name, tmp_path, monkeypatch):
    monkeypatch.setattr(kagglehub, "dataset_download", None)
    (tmp_path / name).write_bytes(b"x")
    for data_set in ("catsdogs", "cats_vs_dogs", "tiny_imagenet"):
        with pytest.raises(DataError, match=f"holds {name}"):
            open_source(Data(data_set), Location(tmp_path))
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_other_images_are_not_taken_for_cats_and_dogs(
    pictures, tmp_path, write_zip, monkeypatch
):
    monkeypatch.setattr(kagglehub, "dataset_download", None)
    files = {f"n{name}": data for name, data in pictures.items()}
    files = {
        name.replace("cats", "1").replace("dogs", "2"): data
        for name, data in files.items()
    }
    write_zip(tmp_path / "photos.zip", files)
    with pytest.raises(DataError, match="of n1, n2, and not of cats and dogs"):
        open_source(Data("catsdogs"), Location(tmp_path))
    assert [p.name for p in tmp_path.iterdir()] == ["photos.zip"]


@pytest.mark.parametrize("taken", ["catsdogs", "catsdogs.zip"])
def test_images_beside_what_is_taken_are_told(
    taken, pictures, tmp_path, write_tree, write_zip
):
    data = tmp_path / "data"
    if taken.endswith(".zip"):
        write_zip(data / taken, pictures)
    else:
        write_tree(data / taken, pictures)
    names = ("cats/new.png", "notes.txt", ".trash/old.png")
    more = dict.fromkeys(names, b"")
    more["tiny-imagenet-200/train/n1/images/n1_0.JPEG"] = b""
    write_tree(data, more)
    (note,) = open_source(Data("catsdogs"), Location(data)).notes
    assert f"1 beside {taken}, which is taken, such as ../cats/" in note
    assert "tiny" not in note


def test_images_of_no_known_layout_are_asked_about(
    pictures, tmp_path, write_tree, monkeypatch
):
    monkeypatch.setattr(kagglehub, "dataset_download", None)
    names = ("train/cat.0.png", "test1/1.png")
    write_tree(tmp_path, dict(zip(names, pictures.values(), strict=False)))
    with pytest.raises(DataError, match="in two ways: test1, train are parts"):
        open_source(Data("catsdogs"), Location(tmp_path))
    with pytest.raises(DataError, match=r"holds test1/1\.png, and.*_folder"):
        open_source(Data("cats_vs_dogs"), Location(tmp_path))
    assert {p.name for p in tmp_path.iterdir()} == {"train", "test1"}


def test_without_data_and_network_it_says_what_to_put_where(tmp_path):
    with pytest.raises(DataError) as caught:
        open_source(Data("catsdogs"), Location(tmp_path / "data"))
    message = str(caught.value)
    assert f"no cats and dogs in {tmp_path / 'data'}" in message
    assert "Put catsdogs.zip there" in message
    assert "\n" not in message
    assert not (tmp_path / "data").exists()


def test_tfds_by_name(pictures, tmp_path):
    """A small data set of that name stands in for the real one."""
    tfds.dataset_builders.store_as_tfds_dataset(
        name="cats_vs_dogs",
        version="4.0.1",
        features=tfds.features.FeaturesDict(
            {
                "image": tfds.features.Image(),
                "label": tfds.features.ClassLabel(names=["cat", "dog"]),
            }
        ),
        data_dir=tmp_path,
        split_datasets={
            "train": [
                (name, {"image": data, "label": int(name[:4] == "dogs")})
                for name, data in pictures.items()
            ]
        },
    )
    source = open_source(Data("cats_vs_dogs"), Location(tmp_path))
    assert source.class_names == ["cat", "dog"]
    assert counts(source) == {"train": [16, 8], "test": [4, 2]}


def test_tfds_without_network_says_so(tmp_path):
    with pytest.raises(DataError, match="no cats_vs_dogs in .*ConnectionErr"):
        open_source(Data("cats_vs_dogs"), Location(tmp_path / "data"))
    assert not (tmp_path / "data").exists()


def test_hostile_zip_file_writes_nothing(pictures, tmp_path, write_zip):
    evil = {"../evil.png": pictures["cats/cat_0.png"]}
    write_zip(tmp_path / "data" / "catsdogs.zip", pictures | evil)
    with pytest.raises(DataError, match=r"refused.*\.\./evil\.png"):
        open_source(Data("catsdogs"), Location(tmp_path / "data"))
    assert [p.name for p in tmp_path.iterdir()] == ["data"]
    assert len(list((tmp_path / "data").iterdir())) == 1
