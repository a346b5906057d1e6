"""The index of an archive or a folder; other layouts are refused."""

import zipfile

import numpy as np
import pytest

from pipelines.errors import DataError
from pipelines.tiny_imagenet.contents import open_contents


def read(path):
    """(train, validation) of an archive: each ids and labels."""
    with open_contents(path) as contents:
        return [
            (files.ids, files.labels.tolist())
            for files in (contents.train, contents.validation)
        ]


def sorted_by_class(path, images, annotations):
    """Changes that sort the validation images, as a common script does."""
    with zipfile.ZipFile(path) as file:
        known = {
            name.removeprefix("tiny-imagenet-200/"): file.read(name)
            for name in file.namelist()
        }
    listed = known["val/val_annotations.txt"].decode().splitlines()
    changes = {} if annotations else {"val/val_annotations.txt": None}
    for line in listed:
        name, wnid = line.split("\t")[:2]
        changes[f"val/images/{name}"] = None
        changes[f"val/{wnid}/{images}{name}"] = known[f"val/images/{name}"]
    return changes


def test_order_of_the_archive(make_tiny_imagenet):
    """By class and then by name; validation as annotated."""
    train, validation = read(make_tiny_imagenet())
    assert train[1] == np.repeat(range(3), 12).tolist()
    assert train[0][:4] == [f"n100_{n}.JPEG" for n in (0, 1, 10, 11)]
    with zipfile.ZipFile(make_tiny_imagenet()) as file:
        text = file.read("tiny-imagenet-200/val/val_annotations.txt").decode()
    lines = [line.split("\t") for line in text.splitlines()]
    assert validation[0] == [name for name, *_ in lines]
    assert validation[1] == [int(wnid[1]) - 1 for _, wnid, *_ in lines]


def test_byte_order_mark_is_no_part_of_a_name(make_tiny_imagenet):
    expected = read(make_tiny_imagenet())
    changes = {"wnids.txt": b"\xef\xbb\xbfn300\r\nn100\r\nn200\r\n"}
    assert read(make_tiny_imagenet(changes=changes)) == expected


@pytest.mark.parametrize("images", ["images/", ""])
@pytest.mark.parametrize("annotations", [True, False])
def test_validation_images_sorted_by_class(
    make_tiny_imagenet, tmp_path, images, annotations
):
    path = make_tiny_imagenet()
    train, (ids, labels) = read(path)
    changes = sorted_by_class(path, images, annotations)
    found = read(make_tiny_imagenet(tmp_path / "new.zip", changes=changes))
    if not annotations:
        # As if the images were listed by number, like the real archive's.
        pairs = sorted(
            zip(ids, labels, strict=True), key=lambda pair: int(pair[0][4:-5])
        )
        ids, labels = map(list, zip(*pairs, strict=True))
    assert found == [train, (ids, labels)]


def test_sorted_images_that_contradict_the_annotations(make_tiny_imagenet):
    path = make_tiny_imagenet()
    changes = sorted_by_class(path, "images/", True)
    moved = changes.pop("val/n100/images/val_0.JPEG")
    changes["val/n200/images/val_0.JPEG"] = moved
    with pytest.raises(DataError, match=r"val_0\.JPEG is of n100 in val/val_"):
        read(make_tiny_imagenet(changes=changes))
    changes["val/n100/images/val_0.JPEG"] = moved
    with pytest.raises(DataError, match=r"val_0\.JPEG is there twice"):
        read(make_tiny_imagenet(changes=changes))


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
    with pytest.raises(DataError, match="not laid out like Tiny ImageN") as got:
        read(make_tiny_imagenet(changes=changes))
    assert "\n" not in str(got.value)


@pytest.mark.parametrize("packed", [True, False])
def test_files_that_are_not_used_have_a_reason(
    make_tiny_imagenet, tmp_path, packed
):
    path = make_tiny_imagenet(
        changes={
            "train/n100/images/mine.png": b"",
            "train/n100/images/.DS_Store": b"",
            # These are the archive's own.
            "train/n100/n100_boxes.txt": b"",
            "test/images/test_7.JPEG": b"",
        }
    )
    if not packed:
        with zipfile.ZipFile(path) as file:
            file.extractall(tmp_path)
        path = tmp_path / "tiny-imagenet-200"
    with open_contents(path) as contents:
        assert contents.unused == {
            "train/n100/images/mine.png": (
                "not where images of this data set are"
            ),
            "train/n100/images/.DS_Store": (
                "hidden, or of the operating system"
            ),
        }


def test_fingerprints_tell_images_and_labels_apart(
    make_tiny_imagenet, tmp_path
):
    def fingerprints(path):
        with open_contents(path) as contents:
            return contents.fingerprints

    path = make_tiny_imagenet()
    known = fingerprints(path)
    with zipfile.ZipFile(path) as file:
        file.extractall(tmp_path)
        name = "train/n100/images/n100_0.JPEG"
        data = bytearray(file.read("tiny-imagenet-200/" + name))
        annotations = "val/val_annotations.txt"
        lines = file.read("tiny-imagenet-200/" + annotations).splitlines()
    folder = fingerprints(tmp_path / "tiny-imagenet-200")
    assert folder == {"sizes": known["sizes"]}
    # The unlabelled test images are of no importance.
    more = {"test/images/test_0.JPEG": b"no image"}
    assert fingerprints(make_tiny_imagenet(changes=more)) == known
    # The same names and sizes: a checksum tells them apart.
    data[-3] ^= 1
    other = fingerprints(make_tiny_imagenet(changes={name: bytes(data)}))
    assert other["sizes"] == known["sizes"]
    assert other["checksums"] != known["checksums"]
    # The same images, annotated otherwise.
    changes = {annotations: b"\n".join(lines[::-1]) + b"\n"}
    other = fingerprints(make_tiny_imagenet(changes=changes))
    assert other["checksums"] != known["checksums"]
