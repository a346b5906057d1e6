"""From a name to images in memory or on disk, whole or in part."""

import json

import numpy as np
import pytest

from pipelines.errors import DataError
from pipelines.loading import load
from pipelines.location import Location

OFFLINE = json.dumps(
    {"count": 2, "seed": 0, "operations": {"rotate": {"degrees": [-9, 9]}}}
)


@pytest.fixture
def location(pictures, tmp_path, write_tree):
    return Location(write_tree(tmp_path, pictures))


def test_limits_keep_the_classes_in_balance():
    data = load(
        "shapes",
        Location("unused"),
        size=8,
        selection="train",
        limit_train=60,
        limit_val=12,
    )
    assert np.bincount(data.train.labels).tolist() == [10] * 6
    for split in (data.val, data.selection):
        assert np.bincount(split.labels).tolist() == [2] * 6
    assert data.train.images.shape == (60, 8, 8, 3)
    assert len(set(data.train.ids)) == 60


def test_disk_holds_the_same_images_as_memory(location):
    options = {"size": 16, "val": "test"}
    kept = load("cats_dogs", location, cache_gib=1.0, **options)
    mapped = load("cats_dogs", location, cache_gib=0.0, **options)
    assert "in memory" in kept.cache
    assert "on disk" in mapped.cache
    for one, other in ((kept.train, mapped.train), (kept.val, mapped.val)):
        assert isinstance(other.images, np.memmap)
        np.testing.assert_array_equal(one.images, other.images)
        assert one.ids == other.ids


def test_variations_are_made_once_and_belong_to_train(location):
    options = {"size": 16, "train": "train_aug", "val": "test"}
    data = load("cats_dogs", location, offline=OFFLINE, **options)
    assert np.bincount(data.train.labels).tolist() == [3 * 16, 3 * 8]
    assert np.bincount(data.val.labels).tolist() == [4, 2]
    manifest = location.prepared / "split_data/train_aug/manifest.jsonl"
    written = manifest.stat().st_mtime_ns
    load.cache_clear()
    again = load("cats_dogs", location, offline=OFFLINE, **options)
    np.testing.assert_array_equal(again.train.images, data.train.images)
    assert manifest.stat().st_mtime_ns == written
    with pytest.raises(DataError, match="count=2 there, count=1 here"):
        load(
            "cats_dogs",
            location,
            offline=OFFLINE.replace('"count": 2', '"count": 1'),
            **options,
        )


def test_folds_with_variations_judge_originals_alone(location):
    judged = []
    for number in range(5):
        data = load(
            "cats_dogs",
            location,
            size=16,
            train="all_aug",
            val="all",
            fold=(5, number, 0),
            offline=OFFLINE,
        )
        assert len(data.train.labels) == 3 * 24
        assert len(data.val.labels) == 6
        trained = {name.split("_augly")[0] for name in data.train.ids}
        for name in data.val.ids:
            part, rest = name.split("/", 1)
            assert f"{part}_aug/{rest}" not in data.train.ids
            assert f"{part}_aug/{rest.removesuffix('.png')}" not in trained
        judged += data.val.ids
    assert len(set(judged)) == len(judged) == 30


def test_variations_need_a_folder_of_images():
    with pytest.raises(DataError, match="shapes is not a folder of images"):
        load("shapes", Location("unused"), size=8, offline=OFFLINE)
