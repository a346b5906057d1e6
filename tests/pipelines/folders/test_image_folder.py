"""One split for ever: stratified, seeded, checked, never mixed."""

import csv
import errno
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from pipelines.config import Offline
from pipelines.errors import DataError
from pipelines.folders.image_files import FolderFiles
from pipelines.folders.image_folder import ImageFolder
from pipelines.location import Location


@pytest.fixture
def raw(pictures, tmp_path, write_tree):
    return write_tree(tmp_path / "raw", pictures)


@pytest.fixture
def location(tmp_path):
    return Location(tmp_path / "raw", tmp_path / "prepared")


class Folder(ImageFolder):
    """The images below `data_dir`, if it is there."""

    def locate_files(self):
        there = self.location.data_dir.is_dir()
        return FolderFiles(self.location.data_dir) if there else None


def opened(location, seed=0, kind=Folder):
    source = kind(location, seed)
    source.prepare()
    return source


def files_below(root):
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def test_a_fifth_of_each_class_is_for_test(raw, location, pictures):
    source = opened(location)
    assert source.class_names == ["cats", "dogs"]
    train, test = source.split("train"), source.split("test")
    np.testing.assert_array_equal(np.bincount(train.labels), [16, 8])
    np.testing.assert_array_equal(np.bincount(test.labels), [4, 2])
    # Every image is in one of them, as it was.
    copies = {
        "/".join(name.split("/")[1:]): (source.root / name).read_bytes()
        for name in train.ids + test.ids
    }
    assert copies == pictures
    assert all(name.startswith("test/") for name in test.ids)
    np.testing.assert_array_equal(
        test.labels, ["dogs" in name for name in test.ids]
    )
    assert source.split("all").ids == train.ids + test.ids
    assert files_below(raw) == pictures


def test_same_seed_same_split(raw, location, tmp_path):
    first = opened(location).split("test").ids
    again = opened(Location(raw, tmp_path / "again")).split("test").ids
    others = [
        opened(Location(raw, tmp_path / f"seed{seed}"), seed).split("test").ids
        for seed in (1, 2)
    ]
    assert first == again
    assert first not in others
    assert others[0] != others[1]


def test_seed_of_any_size(raw, tmp_path):
    large = 2**63 - 1
    first, again, other = (
        opened(Location(raw, tmp_path / str(place)), seed).split("test").ids
        for place, seed in enumerate((large, large, large - 1))
    )
    assert first == again
    assert first != other


def test_construction_costs_nothing(raw, location):
    assert not Folder(location).needs_download()
    raw.rename(raw.with_name("gone"))
    assert Folder(location).needs_download()
    assert not location.prepared.exists()


def test_split_of_another_seed_is_refused(raw, location):
    before = files_below(opened(location).root)
    with pytest.raises(DataError, match="split with seed 0, not 7"):
        opened(location, seed=7)
    assert files_below(location.prepared / "split_data") == before


def test_split_of_other_data_is_refused(raw, location, pictures):
    opened(location)
    (raw / "cats" / "cat_99.png").write_bytes(pictures["dogs/dog_1.png"])
    with pytest.raises(DataError, match=r"1 new \(cats/cat_99\.png\)\. Put"):
        opened(location)


def test_prepared_data_suffices(raw, location):
    expected = opened(location).split("train").ids
    raw.rename(raw.with_name("gone"))
    assert opened(location).split("train").ids == expected


def test_parts_that_the_data_has_are_kept(
    pictures, tmp_path, write_tree, location
):
    files = {
        f"{'test' if name.endswith('1.png') else 'train'}/{name}": data
        for name, data in pictures.items()
    }
    write_tree(tmp_path / "raw", files)
    source = opened(location)
    expected = sorted(name for name in files if name.startswith("test/"))
    assert source.split("test").ids == expected
    # There is nothing to draw, so no seed's split is here.
    with pytest.raises(DataError, match=r"which no seed changes.*seed=6\."):
        opened(location, seed=6)


def test_split_made_elsewhere_is_used_where_it_is(
    pictures, tmp_path, write_tree, capsys
):
    files = {f"train/{name}": data for name, data in pictures.items()}
    files |= {"test/cats/t.png": b"", "test/dogs/u.png": b""}
    files["test/cats/t.png"] = pictures["cats/cat_0.png"]
    files["test/dogs/u.png"] = pictures["dogs/dog_0.png"]
    root = write_tree(tmp_path / "split_data", files)
    source = opened(Location(tmp_path), kind=ImageFolder)
    assert source.split("test").ids == ["test/cats/t.png", "test/dogs/u.png"]
    assert len(source.split("train").ids) == 30
    # Both test images are train images: a leak.
    (note,) = source.notes
    assert "2 images are in both train and test (a leak)" in note
    assert note in capsys.readouterr().out
    assert {k: v for k, v in files_below(root).items() if k in files} == files
    again = opened(Location(tmp_path), kind=ImageFolder)
    assert again.notes == [note]


def test_bad_files_of_such_a_split_are_left_out_of_its_variations(
    pictures, tmp_path, write_tree
):
    files = {f"train/{name}": data for name, data in pictures.items()}
    files |= {f"test/{name}": data for name, data in pictures.items()}
    files["train/cats/bad.png"] = b"no image"
    write_tree(tmp_path / "split_data", files)
    location = Location(tmp_path, on_bad_image="skip")
    source = opened(location, kind=ImageFolder)
    offline = Offline(count=1, operations={"hflip": {}})
    written = source.write_variations("train_aug", offline)
    assert written == {tmp_path / "split_data" / "train_aug": 60}
    assert len(source.split("train_aug").ids) == 60


def test_folder_that_is_no_split_is_not_touched(tmp_path, write_tree, pictures):
    root = write_tree(tmp_path / "split_data", pictures)
    with pytest.raises(DataError, match="was not made here"):
        opened(Location(tmp_path), kind=ImageFolder)
    assert files_below(root) == pictures


def test_bad_file_stops_the_preparation_or_is_left_out(
    raw, location, tmp_path, capsys
):
    (raw / "cats" / "bad.png").write_bytes(b"no image")
    with pytest.raises(DataError, match=r"cannot decode cats/bad\.png: no im"):
        opened(location)
    assert not location.prepared.exists()
    skipping = Location(raw, tmp_path / "prepared", "skip")
    source = opened(skipping)
    assert "1 of 31 images cannot be decoded" in capsys.readouterr().out
    assert len(source.split("all").ids) == 30
    with open(source.root / "bad_images.csv", newline="") as file:
        assert [row["file"] for row in csv.DictReader(file)] == ["cats/bad.png"]
    # Said once; what is prepared is used without the flag, too.
    assert len(opened(location).split("all").ids) == 30


def test_only_class_is_refused(raw, location):
    (raw / "cats").rename(raw.with_name("elsewhere"))
    with pytest.raises(DataError, match="at least two classes"):
        opened(location)
    assert not location.prepared.exists()


def test_too_few_images_of_a_class(raw, location):
    for number in range(1, 10):
        (raw / "dogs" / f"dog_{number}.png").unlink()
    with pytest.raises(DataError, match="too few images of class 'dogs'"):
        opened(location)


class Interrupted(FolderFiles):
    """Each of the 30 is read to be checked, then to be copied."""

    reads = 0

    def read(self, entry):
        self.reads += 1
        if self.reads > 45:
            raise KeyboardInterrupt
        return super().read(entry)


def test_interrupted_copy_leaves_no_split(raw, location):
    files = Interrupted(raw)

    class InterruptedFolder(Folder):
        def locate_files(self):
            return files

    with pytest.raises(KeyboardInterrupt):
        opened(location, kind=InterruptedFolder)
    assert files.reads == 46
    assert not location.prepared.exists()
    # What a killed process could not remove is no obstacle either.
    leftover = location.prepared / ".writing-split_data" / "train"
    leftover.mkdir(parents=True)
    assert len(opened(location).split("all").ids) == 30
    assert not leftover.exists()


def test_full_disk_is_one_line(raw, location, monkeypatch):
    write = Path.write_bytes

    def full(path, data):
        if path.name == "cat_7.png":
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(DataError, match=r"No space left on device\. Free"):
        opened(location)
    assert not location.prepared.exists()


def test_folder_that_cannot_be_made_is_one_line(raw, tmp_path):
    (tmp_path / "file").write_text("in the way")
    location = Location(raw, tmp_path / "file" / "prepared")
    with pytest.raises(DataError, match=r"cannot write .*Not a directory"):
        opened(location)


def test_two_at_once_prepare_once(raw, location, capsys):
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(opened, [location, location])
    assert capsys.readouterr().out.count("preparing") == 1
    assert first.split("all").ids == second.split("all").ids


def test_files_that_come_or_go_are_noticed(raw, location, pictures):
    source = opened(location)
    # Links and hidden files follow the rule of all walks.
    (source.root / "train" / "cats" / ".hidden.png").write_bytes(b"")
    opened(location)
    copy = source.root / source.split("train").ids[0]
    data = copy.read_bytes()
    copy.unlink()
    with pytest.raises(DataError, match=f"{copy.name} is missing"):
        opened(location)
    copy.write_bytes(data)
    copy.with_name("new.png").write_bytes(data)
    with pytest.raises(DataError, match=r"new\.png is new"):
        opened(location)


def test_description_names_origin_and_seed(raw, location):
    root = opened(location, seed=3).root
    description = json.loads((root / "split.json").read_text())
    assert description["origin"] == str(raw)
    assert description["seed"] == 3
    with open(root / "manifest.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {(row["width"], row["height"]) for row in rows} == {("12", "9")}


def test_real_cats_and_dogs(data_dir, tmp_path):
    from pipelines.folders.catsdogs import CatsDogs

    archive = data_dir / "cats-and-dogs-test.zip"
    if not archive.is_file():
        pytest.skip(f"no real images: {archive} does not exist")
    source = opened(Location(archive, tmp_path), kind=CatsDogs)
    train, test = source.split("train"), source.split("test")
    np.testing.assert_array_equal(np.bincount(train.labels), [56, 56])
    np.testing.assert_array_equal(np.bincount(test.labels), [14, 14])
    assert source.notes == []
    images = np.empty((28, 64, 64, 3), np.uint8)
    test.decode_into(images, np.arange(28))
    # Photographs, not noise: neighbours are alike, images are not.
    assert np.abs(np.diff(images.astype(float), axis=2)).mean() < 25
    assert images.mean((1, 2, 3)).std() > 10
