"""In memory, on disk or decoded when asked for: the same pixels."""

import errno
import os
import shutil
import subprocess
import sys
import tracemalloc
from collections import namedtuple
from pathlib import Path

import numpy as np
import portalocker
import pytest

from pipelines.batches import eval_batches, train_batches
from pipelines.errors import DataError
from pipelines.image_cache import EncodedImages, keep_images
from pipelines.loading import LoadedSplit

SIZE = 8
COUNT = 30
BYTES = COUNT * SIZE * SIZE * 3
PLACES = {
    "in memory": (BYTES, 0),
    "on disk": (BYTES - 1, BYTES),
    "as they are needed": (BYTES - 1, BYTES - 1),
}


class Noise:
    """A split of noise that counts how many images were decoded."""

    fingerprint = "noise"

    def __init__(self):
        self.pixels = np.random.default_rng(0).integers(
            0, 256, (COUNT, SIZE, SIZE, 3), "uint8"
        )
        self.labels = np.arange(COUNT, dtype=np.int32) % 3
        self.decoded = 0

    def decode_into(self, images, indices):
        self.decoded += len(indices)
        images[:] = self.pixels[indices]


@pytest.fixture
def noise():
    return Noise()


def keep(folder, split, indices, budgets, size=SIZE):
    """The images, and where they are."""
    parts = {"train": (split, np.asarray(indices))}
    gib = [count / 2**30 for count in budgets]
    kept, description = keep_images(folder, parts, size, *gib)
    return kept["train"], description


@pytest.fixture
def free(monkeypatch):
    """Function that says how many bytes the disk has left."""

    def limit(count):
        usage = namedtuple("usage", ("total", "used", "free"))
        monkeypatch.setattr(
            shutil, "disk_usage", lambda _: usage(2**60, 2**60 - count, count)
        )

    return limit


def test_in_memory_within_the_budget(noise, tmp_path):
    images, _ = keep(tmp_path, noise, range(COUNT), PLACES["in memory"])
    np.testing.assert_array_equal(images, noise.pixels)
    assert not list(tmp_path.iterdir())


def test_on_disk_beyond_it_and_found_again(noise, tmp_path):
    indices = np.arange(COUNT)[::-1]
    for _ in range(2):
        images, _ = keep(tmp_path, noise, indices, PLACES["on disk"])
        assert isinstance(images, np.memmap)
        np.testing.assert_array_equal(images, noise.pixels[::-1])
    assert noise.decoded == COUNT
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_beyond_both_nothing_is_kept(noise, tmp_path):
    indices = np.arange(COUNT)[::-1]
    budgets = PLACES["as they are needed"]
    images, _ = keep(tmp_path, noise, indices, budgets)
    assert isinstance(images, EncodedImages)
    assert noise.decoded == 0
    assert not list(tmp_path.iterdir())
    turned = noise.pixels[::-1]
    assert images.shape == turned.shape
    assert len(images) == COUNT
    for chosen in (slice(3, 9), slice(28, 99), [4, 4, 0], np.array([7])):
        np.testing.assert_array_equal(images[chosen], turned[chosen])
    assert noise.decoded == 6 + 2 + 3 + 1


def test_disk_keeps_some_room(noise, tmp_path, free):
    """A tenth of the free space; files that are there already take none."""
    free(BYTES)
    budgets = (0, 2 * BYTES)
    images, said = keep(tmp_path, noise, range(COUNT), budgets)
    assert isinstance(images, EncodedImages)
    assert "that may be written to" in said
    free(2 * BYTES)
    assert isinstance(
        keep(tmp_path, noise, range(COUNT), budgets)[0], np.memmap
    )
    free(0)
    assert isinstance(
        keep(tmp_path, noise, range(COUNT), budgets)[0], np.memmap
    )
    for indices in (range(COUNT - 1), range(1, COUNT)):
        images, _ = keep(tmp_path, noise, indices, budgets)
        assert isinstance(images, EncodedImages)


def test_budgets_are_of_all_splits_together(noise, tmp_path):
    parts = {key: (noise, np.arange(COUNT)) for key in ("train", "val")}
    gib = BYTES / 2**30
    for budgets, kind in (
        ((2 * gib, 0), np.ndarray),
        ((1.9 * gib, 2 * gib), np.memmap),
        ((1.9 * gib, 1.9 * gib), EncodedImages),
    ):
        images, _ = keep_images(tmp_path, parts, SIZE, *budgets)
        assert [type(each) for each in images.values()] == [kind] * 2


def test_other_images_or_sizes_have_files_of_their_own(noise, tmp_path):
    def on_disk(size, indices):
        return keep(tmp_path, noise, indices, (0, BYTES), size)[0]

    on_disk(SIZE, [1, 2])
    np.testing.assert_array_equal(on_disk(SIZE, [2, 3]), noise.pixels[2:4])
    noise.fingerprint = "changed"
    on_disk(SIZE, [1, 2])
    assert noise.decoded == 2 * 3


@pytest.mark.parametrize("place", PLACES)
def test_choice_is_said(noise, tmp_path, place):
    _, said = keep(tmp_path, noise, range(COUNT), PLACES[place])
    assert "GiB of decoded images" in said
    assert [each for each in PLACES if each in said] == [place]
    assert (str(tmp_path) in said) == (place == "on disk")


@pytest.mark.parametrize("options", [{}, {"endless": True}])
def test_batches_are_the_same_from_anywhere(noise, tmp_path, options):
    """Whole, and from a step within an epoch on."""

    def batches(budgets, first_step, parallel_calls):
        images, _ = keep(tmp_path, noise, range(COUNT), budgets)
        split = LoadedSplit(images, noise.labels)
        trained = train_batches(
            split,
            classes=3,
            batch_size=7,
            seed=0,
            first_step=first_step,
            steps=12 - first_step,
            parallel_calls=parallel_calls,
            **options,
        )
        judged = eval_batches(split, classes=3, batch_size=7)
        return [
            (images.tobytes(), labels.tobytes())
            for dataset in (trained, judged)
            for images, labels in dataset.as_numpy_iterator()
        ]

    whole = batches(PLACES["in memory"], 0, 1)
    assert len(set(whole)) == 12 + 5
    for budgets in PLACES.values():
        assert batches(budgets, 0, 8) == whole
        assert batches(budgets, 6, 8) == whole[6:]


def test_memory_does_not_grow_with_the_number_of_images(tmp_path):
    """0.6 GiB, would they be decoded."""

    class Gray:
        fingerprint = "gray"
        labels = np.zeros(50_000, np.int32)

        def decode_into(self, images, indices):
            images[:] = np.reshape(indices % 256, (-1, 1, 1, 1))

    images, _ = keep(tmp_path, Gray(), np.arange(50_000), (0, 0), 64)
    dataset = train_batches(
        LoadedSplit(images, Gray.labels),
        classes=2,
        batch_size=32,
        seed=0,
        steps=200,
    )
    tracemalloc.start()
    try:
        assert sum(1 for _ in dataset) == 200
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100 * 2**20


def test_interrupted_decoding_leaves_nothing(noise, tmp_path, monkeypatch):
    def interrupt(images, indices):
        images[:3] = 1
        raise KeyboardInterrupt

    monkeypatch.setattr(noise, "decode_into", interrupt)
    with pytest.raises(KeyboardInterrupt):
        keep(tmp_path, noise, range(COUNT), PLACES["on disk"])
    assert not list(tmp_path.iterdir())


def test_full_disk_is_one_line(noise, tmp_path, monkeypatch):
    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(DataError, match="No space left.*data.disk_gib") as got:
        keep(tmp_path, noise, range(COUNT), PLACES["on disk"])
    assert "\n" not in str(got.value)
    assert not list(tmp_path.iterdir())


SEVERAL = """
import sys, time
from pathlib import Path
import numpy as np
from pipelines.image_cache import keep_images

class Gray:
    fingerprint = "gray"

    def decode_into(self, images, indices):
        time.sleep(0.002)
        images[:] = np.reshape(np.array(indices) % 251, (-1, 1, 1, 1))

folder = Path(sys.argv[1])
(folder / f"ready-{sys.argv[2]}").touch()
while len(list(folder.glob("ready-*"))) < 4:
    time.sleep(0.01)
parts = {"train": (Gray(), np.arange(3000))}
images, _ = keep_images(folder, parts, 32, 0.0)
values = np.arange(3000) % 251
assert (images["train"] == values[:, None, None, None]).all()
"""


def test_several_processes_fill_one_cache(tmp_path):
    """Every image of all of them is right, and one file is left."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SEVERAL, tmp_path, str(number)],
            cwd=Path(__file__).parents[2],
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(4)
    ]
    said = [process.communicate(timeout=120)[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, said
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_cache_without_locks_has_files_of_its_own(noise, tmp_path, monkeypatch):
    def no_locks(*arguments):
        raise portalocker.LockException("no locks available")

    monkeypatch.setattr(portalocker, "lock", no_locks)
    images, _ = keep(tmp_path, noise, range(COUNT), PLACES["on disk"])
    np.testing.assert_array_equal(images, noise.pixels)
