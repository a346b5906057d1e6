"""Where decoded images are kept: in memory, or on disk if they are many."""

import hashlib
import os

import numpy as np

from pipelines.errors import DataError
from pipelines.files.replacing import replacing

FOLDER = "cache"
_GIB = 2**30


class ImageCache:
    """Decodes images of one size once.

    What does not fit into the budget is written to a file and mapped into
    memory, where the operating system keeps as much of it as it can spare;
    the next run finds it there.

    Args:
        folder: The files go to a folder "cache" in it.
        count: Number of images that will be asked for in all.
        size: Their side in pixels.
        budget_gib: Most that may be kept in memory.
    """

    def __init__(self, folder, count, size, budget_gib):
        self._folder = folder / FOLDER
        self._size = size
        self._on_disk = count * size * size * 3 > budget_gib * _GIB
        gib = count * size * size * 3 / _GIB
        self.description = f"{gib:.2f} GiB of decoded images " + (
            f"on disk in {self._folder}, being more than "
            f"data.cache_gib={budget_gib:g}"
            if self._on_disk
            else f"in memory (data.cache_gib={budget_gib:g})"
        )

    def images(self, split, indices):
        """uint8 (len(indices), size, size, 3).

        Args:
            split: Has `fingerprint` and `decode_into(images, indices)`.
            indices: int (N,).

        Raises:
            DataError: if an image is broken, or the disk is full.
        """
        shape = (len(indices), self._size, self._size, 3)
        if not self._on_disk:
            images = np.empty(shape, np.uint8)
            split.decode_into(images, indices)
            return images
        key = hashlib.sha256(
            f"{split.fingerprint} {self._size} ".encode()
            + np.asarray(indices, np.int64).tobytes()
        )
        path = self._folder / f"{key.hexdigest()[:16]}.npy"
        if not path.is_file():
            self._fill(path, shape, split, indices)
        return np.load(path, mmap_mode="r")

    def _fill(self, path, shape, split, indices):
        try:
            with replacing(path) as new:
                images = np.lib.format.open_memmap(new, "w+", np.uint8, shape)
                # Without the space a write to the map would kill the process.
                with open(new, "r+b") as file:
                    os.posix_fallocate(file.fileno(), 0, new.stat().st_size)
                split.decode_into(images, indices)
                images.flush()
                del images
        except OSError as error:
            raise DataError(
                f"cannot write {path}: {error.strerror or error}. Free "
                f"{np.prod(shape) / _GIB:.1f} GiB, choose another "
                "--prepared_dir, or raise data.cache_gib to keep the images "
                "in memory."
            ) from error
