"""Any folder or zip file of classes is a data set; it is only read."""

import csv
import os

import numpy as np
import pytest

from pipelines.config import Data
from pipelines.errors import DataError
from pipelines.folders.own_images import locate_files
from pipelines.loading import load, open_source
from pipelines.location import Location

KINDS = ("ants", "bees", "cows")


@pytest.fixture
def make_images(draw_image, tmp_path):
    """Function that draws so many images of each class and returns the folder.

    Its arguments: folders to put classes in, images of each class there, the
    classes.
    """

    def make(*places, each=5, kinds=KINDS, root=tmp_path / "mine"):
        seed = 0
        for place in places or ("",):
            for kind in kinds:
                for number in range(each):
                    seed += 1
                    draw_image(
                        root / place / kind / f"{number}.png",
                        seed,
                        # Any size.
                        size=(20 + seed, 50 - seed % 7),
                    )
        return root

    return make


def snapshot(root):
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }


def counts(source, *splits):
    return [np.bincount(source.split(s).labels).tolist() for s in splits]


def opened(data_dir, split_seed=0, **options):
    return open_source(
        Data("image_folder", split_seed=split_seed),
        Location(data_dir, **options),
    )


def test_without_parts_a_fifth_of_each_class_is_drawn(make_images, tmp_path):
    root = make_images("a/b")
    before = snapshot(root)
    source = opened(root)
    assert source.class_names == list(KINDS)
    assert counts(source, "train", "test", "validation", "all") == [
        [4] * 3,
        [1] * 3,
        [1] * 3,
        [5] * 3,
    ]
    assert source.splits == ["train", "test"]
    # Nothing was written but beside the folder.
    assert snapshot(root) == before
    assert {p.name for p in tmp_path.iterdir()} == {"mine", "mine_prepared"}
    assert {p.name for p in source.root.iterdir()} == {
        "manifest.csv",
        "split.json",
    }


@pytest.mark.parametrize("other", ["Testing", "dev"])
def test_one_part_beside_train_goes_by_either_name(make_images, other):
    make_images("Train", each=3)
    root = make_images(other, each=2)
    source = opened(root)
    assert counts(source, "train", "validation", "test", "all") == [
        [3] * 3,
        [2] * 3,
        [2] * 3,
        [5] * 3,
    ]
    with pytest.raises(DataError, match="which no seed changes"):
        opened(root, split_seed=4)


def test_three_parts(make_images):
    make_images("train", each=4)
    make_images("dev", each=2)
    root = make_images("test", each=1)
    source = opened(root)
    assert counts(source, "train", "validation", "test", "all") == [
        [4] * 3,
        [2] * 3,
        [1] * 3,
        [7] * 3,
    ]
    assert source.splits == ["train", "validation", "test"]


def test_seed_draws_and_folds_cut(make_images, tmp_path):
    root = make_images(each=10)
    ids = [
        opened(root, seed, prepared_dir=tmp_path / str(place)).split("test").ids
        for place, seed in enumerate((0, 0, 1))
    ]
    assert ids[0] == ids[1] != ids[2]
    config = Data(
        name="image_folder", train="all", val="all", folds=5, image_size=16
    )
    judged = []
    for seed in range(5):
        data = load(config, Location(root), seed)
        assert len(data.train.labels) == 24
        assert data.train.images.shape[1:] == (16, 16, 3)
        judged += data.val.ids
    assert len(set(judged)) == len(judged) == 30


def test_config_that_names_nothing_but_the_data_set(make_images):
    """Its defaults are other data's, and hold."""
    data = load(Data(name="image_folder"), Location(make_images()))
    assert len(data.train.labels) == 12
    assert len(data.val.labels) == 3


@pytest.mark.parametrize("named", ["mine.zip", "", "MINE.ZIP"])
def test_zip_file(make_images, tmp_path, write_zip, named):
    files = snapshot(make_images("around"))
    path = write_zip(tmp_path / "data" / (named or "any.zip"), files)
    before = path.read_bytes()
    location = Location(path if named else path.parent)
    for _ in range(2):
        source = open_source(Data("image_folder"), location)
        assert counts(source, "train", "test") == [[4] * 3, [1] * 3]
    assert path.read_bytes() == before
    beside = path if named else path.parent
    prepared = beside.with_name(f"{beside.name}_prepared")
    assert {p.name for p in prepared.iterdir()} == {
        "manifest.csv",
        "split.json",
    }
    images = np.empty((3, 16, 16, 3), np.uint8)
    source.split("test").decode_into(images, np.arange(3))
    assert images.std() > 0


def test_folder_of_several_zip_files_is_asked_about(
    make_images, tmp_path, write_zip
):
    files = snapshot(make_images())
    for name in ("a.zip", "b.zip"):
        write_zip(tmp_path / "data" / name, files)
    with pytest.raises(DataError, match=r"one zip file. Received: a\.zip, b"):
        opened(tmp_path / "data")
    # One without images is none of them.
    write_zip(tmp_path / "data" / "b.zip", {"readme.txt": b""})
    assert counts(opened(tmp_path / "data"), "all") == [[5] * 3]


def test_what_is_not_used_is_counted_and_listed(
    make_images, write_tree, capsys
):
    root = make_images("train")
    (root / "train" / "ants" / "broken.png").write_bytes(b"no image")
    write_tree(
        root,
        {
            "test1/1.jpg": b"",
            "test1/2.jpg": b"",
            "train/bees/a.heic": b"",
            "train/.DS_Store": b"",
            "labels.csv": b"",
        },
    )
    with pytest.raises(
        DataError, match=r"cannot decode train/ants/broken\.png"
    ):
        opened(root)
    assert not root.with_name("mine_prepared").exists()
    source = opened(root, on_bad_image="skip")
    said = capsys.readouterr().out
    unused = source.root / "unused_files.csv"
    assert "5 files are not used" in said
    assert "2 in test1, which has no folders of classes, such as test1" in said
    assert str(unused) in said
    assert "1 of 16 images cannot be decoded" in said
    assert str(source.root / "bad_images.csv") in said
    with open(unused, newline="") as file:
        reasons = {row["file"]: row["reason"] for row in csv.DictReader(file)}
    assert set(reasons) == {
        *("test1/1.jpg", "test1/2.jpg", "train/bees/a.heic"),
        *("train/.DS_Store", "labels.csv"),
    }
    assert "(.heic)" in reasons["train/bees/a.heic"]
    # A reader of results learns of images, not of other files.
    (note,) = source.notes
    assert "test1/1.jpg" in note
    assert "a.heic" in note
    assert "DS_Store" not in note
    # Every path in a message is there.
    for word in said.replace(",", " ").split():
        if word.startswith(str(root.parent)):
            assert os.path.exists(word.rstrip(".:")), word


def test_picture_of_two_classes_is_noted(make_images, draw_image):
    root = make_images()
    draw_image(root / "ants" / "same.png", 1000)
    draw_image(root / "bees" / "same.png", 1000)
    (note,) = opened(root).notes
    assert note.endswith("class: ants/same.png = bees/same.png")


def test_class_of_broken_images_is_not_lost(make_images):
    root = make_images()
    for file in (root / "bees").iterdir():
        file.write_bytes(b"no image")
    with pytest.raises(
        DataError, match="class 'bees' can be.* as bees/0.png: "
    ):
        opened(root, on_bad_image="skip")
    for file in root.rglob("*.png"):
        file.write_bytes(b"")
    with pytest.raises(DataError, match="class 'ants' can be decoded"):
        opened(root, on_bad_image="skip")


def test_prepared_inside_when_asked_for(make_images):
    root = make_images()
    for _ in range(2):
        source = opened(root, prepared_dir=root)
        assert counts(source, "all") == [[5] * 3]
    inside = make_images(root=root.with_name("other"))
    for _ in range(2):
        source = opened(inside, prepared_dir=inside / "work")
        assert counts(source, "all") == [[5] * 3]


def test_what_this_program_wrote_is_no_image_of_the_user(make_images):
    root = make_images()
    once = Location(root, root / "once")
    source = open_source(Data("image_folder", copy=True), once)
    # Another place: the first lies among the classes, and says whose it is.
    files = locate_files(Location(root, root.with_name("elsewhere")))
    assert len(files.names) == 15
    assert files.unused == {"once/split_data/": "prepared by this program"}
    # A prepared folder is a data set of its own.
    again = opened(source.root)
    assert counts(again, "train", "test") == [[4] * 3, [1] * 3]
    opened(root, prepared_dir=root / "listed")
    files = locate_files(Location(root, root.with_name("elsewhere")))
    assert files.unused["listed/"] == "prepared by this program"


@pytest.mark.parametrize("name", ["nowhere", "nowhere.zip", "empty"])
def test_no_images(tmp_path, name):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=f"{name}") as caught:
        opened(tmp_path / name)
    assert "\n" not in str(caught.value)
    assert [p.name for p in tmp_path.iterdir()] == ["empty"]


def test_small_classes_are_judged_on_an_image_too(make_images, draw_image):
    root = make_images(each=42)
    draw_image(root / "dodos" / "1.png", 1000)
    draw_image(root / "dodos" / "2.png", 1001)
    source = opened(root)
    train, test = counts(source, "train", "test")
    assert train[3] == test[3] == 1
    assert sum(test) == pytest.approx(128 / 5, abs=2)


def test_class_of_one_image_cannot_be_split(make_images, draw_image):
    root = make_images(each=2)
    draw_image(root / "dodos" / "1.png", 1000)
    # The same picture again, which would be on both sides.
    draw_image(root / "dodos" / "2.png", 1000)
    with pytest.raises(
        DataError, match="few images of class 'dodos' .*: 1 that"
    ):
        opened(root)
    assert not root.with_name("mine_prepared").exists()
    draw_image(root / "dodos" / "2.png", 1001)
    assert counts(opened(root), "train", "test") == [[1] * 4, [1] * 4]


def test_current_folder(make_images, monkeypatch):
    root = make_images()
    monkeypatch.chdir(root)
    source = opened(".")
    assert source.root == root.with_name("mine_prepared")


def test_folder_beside_which_nothing_can_be_written(
    make_images, tmp_path, monkeypatch
):
    root = make_images(root=tmp_path / "disk" / "mine")
    monkeypatch.chdir(tmp_path)
    root.parent.chmod(0o555)
    try:
        source = opened(root)
    finally:
        root.parent.chmod(0o755)
    assert source.root.resolve().is_relative_to(tmp_path / "prepared")


def test_class_of_the_same_name_as_a_part_of_ours(make_images):
    root = make_images(kinds=("cache", "prepared", "all"))
    assert opened(root).class_names == ["all", "cache", "prepared"]
