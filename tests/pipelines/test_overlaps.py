"""Images to learn from are not evaluated on, under any name of a split."""

import io
from dataclasses import replace

import numpy as np
import PIL.Image
import pytest

from pipelines import overlaps
from pipelines.config import Data, Offline
from pipelines.errors import DataError
from pipelines.loading import load
from pipelines.location import Location
from pipelines.overlaps import Part, compute_digests

SHAPES = Data(name="shapes", image_size=8, limit_train=60, limit_val=30)
PETS = Data(name="catsdogs", val="test", image_size=16)


def part(name, numbers, prefix="", size=None, groups=None):
    """Images that are all of one value, the number."""
    ids = [f"{prefix}{number}" for number in numbers]
    images = np.zeros((len(ids), 4, 4, 3), np.uint8)
    images += np.array(numbers, np.uint8)[:, None, None, None]
    return Part(name, size or len(ids), ids, groups or ids, images)


def describe_overlaps(parts, published=False):
    return overlaps.describe_overlaps(parts, compute_digests(parts), published)


def test_a_picture_of_two_classes_within_a_part_is_named():
    names = ("cats", "dogs", "cats")
    same = part("a", [1, 1, 2])._replace(ids=["x", "y", "z"], classes=names)
    other = part("b", [1, 3, 3])._replace(classes=("dogs", "cats", "cats"))
    parts = {"train": same, "val": other}
    assert overlaps.describe_contradictions(parts, compute_digests(parts)) == [
        "1 picture is in more than one class of train (a): x (cats) = y (dogs)"
    ]


def gray(value):
    """A JPEG file as those of `make_tiny_imagenet`."""
    buffer = io.BytesIO()
    PIL.Image.new("L", (64, 64), value).save(buffer, "JPEG", quality=100)
    return buffer.getvalue()


def test_pairs_are_counted_in_the_judged_split():
    found = describe_overlaps(
        {
            "train": part("a", [1, 2, 3, 4, 5]),
            "val": part("b", [4, 5, 6]),
            "selection": part("c", [6, 7, 8, 5]),
        }
    )
    assert found == [
        "1 of 4 images of selection (c) are in train (a), too, such as 5",
        "2 of 3 images of val (b) are in train (a), too, such as 4",
        "2 of 3 images of val (b) are in selection (c), too, such as 5",
    ]
    apart = {"train": part("a", [1, 2]), "val": part("b", [3, 4])}
    assert describe_overlaps(apart) == []


def test_twins_under_other_names_are_found():
    parts = {
        "train": part("a", range(150), "train/"),
        "val": part("b", [149, 150, 151], "val/"),
    }
    (sentence,) = describe_overlaps(parts)
    assert sentence == (
        "1 of 3 images of val (b) are in train (a), too, such as train/149 = "
        "val/149"
    )


@pytest.mark.parametrize(("size", "refused"), [(99, True), (100, False)])
def test_few_twins_of_published_splits_are_no_overlap(size, refused):
    """One in a hundred of the split, not of the part of it that is used."""
    parts = {
        "train": part("a", range(150), "train/"),
        "val": part("b", [149, 150, 151], "val/", size),
    }
    assert len(describe_overlaps(parts, published=True)) == refused
    # Not so with images that have the same name.
    parts["val"] = part("b", [149, 150, 151], "train/", size)
    assert len(describe_overlaps(parts, published=True)) == 1


def test_what_was_made_of_an_image_is_that_image():
    made = part("a_aug", [7, 8], groups=["1", "2"])
    (sentence,) = describe_overlaps({"train": made, "val": part("b", [2, 3])})
    assert "1 of 2 images of val" in sentence
    assert sentence.endswith("such as 8 = 2")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"val": "train"}, "30 of 30 images of val (train) are in train"),
        (
            {"selection": "train"},
            "30 of 30 images of selection (train) are in train (train)",
        ),
        (
            {"selection": "validation"},
            "30 of 30 images of val (validation) are in selection",
        ),
    ],
)
def test_drawn_shapes(changes, message):
    config = replace(SHAPES, **changes)
    with pytest.raises(DataError) as caught:
        load(config, Location("unused"))
    assert message in str(caught.value)
    assert "--allow_overlap" in str(caught.value)
    data = load(config, Location("unused"), allow_overlap=True)
    assert message in data.overlaps[0]
    # What was allowed once is still refused.
    with pytest.raises(DataError):
        load(config, Location("unused"))


@pytest.mark.parametrize(
    ("train", "val", "selection", "shared"),
    [
        ("train", "validation", "holdout", 0),
        ("train+holdout", "published_validation", None, 0),
        ("published_train", "published_validation", "holdout", 0),
        ("train[:50%]", "train[50%:]", None, 0),
        ("train+holdout", "validation", "holdout", 3),
        ("train", "published_train", None, 18),
        ("train[:60%]", "train[40%:]", None, 7),
        ("train", "published_validation", "validation[:3]", 3),
    ],
)
def test_sums_and_slices(tiny_imagenet, train, val, selection, shared):
    config = Data(train=train, val=val, selection=selection)
    if not shared:
        assert load(config, tiny_imagenet).overlaps == []
        return
    with pytest.raises(DataError, match=rf"(^|; ){shared} of"):
        load(config, tiny_imagenet)


@pytest.mark.parametrize("key", ["train", "val", "selection"])
def test_split_that_has_an_image_twice_is_refused(tiny_imagenet, key):
    names = {"train": "train[20:]", "val": "validation", "selection": None}
    config = Data(**names | {key: "published_train+train[10:20]"})
    with pytest.raises(DataError, match=rf"data\.{key}=.* has 8 images twice"):
        load(config, tiny_imagenet, allow_overlap=True)


def test_a_published_archive_keeps_its_few_twins(make_tiny_imagenet):
    """They are named when it is prepared, and so in the notes."""
    changes = {"train/n100/images/n100_3.JPEG": gray(40)}
    path = make_tiny_imagenet(val=40, changes=changes)
    data = load(Data(), Location(path))
    assert data.overlaps == []
    (note,) = data.notes
    assert "n100_3.JPEG = val_0.JPEG" in note


def test_archive_whose_validation_is_its_training_is_refused(
    make_tiny_imagenet,
):
    changes = {
        f"val/images/val_{3 * number + label}.JPEG": gray(80 * label + number)
        for label in range(3)
        for number in range(4)
    }
    location = Location(make_tiny_imagenet(changes=changes))
    with pytest.raises(DataError, match="12 of 12 images of val"):
        load(Data(), location)


@pytest.fixture
def location(pictures, tmp_path, write_tree):
    return Location(write_tree(tmp_path, pictures))


@pytest.fixture(scope="module")
def varied(pictures, tmp_path_factory, write_tree):
    """A folder that keeps its variations from test to test."""
    return Location(write_tree(tmp_path_factory.mktemp("varied"), pictures))


@pytest.mark.parametrize(
    ("train", "val", "selection", "shared"),
    [
        ("all", "test", None, "6 of 6 images of val"),
        ("train", "all", None, "24 of 30 images of val"),
        ("all_aug", "test", None, "6 of 6 images of val"),
        ("train_aug", "train", None, "24 of 24 images of val"),
        ("train_aug", "test", "train", "24 of 24 images of selection"),
        ("train_aug", "test", None, None),
    ],
)
def test_folders(varied, train, val, selection, shared):
    offline = Offline(count=1, operations={"hflip": {"probability": 1.0}})
    config = replace(PETS, train=train, val=val, selection=selection)
    if train.endswith("_aug"):
        config = replace(config, offline=offline)
    if shared is None:
        assert load(config, varied).overlaps == []
        return
    with pytest.raises(DataError, match=shared):
        load(config, varied)


def test_folds_and_another_split(location):
    config = replace(PETS, train="all", val="all", folds=3)
    assert load(config, location).overlaps == []
    with pytest.raises(DataError, match=r"of 6 images of selection \(test\)"):
        load(replace(config, selection="test"), location)


def test_copy_of_train_is_no_test(pictures, tmp_path, write_tree):
    """One file, and all of them; under other names, of other formats."""
    files = {f"train/{name}": data for name, data in pictures.items()}
    test = {"test/cats/new.png": pictures["cats/cat_0.png"]}
    test |= {f"test/dogs/{n}.png": pictures[f"dogs/dog_{n}.png"] for n in "12"}
    one = {k: v for k, v in files.items() if "dog_1" not in k}
    one = {k: v for k, v in one.items() if "dog_2" not in k}
    location = Location(write_tree(tmp_path / "one", one | test))
    with pytest.raises(DataError, match=r"1 of 3 images .*cat_0.png = test/"):
        load(PETS, location)
    location = Location(write_tree(tmp_path / "all", files | test))
    with pytest.raises(DataError, match="3 of 3 images of val"):
        load(PETS, location)


def test_image_that_was_put_there_later_is_found(location):
    """By what the network sees, whatever the preparation wrote down."""
    load(PETS, location)
    root = location.prepared / "split_data"
    source = next((root / "train" / "cats").iterdir())
    next((root / "test" / "dogs").iterdir()).write_bytes(source.read_bytes())
    with pytest.raises(DataError, match="1 of 6 images of val"):
        load(PETS, location)


def test_twins_are_drawn_and_folded_together(pictures, tmp_path, write_tree):
    """A folder that holds files twice can still be split."""
    twice = {
        name.replace("_", "_again_"): data
        for name, data in pictures.items()
        if name[-5] in "02468"
    }
    for seed in range(3):
        root = write_tree(tmp_path / str(seed), pictures | twice)
        config = replace(PETS, split_seed=seed)
        data = load(config, Location(root))
        assert data.overlaps == []
        assert len(data.train.ids + data.val.ids) == len(pictures | twice)
        folds = replace(config, train="all", val="all", folds=3)
        judged = []
        for fold in range(3):
            data = load(folds, Location(root), seed=fold)
            assert data.overlaps == []
            judged += data.val.ids
        assert len(judged) == len(set(judged)) == len(pictures | twice)
