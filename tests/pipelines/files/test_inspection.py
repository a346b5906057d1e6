"""Bad files, empty classes and leaks are found before training."""

import csv
import io

import numpy as np
import PIL.Image
import pytest

from pipelines.errors import DataError
from pipelines.files.inspection import (
    Inspection,
    check_classes,
    describe_contradictions,
    describe_doubts,
    describe_leaks,
    inspect,
    inspect_files,
    select_good,
    write_bad_images,
)


def encoded(image, file_format="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


@pytest.fixture
def picture():
    pixels = np.random.default_rng(0).integers(0, 256, (6, 9, 3), "uint8")
    return PIL.Image.fromarray(pixels)


def test_size_is_that_of_the_upright_image(picture):
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    found = inspect("a", encoded(picture, exif=exif))
    assert (found.width, found.height) == (6, 9)


def test_same_pixels_have_the_same_digest_in_any_file(picture):
    png = inspect("a", encoded(picture))
    assert inspect("b", encoded(picture, "BMP")).digest == png.digest
    assert inspect("c", encoded(picture, dpi=(7, 7))).digest == png.digest
    other = picture.copy()
    other.putpixel((0, 0), (1, 2, 3))
    assert inspect("d", encoded(other)).digest != png.digest
    # The same bytes in another arrangement are another picture.
    turned = PIL.Image.frombytes("RGB", (6, 9), picture.tobytes())
    assert inspect("e", encoded(turned)).digest != png.digest


def test_plain_files_are_told_from_those_to_convert(picture):
    exif = PIL.Image.Exif()
    exif[0x0112] = 3
    plain = {
        "rgb": encoded(picture, "JPEG"),
        "gray": encoded(picture.convert("L"), "JPEG"),
        "png": encoded(picture),
    }
    not_plain = {
        "turned": encoded(picture, "JPEG", exif=exif),
        "cmyk": encoded(picture.convert("CMYK"), "JPEG"),
        "palette": encoded(picture.convert("P")),
        "alpha": encoded(picture.convert("RGBA")),
        "bmp": encoded(picture, "BMP"),
    }
    assert all(inspect(n, data).plain for n, data in plain.items())
    assert not any(inspect(n, data).plain for n, data in not_plain.items())


def test_damaged_exif_is_told(picture):
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    whole = encoded(picture, "JPEG", exif=exif)
    start = whole.index(b"Exif\0\0") + 6
    # The byte order, without which nothing in the block can be read.
    data = whole[:start] + b"??" + whole[start + 2 :]
    found = [inspect("a.jpg", data), inspect("b.jpg", whole)]
    assert [each.error for each in found] == [None, None]
    assert [each.damaged_exif for each in found] == [True, False]
    # As it is stored; the other is turned.
    assert [(each.width, each.height) for each in found] == [(9, 6), (6, 9)]
    (note,) = describe_doubts(found)
    assert note.startswith("1 image with a damaged EXIF block")
    assert note.endswith("a.jpg")
    assert describe_doubts(found[1:]) == []


def test_sixteen_bits_that_hold_twelve_are_told():
    random = np.random.default_rng(0)
    values = random.integers(0, 2**12, (6, 9), np.uint16)
    files = {
        "dark.png": encoded(PIL.Image.fromarray(values)),
        "dark.tif": encoded(PIL.Image.fromarray(values), "TIFF"),
        "full.png": encoded(PIL.Image.fromarray(values * 16)),
        "black.png": encoded(PIL.Image.fromarray(values * 0)),
        "plain.png": encoded(PIL.Image.fromarray(values.astype(np.uint8))),
    }
    found = inspect_files(files.get, list(files), "checking")
    (note,) = describe_doubts(found)
    assert note.startswith("2 images of 16 bits that use 12 at most")
    assert note.endswith(": dark.png, dark.tif")


def test_bad_files_are_an_error_by_default(picture):
    files = {"good": encoded(picture), "bad": b"text", "worse": b""}
    found = inspect_files(files.get, list(files), "checking")
    assert [each.name for each in found] == list(files)
    with pytest.raises(DataError) as caught:
        select_good(found, "error")
    message = str(caught.value)
    assert "cannot decode bad: no image of a known format and 1 more" in message
    assert "--on_bad_image=skip" in message


def test_bad_files_can_be_left_out_and_are_listed(picture, tmp_path, capsys):
    files = {"bad": b"text", "good": encoded(picture)}
    report = tmp_path / "bad_images.csv"
    found = inspect_files(files.get, list(files), "checking")
    kept = select_good(found, "skip")
    write_bad_images(found, report, report)
    assert [each.name for each in kept] == ["good"]
    with open(report, newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows == [{"file": "bad", "reason": "no image of a known format"}]
    assert "1 of 2 images cannot be decoded" in capsys.readouterr().out
    # Once they are mended, no list of them stays behind.
    write_bad_images(kept, report, report)
    assert not report.exists()


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ({"cats": 3, "dogs": 0}, "'dogs' has no images"),
        ({"cats": 3}, "at least two classes. Received: only 'cats'"),
        ({}, "at least two classes. Received: none"),
    ],
)
def test_classes_that_teach_nothing_are_refused(counts, message):
    with pytest.raises(DataError, match=message):
        check_classes(counts, "here")


def test_two_classes_are_enough():
    check_classes({"cats": 1, "dogs": 1}, "here")


def test_picture_of_two_classes_is_named():
    labelled = [
        (class_name, Inspection(f"{class_name}/{name}", digest=digest))
        for class_name, name, digest in (
            ("cats", "a", "1"),
            ("cats", "b", "1"),
            ("dogs", "c", "2"),
            ("dogs", "d", "1"),
        )
    ]
    assert describe_contradictions(labelled) == [
        "1 picture is in more than one class: cats/a = dogs/d"
    ]
    assert describe_contradictions(labelled[:3]) == []


def test_leaks_are_named_by_pair():
    def found(**digests):
        return [Inspection(n, digest=d) for n, d in digests.items()]

    splits = {
        "train": found(a="1", b="2", c="3"),
        "test": found(d="2", e="9"),
        "holdout": found(f="8"),
    }
    (sentence,) = describe_leaks(splits)
    assert sentence == ("1 image is in both train and test (a leak): b = d")
    splits["holdout"] = found(f="1", g="2", h="9")
    assert len(describe_leaks(splits)) == 3
