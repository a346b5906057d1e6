"""Images that stay where they are, and the list of them."""

import json
import os
import shutil
from dataclasses import replace

import numpy as np
import pytest

from pipelines.config import Data, Offline
from pipelines.errors import DataError
from pipelines.folders.image_files import FolderFiles
from pipelines.folders.manifest import Row, read_manifest, write_rows
from pipelines.loading import load, open_source
from pipelines.location import Location

MINE = Data("image_folder", val="test", image_size=8)


@pytest.fixture
def photos(pictures, tmp_path, write_tree):
    return write_tree(tmp_path / "photos", pictures)


@pytest.fixture
def unread(monkeypatch):
    """Function that refuses to read any image from then on."""

    def refuse(files, name):
        raise AssertionError(f"{name} is read")

    return lambda: monkeypatch.setattr(FolderFiles, "read", refuse)


def summarize(photos, config=MINE):
    data = load(config, Location(photos))
    images = np.array(data.train.images).tobytes()
    return data.fingerprints, data.train.ids, data.val.ids, images


def test_a_run_is_the_same_wherever_its_images_are(
    photos, pictures, tmp_path, write_zip
):
    first = summarize(photos)
    assert summarize(photos, replace(MINE, copy=True)) == first
    path = write_zip(tmp_path / "photos.zip", pictures)
    assert summarize(path) == first
    moved = photos.rename(tmp_path / "moved")
    prepared = photos.with_name("photos_prepared")
    prepared.rename(tmp_path / "moved_prepared")
    assert summarize(moved) == first
    shutil.rmtree(tmp_path / "moved_prepared")
    assert summarize(moved) == first


def test_images_are_read_again_only_if_they_may_have_changed(photos, unread):
    location = Location(photos)
    before = open_source(MINE, location).fingerprint
    os.utime(photos / "cats" / "cat_3.png")
    # Read once, and noted down.
    assert open_source(MINE, location).fingerprint == before
    unread()
    assert open_source(MINE, location).fingerprint == before
    os.utime(photos / "cats" / "cat_4.png")
    with pytest.raises(AssertionError, match="cat_4"):
        open_source(MINE, location)
    (photos / "cats" / "cat_4.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"1 changed \(cats/cat_4\.png\)"):
        open_source(MINE, location)


def test_what_has_changed_is_named(photos):
    location = Location(photos)
    open_source(MINE, location)
    path = photos / "cats" / "cat_3.png"
    data, times = path.read_bytes(), path.stat()
    path.write_bytes(data[::-1])
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    with pytest.raises(DataError, match=r"1 changed \(cats/cat_3\.png\)"):
        open_source(MINE, location)
    path.write_bytes(data)
    path.rename(photos / "dogs" / "cat_3.png")
    with pytest.raises(DataError) as caught:
        open_source(MINE, location)
    message = str(caught.value)
    assert "1 gone (cats/cat_3.png); 1 new (dogs/cat_3.png)" in message
    manifest = photos.with_name("photos_prepared") / "manifest.csv"
    assert f"remove {manifest} to have it made anew" in message
    manifest.unlink()
    assert len(open_source(MINE, location).split("all").ids) == 30
    shutil.rmtree(photos)
    with pytest.raises(DataError, match="there are no images in"):
        open_source(MINE, location)


def test_labels_that_have_changed_are_named(pictures, tmp_path, write_tree):
    files = {name.replace("/", "_"): data for name, data in pictures.items()}
    root = write_tree(tmp_path / "photos", files)
    rows = [f"{name},{name[:4]},train\n" for name in files]
    rows[:6] = [row.replace("train", "test") for row in rows[:6]]
    rows[-6:] = [row.replace("train", "test") for row in rows[-6:]]
    (root / "labels.csv").write_text("file,kind,part\n" + "".join(rows))
    open_source(MINE, Location(root))
    for old, new in (("cats,train", "dogs,train"), ("train", "test")):
        changed = [*rows[:9], rows[9].replace(old, new), *rows[10:]]
        (root / "labels.csv").write_text("file,kind,part\n" + "".join(changed))
        with pytest.raises(DataError, match="1 in another class or part"):
            open_source(MINE, Location(root))


@pytest.mark.parametrize("copy", [False, True])
def test_copies_of_an_earlier_version_are_not_used(photos, copy, capsys):
    """They have no manifest."""
    old = photos.with_name("photos_prepared") / "split_data"
    shutil.copytree(photos, old / "train")
    (old / "split.json").write_text(json.dumps({"adopted": False, "seed": 7}))
    config = Data("image_folder", copy=copy)
    source = open_source(config, Location(photos))
    assert len(source.split("train").ids) == 24
    said = f"{old} holds copies of images, which are used with"
    assert (said in capsys.readouterr().out) == (not copy)
    assert (old / "manifest.csv").is_file() == copy
    assert (old / "train" / "cats" / "cat_9.png").is_file()


def test_variations_are_made_of_copies(photos):
    config = Data(
        "image_folder",
        train="train_aug",
        val="test",
        offline=Offline(count=1, operations={"hflip": {}}),
        image_size=8,
    )
    assert len(load(config, Location(photos)).train.labels) == 48
    source = open_source(MINE, Location(photos))
    assert source.splits == ["train", "test"]
    with pytest.raises(DataError, match=r"made of copies.*data\.copy=true"):
        source.split("train_aug")


def test_names_that_are_not_utf_8_are_read_in_place(photos):
    odd = os.fsencode(photos) + b'/cats/\xe9, "a";.png'
    os.rename(photos / "cats" / "cat_0.png", odd)
    for _ in range(2):
        source = open_source(MINE, Location(photos))
        split = source.split("all")
        images = np.empty((30, 8, 8, 3), np.uint8)
        split.decode_into(images, range(30))
        assert [n for n in split.ids if n.endswith('/\\xe9, "a";.png')]


def test_rows_are_read_as_they_were_written(tmp_path):
    rows = [
        Row("id", f"a\n\r\udce9\u2028{n}", "", 'b,"', 1, 2, "", "", 3, 4, "")
        for n in range(2)
    ]
    (tmp_path / "split.json").write_text("{}")
    write_rows(tmp_path, rows)
    assert read_manifest(tmp_path) == ({}, rows)


@pytest.mark.parametrize(
    ("old", "new"),
    [("stamp", "time"), (",12,9,", ",12.0,9,"), (",", ";"), ("\n", ",\n")],
)
def test_manifest_that_was_edited_is_one_line(photos, old, new):
    root = open_source(MINE, Location(photos)).root
    path = root / "manifest.csv"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(DataError, match=r"cannot read .*manifest\.csv: .*new"):
        open_source(MINE, Location(photos))
