"""Decoded once, in memory or on disk: the same pixels."""

import errno
import os

import numpy as np
import pytest

from pipelines.batches import train_batches
from pipelines.errors import DataError
from pipelines.image_cache import ImageCache
from pipelines.loading import LoadedSplit

SIZE = 8
COUNT = 30
BYTES = COUNT * SIZE * SIZE * 3


class Noise:
    """A split of noise that counts how often it is decoded."""

    fingerprint = "noise"

    def __init__(self):
        self.pixels = np.random.default_rng(0).integers(
            0, 256, (COUNT, SIZE, SIZE, 3), "uint8"
        )
        self.labels = np.arange(COUNT, dtype=np.int32) % 3
        self.decoded = 0

    def decode_into(self, images, indices):
        self.decoded += 1
        images[:] = self.pixels[indices]


@pytest.fixture
def noise():
    return Noise()


def cache(folder, budget_bytes):
    return ImageCache(folder, COUNT, SIZE, budget_bytes / 2**30)


def test_in_memory_within_the_budget(noise, tmp_path):
    images = cache(tmp_path, BYTES).images(noise, np.arange(COUNT))
    np.testing.assert_array_equal(images, noise.pixels)
    assert not list(tmp_path.iterdir())


def test_on_disk_beyond_it_and_found_again(noise, tmp_path):
    indices = np.arange(COUNT)[::-1]
    for _ in range(2):
        images = cache(tmp_path, BYTES - 1).images(noise, indices)
        assert isinstance(images, np.memmap)
        np.testing.assert_array_equal(images, noise.pixels[::-1])
    assert noise.decoded == 1
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_other_images_or_sizes_have_files_of_their_own(noise, tmp_path):
    def on_disk(size, indices):
        few = ImageCache(tmp_path, COUNT, size, 0)
        return few.images(noise, np.array(indices))

    on_disk(SIZE, [1, 2])
    np.testing.assert_array_equal(on_disk(SIZE, [2, 3]), noise.pixels[2:4])
    noise.fingerprint = "changed"
    on_disk(SIZE, [1, 2])
    assert noise.decoded == 3


def test_choice_is_said(tmp_path):
    assert (
        "GiB of decoded images in memory" in cache(tmp_path, BYTES).description
    )
    text = cache(tmp_path, BYTES - 1).description
    assert "decoded images on disk" in text
    assert str(tmp_path) in text


def test_batches_are_the_same_from_disk(noise, tmp_path):
    def batches(budget):
        images = cache(tmp_path, budget).images(noise, np.arange(COUNT))
        dataset = train_batches(
            LoadedSplit(images, noise.labels),
            classes=3,
            batch_size=7,
            seed=0,
            steps=9,
        )
        return [
            (images.tobytes(), labels.tobytes())
            for images, labels in dataset.as_numpy_iterator()
        ]

    assert batches(BYTES) == batches(0)


def test_interrupted_decoding_leaves_nothing(noise, tmp_path, monkeypatch):
    def interrupt(images, indices):
        images[:3] = 1
        raise KeyboardInterrupt

    monkeypatch.setattr(noise, "decode_into", interrupt)
    with pytest.raises(KeyboardInterrupt):
        cache(tmp_path, 0).images(noise, np.arange(COUNT))
    assert not list((tmp_path / "cache").iterdir())


def test_full_disk_is_one_line(noise, tmp_path, monkeypatch):
    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(DataError, match="No space left.*data.cache_gib"):
        cache(tmp_path, 0).images(noise, np.arange(COUNT))
    assert not list((tmp_path / "cache").iterdir())
