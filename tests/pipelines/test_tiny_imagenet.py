"""The archive is read as it is, and errors name it."""

import io
import zipfile

import numpy as np
import PIL.Image
import pytest

from pipelines.errors import DataError
from pipelines.loading import load

WNIDS = ["n300", "n100", "n200"]


def gray_jpeg(value):
    buffer = io.BytesIO()
    PIL.Image.new("L", (64, 64), value).save(buffer, "JPEG", quality=100)
    return buffer.getvalue()


@pytest.fixture
def archive(tmp_path):
    """12 train and 4 val images for each of three classes.

    An image's gray value tells its class (hundreds) and number.
    """
    path = tmp_path / "tiny-imagenet-200.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        root = "tiny-imagenet-200/"
        file.writestr(root + "wnids.txt", "\n".join(WNIDS) + "\n")
        words = [f"{w}\tword of {w}, and more" for w in [*WNIDS, "n999"]]
        file.writestr(root + "words.txt", "\n".join(words) + "\n")
        annotations = []
        for label, wnid in enumerate(sorted(WNIDS)):
            for number in range(12):
                file.writestr(
                    f"{root}train/{wnid}/images/{wnid}_{number}.JPEG",
                    gray_jpeg(80 * label + number),
                )
            for number in range(4):
                name = f"val_{number * 3 + label}.JPEG"
                file.writestr(
                    f"{root}val/images/{name}",
                    gray_jpeg(80 * label + 40 + number),
                )
                annotations.append(f"{name}\t{wnid}\t0\t0\t62\t62")
        file.writestr(
            root + "val/val_annotations.txt", "\n".join(annotations) + "\n"
        )
    return path


def grays(split):
    return split.images[:, 32, 32, 0].tolist()


def test_labels_follow_the_sorted_wordnet_ids(archive):
    data = load("tiny_imagenet", archive.parent, size=64)
    assert data.class_names == [f"word of {w}, and more" for w in sorted(WNIDS)]
    assert grays(data.train) == [
        80 * label + number for label in range(3) for number in range(12)
    ]
    np.testing.assert_array_equal(data.train.labels, np.arange(36) // 12)
    np.testing.assert_array_equal(data.val.labels, np.arange(12) % 3)
    assert grays(data.val)[:4] == [40, 120, 200, 41]


def test_first_images_of_a_class_count_by_number_not_by_name(archive):
    data = load("tiny_imagenet", archive.parent, size=64, train_per_class=11)
    # By name, image 10 would come before image 2.
    assert grays(data.train)[:11] == list(range(11))


def test_val_half_and_limits(archive):
    data = load("tiny_imagenet", archive.parent, size=64, val_half=True)
    np.testing.assert_array_equal(np.bincount(data.val.labels), [2, 2, 2])
    data = load(
        "tiny_imagenet", archive.parent, size=32, limit_train=6, limit_val=3
    )
    assert data.train.images.shape == (6, 32, 32, 3)
    np.testing.assert_array_equal(np.bincount(data.train.labels), [2, 2, 2])
    np.testing.assert_array_equal(np.bincount(data.val.labels), [1, 1, 1])


def test_zip_file_itself_may_be_named(archive):
    other = archive.rename(archive.with_name("other.zip"))
    assert len(load("tiny_imagenet", other, size=64).train.labels) == 36


def test_missing_archive_says_what_where_and_how(tmp_path):
    with pytest.raises(DataError) as caught:
        load("tiny_imagenet", tmp_path / "nowhere", size=64)
    message = str(caught.value)
    assert str(tmp_path / "nowhere" / "tiny-imagenet-200.zip") in message
    assert "http://cs231n.stanford.edu/tiny-imagenet-200.zip" in message
    assert "--data_dir" in message


@pytest.mark.parametrize("kept", [0.2, 0.7, 0.999])
def test_archive_cut_short_is_refused(archive, kept):
    whole = archive.read_bytes()
    archive.write_bytes(whole[: int(kept * len(whole))])
    with pytest.raises(DataError, match="broken or cut short.*bytes"):
        load("tiny_imagenet", archive, size=64)


def test_archive_with_flipped_bytes_is_refused(archive):
    content = bytearray(archive.read_bytes())
    with zipfile.ZipFile(archive) as file:
        info = file.getinfo("tiny-imagenet-200/train/n100/images/n100_5.JPEG")
    start = info.header_offset + 30 + len(info.filename)
    for position in range(start + 20, start + 60):
        content[position] ^= 0xFF
    archive.write_bytes(content)
    with pytest.raises(DataError, match=r"broken|cannot decode.*n100_5"):
        load("tiny_imagenet", archive, size=64)


def test_other_zip_is_refused(tmp_path):
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("holiday/beach.jpg", b"")
    with pytest.raises(DataError, match="not laid out like Tiny ImageNet"):
        load("tiny_imagenet", path, size=64)


def test_real_images(data_dir):
    mini = data_dir / "tiny-imagenet-mini.zip"
    if not mini.is_file():
        pytest.skip(f"no real images: {mini} does not exist")
    data = load("tiny_imagenet", mini, size=64)
    np.testing.assert_array_equal(np.bincount(data.train.labels), [50] * 10)
    np.testing.assert_array_equal(np.bincount(data.val.labels), [20] * 10)
    assert data.train.images.shape == (500, 64, 64, 3)
    # Photographs, not noise: neighbours are alike, images are not.
    images = data.train.images.astype(float)
    assert np.abs(np.diff(images, axis=2)).mean() < 20
    assert images.mean((1, 2, 3)).std() > 10
