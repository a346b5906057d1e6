"""Records: repeatable, all or nothing, of good images, read by tfds alone."""

import csv
import io
import json
import os
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
import tensorflow as tf
import tensorflow_datasets as tfds

from pipelines.config import Data
from pipelines.errors import DataError
from pipelines.files.decoding import decode
from pipelines.loading import open_source
from pipelines.location import Location
from pipelines.tiny_imagenet.contents import Contents

REPOSITORY = Path(__file__).parents[3]


def prepare(path, **options):
    return open_source(Data("tiny_imagenet"), Location(path, **options))


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


def test_same_archive_same_records_once(make_tiny_imagenet, tmp_path, capsys):
    path = make_tiny_imagenet()
    prepare(path, prepared_dir=tmp_path / "a")
    prepare(path, prepared_dir=tmp_path / "b")
    first = files_under(tmp_path / "a")
    assert first == files_under(tmp_path / "b")
    assert sum(name.count("tfrecord") for name in first) == 3
    assert {Path(name).parent.as_posix() for name in first} == {
        "tiny_imagenet/2.0.0"
    }
    assert "preparing Tiny ImageNet" in capsys.readouterr().out
    prepare(path, prepared_dir=tmp_path / "a")
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


def test_folder_that_cannot_be_written_is_one_line(
    make_tiny_imagenet, tmp_path
):
    (tmp_path / "file").write_text("in the way")
    message = refusal(
        make_tiny_imagenet(), prepared_dir=tmp_path / "file" / "prepared"
    )
    assert "cannot write" in message
    assert "--prepared_dir" in message


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


def test_bad_images_can_be_left_out(make_tiny_imagenet, tiny_imagenet, capsys):
    changes = {BAD: b"no image", "val/images/val_4.JPEG": b""}
    changes["train/n100/images/mine.png"] = b""
    path = make_tiny_imagenet(changes=changes)
    source = prepare(path, on_bad_image="skip")
    whole = open_source(Data("tiny_imagenet"), tiny_imagenet)
    said = capsys.readouterr().out
    assert "2 of 48" in said
    report = records(path).with_name("unused_files.csv")
    assert "1 file is not used (1 not where images of this" in said
    assert str(report) in said
    assert "train/n100/images/mine.png" in report.read_text()
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


def test_archive_cut_short_is_refused(make_tiny_imagenet):
    path = make_tiny_imagenet()
    whole = path.read_bytes()
    path.write_bytes(whole[: int(0.7 * len(whole))])
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


def stored(path, name):
    dataset = tfds.builder_from_directory(records(path)).as_dataset(
        "all", decoders={"image": tfds.decode.SkipDecoding()}
    )
    (data,) = (
        each["image"].numpy()
        for each in dataset
        if each["file_name"].numpy().decode() == name
    )
    return data


# {kind of file: whether the records keep it as it is}.
KINDS = {
    encoded(noise((64, 64))): True,
    encoded(noise((64, 64, 3))): True,
    encoded(noise((64, 64, 3)), "PNG"): True,
    encoded(noise((64, 64, 4), "CMYK")): False,
    encoded(noise((64, 64)).convert("P"), "GIF"): False,
    encoded(noise((64, 64, 4)), "PNG"): False,
}


def test_every_kind_of_file_comes_back_as_pillow_reads_it(make_tiny_imagenet):
    names = [f"n100_{number}.JPEG" for number in range(len(KINDS))]
    path = make_tiny_imagenet(
        changes={
            f"train/n100/images/{name}": data
            for name, data in zip(names, KINDS, strict=True)
        }
    )
    split = prepare(path).split("train+holdout")
    for name, (data, kept) in zip(names, KINDS.items(), strict=True):
        images = np.empty((1, 64, 64, 3), np.uint8)
        split.decode_into(images, [split.ids.index(name)])
        np.testing.assert_array_equal(images[0], decode(data, 64))
        assert (stored(path, name) == data) == kept


def test_tfds_builds_and_loads_by_name(make_tiny_imagenet, tmp_path):
    dataset, info = tfds.load(
        "tiny_imagenet",
        split="validation",
        data_dir=tmp_path / "tfds",
        builder_kwargs={"images": make_tiny_imagenet()},
        as_supervised=True,
        with_info=True,
    )
    assert info.features["label"].names == ["n100", "n200", "n300"]
    assert info.metadata["words"][0] == "word of n100, and more"
    images, labels = map(np.stack, zip(*dataset, strict=True))
    assert images.shape == (12, 64, 64, 3)
    np.testing.assert_array_equal(images[:, 0, 0, 0] // 80, labels)


def test_tfds_reads_the_records_without_this_package(
    make_tiny_imagenet, tmp_path
):
    path = make_tiny_imagenet()
    prepare(path)
    program = """
import sys, tensorflow_datasets as tfds
data, info = tfds.load("tiny_imagenet", data_dir=sys.argv[1], with_info=True)
print({name: len(split) for name, split in data.items()})
print(info.metadata["slices"])
assert "pipelines" not in sys.modules
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(path.parent)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "{'train': 33, 'holdout': 3, 'validation': 12}" in done.stdout
    assert "train[:18]" in done.stdout


@pytest.mark.parametrize("harm", ["remove", "cut", "flip"])
def test_damaged_records_are_one_line(make_tiny_imagenet, harm):
    path = make_tiny_imagenet()
    prepare(path)
    (shard,) = records(path).glob("*train*")
    data = bytearray(shard.read_bytes())
    shard.unlink()
    if harm == "cut":
        # Between two records, where the file itself looks whole.
        sizes = [
            len(record.numpy()) + 16
            for record in tf.data.TFRecordDataset([write(shard, data)])
        ]
        shard.write_bytes(data[: sum(sizes[:20])])
    elif harm == "flip":
        data[5000] ^= 1
        shard.write_bytes(data)
    split = prepare(path).split("train")
    with pytest.raises(DataError, match="damaged.*Remove") as caught:
        split.decode_into(np.empty((33, 64, 64, 3), np.uint8), np.arange(33))
    assert "\n" not in str(caught.value)


def write(path, data):
    path.write_bytes(data)
    return str(path)


def test_records_without_their_description_are_one_line(make_tiny_imagenet):
    path = make_tiny_imagenet()
    prepare(path)
    (records(path) / "dataset_info.json").unlink()
    assert "dataset_info.json" in refusal(path)


def test_metadata_names_the_slices(make_tiny_imagenet):
    path = make_tiny_imagenet()
    prepare(path)
    metadata = json.loads((records(path) / "metadata.json").read_text())
    assert metadata["slices"] == {
        "published_train": "train[:18]",
        "published_validation": "validation[:6]",
    }
