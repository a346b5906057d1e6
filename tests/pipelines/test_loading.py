"""From a config to images in memory or on disk, whole or in part."""

from dataclasses import replace

import numpy as np
import pytest

from pipelines.batches import eval_batches, train_batches
from pipelines.config import Data, Offline
from pipelines.errors import DataError
from pipelines.loading import load
from pipelines.location import Location

OFFLINE = Offline(count=2, operations={"rotate": {"degrees": (-9.0, 9.0)}})
PETS = Data(name="catsdogs", val="test", image_size=16)


@pytest.fixture
def location(pictures, tmp_path, write_tree):
    return Location(write_tree(tmp_path, pictures))


def test_limits_keep_the_classes_in_balance():
    config = Data(
        name="shapes",
        image_size=8,
        selection="train",
        limit_train=60,
        limit_val=12,
    )
    data = load(config, Location("unused"), allow_overlap=True)
    assert np.bincount(data.train.labels).tolist() == [10] * 6
    for split in (data.val, data.selection):
        assert np.bincount(split.labels).tolist() == [2] * 6
    assert data.train.images.shape == (60, 8, 8, 3)
    assert len(set(data.train.ids)) == 60


def test_some_classes_are_a_data_set_of_their_own():
    kept = [0, 1, 3, 4]
    whole = Data(name="shapes", image_size=8, limit_train=300, limit_val=300)
    every = load(whole, Location("unused"))
    # As many of each class.
    config = replace(whole, classes=4, limit_train=200, limit_val=200)
    some = load(config, Location("unused"))
    assert some.class_names == [every.class_names[label] for label in kept]
    for one, other in ((every.train, some.train), (every.val, some.val)):
        same = np.isin(one.labels, kept)
        np.testing.assert_array_equal(one.images[same], other.images)
        assert [every.class_names[label] for label in one.labels[same]] == [
            some.class_names[label] for label in other.labels
        ]
    assert some.fingerprints["train"] != every.fingerprints["train"]


def test_folds_and_limits_are_of_the_chosen_classes():
    config = Data(
        name="shapes",
        image_size=8,
        train="validation",
        folds=3,
        classes=3,
        limit_train=30,
    )
    folds = [load(config, Location("unused"), seed=n) for n in range(3)]
    assert np.bincount(folds[0].train.labels).tolist() == [10] * 3
    assert len({name for fold in folds for name in fold.val.ids}) == sum(
        len(fold.val.ids) for fold in folds
    )
    for fold in folds:
        assert sorted(set(fold.val.labels)) == [0, 1, 2]


def test_more_classes_than_there_are_is_an_error():
    config = Data(name="shapes", image_size=8, classes=7)
    with pytest.raises(DataError, match="data.classes=7: there are 6"):
        load(config, Location("unused"))


def test_images_stay_for_the_next_run_of_a_study():
    """Its seed differs; folds depend on the seed and are selected anew."""
    config = Data(name="shapes", image_size=8, limit_train=60, limit_val=12)
    first = load(config, Location("unused"), seed=0)
    assert load(config, Location("unused"), seed=1) is first
    config = replace(config, train="validation", folds=3, limit_train=None)
    folds = [load(config, Location("unused"), seed=n) for n in (0, 1)]
    assert folds[0].val.ids != folds[1].val.ids


@pytest.mark.parametrize("size", [64, 20])
@pytest.mark.parametrize("name", ["catsdogs", "tiny_imagenet"])
def test_images_are_the_same_wherever_they_are(
    name, size, location, tiny_imagenet
):
    if name == "tiny_imagenet":
        location = tiny_imagenet
    config = Data(name=name, image_size=size)

    def batches(where, **budgets):
        data = load(replace(config, **budgets), location)
        assert where in data.cache
        trained = train_batches(
            data.train,
            classes=3,
            batch_size=5,
            seed=1,
            first_step=3,
            steps=9,
        )
        judged = eval_batches(data.val, classes=3, batch_size=5)
        return data.fingerprints, [
            (images.tobytes(), labels.tobytes())
            for dataset in (trained, judged)
            for images, labels in dataset.as_numpy_iterator()
        ]

    kept = batches("in memory")
    assert len(set(kept[1])) == len(kept[1])
    assert batches("on disk", cache_gib=0.0) == kept
    assert batches("as they are", cache_gib=0.0, disk_gib=0.0) == kept


def test_broken_image_is_one_line_though_nothing_is_kept(location):
    config = replace(PETS, cache_gib=0.0, disk_gib=0.0)
    load(config, location)
    (broken, *_) = sorted(location.prepared.glob("split_data/test/*/*"))
    broken.write_bytes(b"no image")
    with pytest.raises(DataError, match=f"cannot decode .*{broken.name}"):
        load(replace(config, image_size=17), location)


def test_variations_are_made_once_and_belong_to_train(location):
    config = replace(PETS, train="train_aug", offline=OFFLINE)
    data = load(config, location)
    assert np.bincount(data.train.labels).tolist() == [3 * 16, 3 * 8]
    assert np.bincount(data.val.labels).tolist() == [4, 2]
    manifest = location.prepared / "split_data/train_aug/manifest.jsonl"
    written = manifest.stat().st_mtime_ns
    # Another config, so that the images are read again.
    again = load(replace(config, cache_gib=1.0), location)
    assert again is not data
    np.testing.assert_array_equal(again.train.images, data.train.images)
    assert manifest.stat().st_mtime_ns == written
    fewer = replace(config, offline=replace(OFFLINE, count=1))
    with pytest.raises(DataError, match="count is 2 there and 1 here"):
        load(fewer, location)


def test_folds_with_variations_judge_originals_alone(location):
    offline = replace(OFFLINE, operations={"hflip": {}})
    config = replace(PETS, train="all_aug", val="all", folds=5, offline=offline)
    judged = []
    for seed in range(5):
        data = load(config, location, seed)
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
    config = Data(name="shapes", image_size=8, offline=OFFLINE)
    with pytest.raises(DataError, match="shapes is not a folder of images"):
        load(config, Location("unused"))
