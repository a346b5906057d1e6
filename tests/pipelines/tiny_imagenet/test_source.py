"""Splits of the data, the same from any form of it."""

import shutil
import zipfile

import numpy as np
import pytest

from pipelines.config import Data
from pipelines.errors import DataError
from pipelines.files.decoding import decode
from pipelines.loading import open_source
from pipelines.location import Location
from pipelines.tiny_imagenet import TinyImageNet


@pytest.fixture(scope="session")
def source(tiny_imagenet):
    return open_source(Data("tiny_imagenet"), tiny_imagenet)


def images_of(split, indices=None, size=64):
    if indices is None:
        indices = range(len(split.labels))
    images = np.zeros((len(indices), size, size, 3), np.uint8)
    split.decode_into(images, np.array(indices, int))
    return images


def grays(source, name):
    return images_of(source.split(name))[:, 32, 32, 0].tolist()


def test_labels_follow_the_sorted_wordnet_ids(source):
    assert source.wnids == ["n100", "n200", "n300"]
    assert source.class_names == [
        f"word of {w}, and more" for w in source.wnids
    ]
    assert source.notes == []
    for name, offset in (("train+holdout", 0), ("validation", 40)):
        labels = source.split(name).labels
        assert labels.dtype == np.int32
        found = np.array(grays(source, name)) - offset
        np.testing.assert_array_equal(found // 80, labels)


def test_classes_take_turns_and_images_go_by_name(source):
    split = source.split("train")
    np.testing.assert_array_equal(split.labels, np.arange(33) % 3)
    for label in range(3):
        own = [split.ids[i] for i in np.flatnonzero(split.labels == label)]
        assert own == sorted(own)
    # By number, image 2 would come before image 10.
    assert split.ids[6] == "n100_10.JPEG"
    assert grays(source, "train")[6] == 10


def test_holdout_and_train_share_nothing_and_are_all(source):
    train, holdout = grays(source, "train"), grays(source, "holdout")
    assert not set(train) & set(holdout)
    everything = [
        80 * label + number for label in range(3) for number in range(12)
    ]
    assert sorted(train + holdout) == everything
    assert grays(source, "train+holdout") == train + holdout
    np.testing.assert_array_equal(source.split("holdout").labels, [0, 1, 2])
    published = source.split("published_train").ids
    assert not set(published) & set(source.split("holdout").ids)


def test_expressions_of_tensorflow_datasets(source):
    assert source.split("train[3:5]").ids == source.split("train").ids[3:5]
    assert len(source.split("validation[:50%]").labels) == 6


@pytest.mark.parametrize("name", ["val", "train[:x]", "", "train[:9999]"])
def test_unknown_split_is_refused_with_the_known_ones(source, name):
    with pytest.raises(DataError) as caught:
        source.split(name)
    for known in ("train", "holdout", "validation", "published_train"):
        assert known in str(caught.value)
    assert "\n" not in str(caught.value)


def test_any_images_in_any_order(source):
    split = source.split("train+holdout")
    everything = images_of(split)
    chosen = np.random.default_rng(0).permutation(36)[:20]
    np.testing.assert_array_equal(images_of(split, chosen), everything[chosen])
    assert images_of(split, []).shape == (0, 64, 64, 3)


def test_real_images(data_dir, tmp_path):
    mini = data_dir / "tiny-imagenet-mini.zip"
    source = open_source(Data("tiny_imagenet"), Location(mini, tmp_path))
    for name, count in (
        ("train+holdout", 50),
        ("validation", 20),
        ("holdout", 5),
    ):
        split = source.split(name)
        np.testing.assert_array_equal(np.bincount(split.labels), [count] * 10)
    # Photographs, not noise: neighbours are alike, images are not.
    images = images_of(source.split("train")).astype(float)
    assert np.abs(np.diff(images, axis=2)).mean() < 20
    assert images.mean((1, 2, 3)).std() > 10
    # Of other sizes they are resized as everywhere.
    split = source.split("validation")
    chosen = [7, 3, 120]
    with zipfile.ZipFile(mini) as file:
        data = [
            file.read(f"tiny-imagenet-200/val/images/{split.ids[i]}")
            for i in chosen
        ]
    for size in (64, 32, 80):
        np.testing.assert_array_equal(
            images_of(split, chosen, size), [decode(d, size) for d in data]
        )


def test_fingerprint_tells_splits_and_contents_apart(
    source, make_tiny_imagenet, tmp_path
):
    def fingerprint(path, name):
        location = Location(path, tmp_path / "prepared" / path.stem)
        return (
            open_source(Data("tiny_imagenet"), location).split(name).fingerprint
        )

    same = make_tiny_imagenet(tmp_path / "same.zip")
    # The same pixels of another number of classes, in another order.
    other = make_tiny_imagenet(tmp_path / "other.zip", wnids=("n2", "n1"))
    prints = [source.split(n).fingerprint for n in ("train", "train[:9]")]
    assert fingerprint(same, "train") == prints[0]
    prints.append(fingerprint(other, "train"))
    assert len(set(prints)) == 3


def splits_of(data_dir):
    source = open_source(Data("tiny_imagenet"), Location(data_dir))
    split = source.split("train+holdout+validation")
    return split.ids, split.labels.tolist(), images_of(split).tolist()


def test_folder_and_prepared_records_are_like_the_archive(
    tiny_imagenet, tmp_path
):
    expected = splits_of(tiny_imagenet.data_dir)
    with zipfile.ZipFile(tiny_imagenet.data_dir) as file:
        file.extractall(tmp_path)
    assert splits_of(tmp_path) == expected
    # The records suffice.
    shutil.rmtree(tmp_path / "tiny-imagenet-200")
    assert splits_of(tmp_path) == expected


def test_construction_costs_nothing(make_tiny_imagenet, tmp_path):
    """Neither reads nor writes; planning asks before anything is prepared."""
    missing = TinyImageNet(Location(tmp_path / "nowhere"))
    assert missing.needs_download()
    there = TinyImageNet(Location(make_tiny_imagenet()))
    assert not there.needs_download()
    assert [p.name for p in tmp_path.rglob("*")] == [
        "data",
        "tiny-imagenet-200.zip",
    ]
