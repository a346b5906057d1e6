"""Preparation is repeatable, all or nothing, and picky about its input."""

import csv
import io
import resource
import signal
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from pipelines.errors import DataError
from pipelines.files.decoding import decode
from pipelines.loading import open_source
from pipelines.location import Location
from pipelines.tiny_imagenet import finding
from pipelines.tiny_imagenet.contents import Contents

REPOSITORY = Path(__file__).parents[3]


def prepare(path, **options):
    return open_source("tiny_imagenet", Location(path, **options))


def refusal(path, **options):
    with pytest.raises(DataError) as caught:
        prepare(path, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def files_under(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def records(path):
    return path.parent / "tiny_imagenet" / "2.0.0"


def encoded(image, file_format="JPEG", **options):
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def noise(shape, mode=None):
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    return PIL.Image.fromarray(pixels, mode)


def test_same_archive_same_records(make_tiny_imagenet, tmp_path):
    path = make_tiny_imagenet()
    prepare(path, prepared_dir=tmp_path / "a")
    prepare(path, prepared_dir=tmp_path / "b")
    first = files_under(tmp_path / "a")
    assert first == files_under(tmp_path / "b")
    assert sum(name.count("tfrecord") for name in first) == 3


def test_nothing_but_the_records_is_left(make_tiny_imagenet, tmp_path):
    path = make_tiny_imagenet()
    prepare(path, prepared_dir=tmp_path / "p")
    assert {p.name for p in (tmp_path / "p").iterdir()} == {"tiny_imagenet"}
    left = {p.name for p in (tmp_path / "p" / "tiny_imagenet").iterdir()}
    assert left == {"2.0.0"}


def test_prepared_once(make_tiny_imagenet, capsys):
    path = make_tiny_imagenet()
    prepare(path)
    assert "preparing Tiny ImageNet" in capsys.readouterr().out
    prepare(path)
    assert capsys.readouterr().out == ""


def test_killed_preparation_leaves_nothing_that_looks_finished(
    make_tiny_imagenet,
):
    path = make_tiny_imagenet()
    # The 60th reading of an image is in the midst of writing: 48 are there,
    # and each is read once to be checked.
    program = f"""
import os, signal
from pipelines.location import Location
from pipelines.tiny_imagenet import contents, source
read, count = contents.Contents.read, 0
def killing_read(self, image_id):
    global count
    count += 1
    if count == 60:
        os.kill(os.getpid(), signal.SIGKILL)
    return read(self, image_id)
contents.Contents.read = killing_read
source.TinyImageNet(Location({str(path)!r})).prepare()
"""
    killed = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY)
    assert killed.returncode == -signal.SIGKILL
    assert not records(path).exists()
    assert list(records(path).parent.glob("incomplete.*"))
    assert len(prepare(path).split("train+holdout").labels) == 36
    left = {p.name for p in records(path).parent.iterdir()}
    assert left == {"2.0.0"}


def test_error_while_writing_leaves_nothing(make_tiny_imagenet, monkeypatch):
    path = make_tiny_imagenet()
    read, count = Contents.read, 0

    def failing_read(self, image_id):
        nonlocal count
        count += 1
        if count == 60:
            raise OSError(28, "No space left on device")
        return read(self, image_id)

    monkeypatch.setattr(Contents, "read", failing_read)
    message = refusal(path)
    assert "No space left on device" in message
    assert "--prepared_dir" in message
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_full_disk_is_one_line(make_tiny_imagenet):
    path = make_tiny_imagenet()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    # Files that may not grow: what a full disk answers, or nearly.
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        message = refusal(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "cannot write the prepared records" in message
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_two_at_once_prepare_once(make_tiny_imagenet, capsys):
    path = make_tiny_imagenet()
    with ThreadPoolExecutor(2) as pool:
        for source in pool.map(prepare, [path, path]):
            assert len(source.split("holdout").labels) == 3
    assert capsys.readouterr().out.count("preparing Tiny ImageNet") == 1


def test_records_of_another_archive_are_refused(make_tiny_imagenet, tmp_path):
    first = make_tiny_imagenet()
    prepare(first)
    before = files_under(records(first))
    # The same names and sizes: a checksum tells them apart.
    with zipfile.ZipFile(first) as file:
        name = "train/n100/images/n100_0.JPEG"
        data = bytearray(file.read("tiny-imagenet-200/" + name))
    data[-3] ^= 1
    make_tiny_imagenet(changes={name: bytes(data)})
    assert "another archive" in refusal(first)
    assert "--prepared_dir" in refusal(first)
    assert files_under(records(first)) == before
    prepare(first, prepared_dir=tmp_path / "elsewhere")


def test_records_of_other_labels_are_refused(make_tiny_imagenet):
    """The same images, annotated otherwise."""
    path = make_tiny_imagenet()
    prepare(path)
    with zipfile.ZipFile(path) as file:
        name = "val/val_annotations.txt"
        lines = file.read("tiny-imagenet-200/" + name).splitlines()
    make_tiny_imagenet(changes={name: b"\n".join(lines[::-1]) + b"\n"})
    assert "another archive" in refusal(path)


def test_folder_that_cannot_be_written_is_one_line(
    make_tiny_imagenet, tmp_path
):
    (tmp_path / "file").write_text("in the way")
    message = refusal(
        make_tiny_imagenet(), prepared_dir=tmp_path / "file" / "prepared"
    )
    assert "cannot write" in message
    assert "--prepared_dir" in message


@pytest.fixture
def no_download(monkeypatch):
    def refuse(*arguments, **options):
        raise AssertionError("downloads although there are images")

    monkeypatch.setattr(finding, "download", refuse)


@pytest.mark.parametrize("around", ["", "tiny-imagenet-200/", "my/data/"])
def test_extracted_however_deep(
    make_tiny_imagenet, tmp_path, around, no_download
):
    path = make_tiny_imagenet()
    with zipfile.ZipFile(path) as file:
        file.extractall(tmp_path / "extracted" / around)
    source = prepare(tmp_path / "extracted", prepared_dir=tmp_path / "a")
    expected = prepare(path)
    assert source.fingerprint == expected.fingerprint


@pytest.mark.parametrize("name", ["archive.zip", "tiny-imagenet-200 (1).ZIP"])
def test_zip_file_of_another_name(make_tiny_imagenet, name, no_download):
    path = make_tiny_imagenet()
    path = path.rename(path.with_name(name))
    with zipfile.ZipFile(path.with_name("other.zip"), "w"):
        pass
    assert len(prepare(path.parent).split("train+holdout").labels) == 36


def test_two_archives_are_asked_about(make_tiny_imagenet, no_download):
    path = make_tiny_imagenet()
    path.rename(path.with_name("a.zip"))
    path = make_tiny_imagenet()
    path.rename(path.with_name("b.zip"))
    assert "Received: a.zip, b.zip. Point" in refusal(path.parent)


def test_other_images_are_not_taken_for_none(
    make_tiny_imagenet, tmp_path, write_tree, no_download
):
    write_tree(tmp_path / "data", {"train/n1/images/n1_0.JPEG": b"x"})
    message = refusal(tmp_path / "data")
    assert "holds train/n1/images/n1_0.JPEG" in message
    assert "wnids.txt" in message
    assert "image_folder" in message
    assert [p.name for p in (tmp_path / "data").iterdir()] == ["train"]


def test_files_that_are_not_used_are_listed(make_tiny_imagenet, capsys):
    changes = {
        "train/n100/images/mine.png": b"",
        "train/n100/images/.DS_Store": b"",
        # These are the archive's own.
        "train/n100/n100_boxes.txt": b"",
        "test/images/test_7.JPEG": b"",
    }
    path = make_tiny_imagenet(changes=changes)
    prepare(path)
    report = records(path).with_name("unused_files.csv")
    assert "2 files are not used (1 hidden" in (said := capsys.readouterr().out)
    assert str(report) in said
    with open(report, newline="") as file:
        assert {row["file"]: row["reason"] for row in csv.DictReader(file)} == {
            "train/n100/images/mine.png": (
                "not where images of this data set are"
            ),
            "train/n100/images/.DS_Store": (
                "hidden, or of the operating system"
            ),
        }


def sorted_by_class(path, images, annotations):
    """Changes that sort the validation images, as a common script does."""
    with zipfile.ZipFile(path) as file:
        read = {
            name.removeprefix("tiny-imagenet-200/"): file.read(name)
            for name in file.namelist()
        }
    listed = read["val/val_annotations.txt"].decode().splitlines()
    changes = {} if annotations else {"val/val_annotations.txt": None}
    for line in listed:
        name, wnid = line.split("\t")[:2]
        changes[f"val/images/{name}"] = None
        changes[f"val/{wnid}/{images}{name}"] = read[f"val/images/{name}"]
    return changes


@pytest.mark.parametrize("images", ["images/", ""])
@pytest.mark.parametrize("annotations", [True, False])
def test_validation_images_sorted_by_class(
    make_tiny_imagenet, tmp_path, images, annotations
):
    path = make_tiny_imagenet()
    expected = prepare(path)
    changes = sorted_by_class(path, images, annotations)
    path = make_tiny_imagenet(tmp_path / "sorted.zip", changes=changes)
    source = prepare(path, prepared_dir=tmp_path / "sorted")
    found, known = (s.split("validation") for s in (source, expected))
    assert dict(zip(found.ids, found.labels, strict=True)) == dict(
        zip(known.ids, known.labels, strict=True)
    )
    published = source.split("published_validation").ids
    if annotations:
        assert published == expected.split("published_validation").ids
    else:
        # As if the images were listed by number, like the real archive's.
        lines = sorted(
            (int(i[4:-5]), source.wnids[label])
            for i, label in zip(found.ids, found.labels, strict=True)
        )
        text = "".join(f"val_{n}.JPEG\t{wnid}\n" for n, wnid in lines)
        path = make_tiny_imagenet(
            tmp_path / "listed.zip",
            changes={"val/val_annotations.txt": text.encode()},
        )
        listed = prepare(path, prepared_dir=tmp_path / "listed")
        assert published == listed.split("published_validation").ids


def test_sorted_images_that_contradict_the_annotations(make_tiny_imagenet):
    path = make_tiny_imagenet()
    changes = sorted_by_class(path, "images/", True)
    moved = changes.pop("val/n100/images/val_0.JPEG")
    changes["val/n200/images/val_0.JPEG"] = moved
    path = make_tiny_imagenet(changes=changes)
    assert "val_0.JPEG is of n100 in val/val_annotations" in refusal(path)
    changes["val/n100/images/val_0.JPEG"] = moved
    path = make_tiny_imagenet(changes=changes)
    assert "val_0.JPEG is there twice" in refusal(path)


BAD = "train/n100/images/n100_7.JPEG"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"no image", "no image"),
        (encoded(noise((64, 64, 3)))[:2000], "truncated"),
        (encoded(noise((32, 64, 3))), "64x64 pixels. Received: 64x32"),
    ],
)
def test_bad_image_is_named_with_the_reason(make_tiny_imagenet, data, reason):
    path = make_tiny_imagenet(changes={BAD: data})
    message = refusal(path)
    assert "n100_7.JPEG" in message
    assert reason in message
    assert "--on_bad_image=skip" in message
    assert not records(path).exists()


def test_bad_images_can_be_left_out(make_tiny_imagenet, tmp_path, capsys):
    changes = {BAD: b"no image", "val/images/val_4.JPEG": b""}
    path = make_tiny_imagenet(changes=changes)
    source = prepare(path, on_bad_image="skip")
    whole = prepare(make_tiny_imagenet(tmp_path / "whole.zip"))
    assert "2 of 48" in capsys.readouterr().out
    with open(records(path).parent / "bad_images.csv", newline="") as file:
        listed = [row["file"] for row in csv.DictReader(file)]
    assert listed == ["n100_7.JPEG", "val_4.JPEG"]
    # All the others stay where they would be.
    for name in (
        *("train", "holdout", "validation"),
        *("published_train", "published_validation"),
    ):
        expected = [i for i in whole.split(name).ids if i not in listed]
        assert source.split(name).ids == expected


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"train": 0}, "'n100' has no images, nor have 2 more"),
        ({"val": 0}, "'n100' has no images"),
        ({"train": 1}, "at least 2 images"),
        ({"wnids": ("n100",)}, "at least two classes"),
        ({"wnids": ()}, "at least two classes"),
    ],
)
def test_too_few_images_are_found_first(make_tiny_imagenet, options, reason):
    path = make_tiny_imagenet(**options)
    assert reason in refusal(path)
    assert not records(path).exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"wnids.txt": None},
        {"words.txt": None},
        {"words.txt": b"n100 no tab"},
        {"val/val_annotations.txt": None},
        {"val/val_annotations.txt": b""},
        {"train/n999/images/n999_0.JPEG": b""},
        {"val/images/val_3.JPEG": None},
        {"val/images/val_99.JPEG": b""},
    ],
)
def test_other_layouts_are_refused(make_tiny_imagenet, changes):
    path = make_tiny_imagenet(changes=changes)
    assert "not laid out like Tiny ImageNet" in refusal(path)


@pytest.mark.parametrize("kept", [0.2, 0.7, 0.999])
def test_archive_cut_short_is_refused(make_tiny_imagenet, kept):
    path = make_tiny_imagenet()
    whole = path.read_bytes()
    path.write_bytes(whole[: int(kept * len(whole))])
    assert "broken or cut short" in refusal(path)
    assert not records(path).exists()


def test_archive_with_flipped_bytes_is_refused(make_tiny_imagenet):
    path = make_tiny_imagenet()
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as file:
        info = file.getinfo("tiny-imagenet-200/train/n100/images/n100_5.JPEG")
    start = info.header_offset + 30 + len(info.filename)
    for position in range(start + 20, start + 60):
        content[position] ^= 0xFF
    path.write_bytes(content)
    assert "n100_5" in refusal(path)
    assert not records(path).exists()


def test_same_image_in_two_splits_is_noted(make_tiny_imagenet, capsys):
    twin = encoded(noise((64, 64, 3)), quality=95)
    changes = {
        "train/n200/images/n200_0.JPEG": twin,
        # Other bytes, the same pixels.
        "val/images/val_5.JPEG": encoded(
            PIL.Image.fromarray(decode(twin, 64)), "PNG"
        ),
    }
    (note,) = prepare(make_tiny_imagenet(changes=changes)).notes
    assert "1 image is in both train and validation" in note
    assert "n200_0.JPEG = val_5.JPEG" in note
    assert note in capsys.readouterr().out
