"""What is prepared comes back as it was, also through tfds alone."""

import io
import json
import os
import subprocess
import sys

import numpy as np
import PIL.Image
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from pipelines.errors import DataError
from pipelines.files.decoding import decode
from pipelines.loading import open_source
from pipelines.location import Location


def prepare(path, **options):
    return open_source("tiny_imagenet", Location(path, **options))


def refusal(path, **options):
    with pytest.raises(DataError) as caught:
        prepare(path, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def records(path):
    return path.parent / "tiny_imagenet" / "2.0.0"


def encoded(image, file_format="JPEG", **options):
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def noise(shape, mode=None):
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    return PIL.Image.fromarray(pixels, mode)


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


@pytest.mark.parametrize(
    ("data", "kept"),
    [
        (encoded(noise((64, 64))), True),
        (encoded(noise((64, 64, 3))), True),
        (encoded(noise((64, 64, 3)), "PNG"), True),
        (encoded(noise((64, 64, 4), "CMYK")), False),
        (encoded(noise((64, 64)).convert("P"), "GIF"), False),
        (encoded(noise((64, 64, 4)), "PNG"), False),
    ],
)
def test_every_kind_of_file_comes_back_as_pillow_reads_it(
    make_tiny_imagenet, data, kept
):
    name = "train/n100/images/n100_0.JPEG"
    path = make_tiny_imagenet(changes={name: data})
    split = prepare(path).split("train[:1]")
    images = np.empty((1, 64, 64, 3), np.uint8)
    split.decode_into(images, [0])
    np.testing.assert_array_equal(images[0], decode(data, 64))
    assert (stored(path, "n100_0.JPEG") == data) == kept


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
