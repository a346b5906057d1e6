"""Cache of decoded images: in memory, on disk, or none."""

import hashlib
import os
import shutil
import socket

import numpy as np

from pipelines.errors import DataError
from pipelines.files.locking import NoLocks, file_lock
from pipelines.files.parallel import map_in_threads
from pipelines.files.replacing import replace_file

FOLDER = "cache"
# Default of disk_gib, and the largest share of the free space that is taken.
DISK_GIB = 50.0
_SHARE = 0.9
_GIB = 2**30
# Decoded at a time by one thread.
_CHUNK = 16


class EncodedImages:
    """Images that are decoded again each time they are indexed.

    A slice or integers, also repeated ones, index them like an array of uint8
    (N, size, size, 3), in any thread.

    Args:
        split: Has `decode_into(images, indices)`.
        indices: int (N,), of the images in the split.
        size: Their side in pixels.

    Example:

        images = EncodedImages(split, np.arange(1000), 224)
        batch = images[[7, 7, 500]]
    """

    def __init__(self, split, indices, size):
        self.shape = (len(indices), size, size, 3)
        self._split = split
        self._indices = indices

    def __len__(self):
        return len(self._indices)

    def __getitem__(self, chosen):
        indices = self._indices[chosen]
        images = np.empty((len(indices), *self.shape[1:]), np.uint8)
        self._split.decode_into(images, indices)
        return images


def keep_images(folder, parts, size, cache_gib, disk_gib=None):
    """Decodes images once for many passes, if there is room.

    Images that do not fit into memory are written to files, which are mapped
    into memory as far as the operating system can spare it. The next run
    finds the files. Images that do not fit on disk either are decoded again
    each time.

    Args:
        folder: Gets the files, in a folder "cache" in it.
        parts: {key: (split, indices)}: a split has `fingerprint` and
            `decode_into(images, indices)`, which any thread may call; indices
            are int (N,).
        size: Side of the images in pixels.
        cache_gib: Most that may be kept in memory.
        disk_gib: Most that may be kept on disk; None: `DISK_GIB`.

    Returns:
        {key: images}, each an array of uint8 (N, size, size, 3) or
        `EncodedImages`; and a sentence on their place.

    Raises:
        DataError: if an image is broken, or the disk is full.
    """
    folder = folder / FOLDER
    shapes = {k: (len(i), size, size, 3) for k, (_, i) in parts.items()}
    gib = sum(map(_gib, shapes.values()))
    text = f"{gib:.2f} GiB of decoded images"
    if gib <= cache_gib:
        images = {key: np.empty(shapes[key], np.uint8) for key in parts}
        for key, part in parts.items():
            _decode(images[key], *part)
        return images, f"{text} in memory (data.cache_gib={cache_gib:g})"
    text += f" are more than data.cache_gib={cache_gib:g}"
    paths = {
        key: folder / _file_name(*part, size) for key, part in parts.items()
    }
    new = {key: path for key, path in paths.items() if not path.is_file()}
    disk_gib = DISK_GIB if disk_gib is None else disk_gib
    room = _SHARE * _free_gib(folder)
    if gib <= disk_gib and sum(_gib(shapes[key]) for key in new) <= room:
        for key, path in new.items():
            _write_once(path, shapes[key], *parts[key])
        images = {key: np.load(p, mmap_mode="r") for key, p in paths.items()}
        return images, f"{text}: on disk in {folder}"
    images = {key: EncodedImages(*part, size) for key, part in parts.items()}
    limit = (
        f"data.disk_gib={disk_gib:g}"
        if gib > disk_gib
        else f"the {room:.2f} GiB that may be written to {folder}"
    )
    return images, f"none: {text} and {limit}; decoded as they are needed"


def _gib(shape):
    return np.prod(shape, dtype=float) / _GIB


def _free_gib(folder):
    there = next(path for path in (folder, *folder.parents) if path.exists())
    return shutil.disk_usage(there).free / _GIB


def _file_name(split, indices, size):
    key = hashlib.sha256(
        f"{split.fingerprint} {size} ".encode()
        + np.asarray(indices, np.int64).tobytes()
    )
    return f"{key.hexdigest()[:16]}.npy"


def _decode(images, split, indices):
    def decode(start):
        chunk = slice(start, start + _CHUNK)
        split.decode_into(images[chunk], indices[chunk])

    starts = range(0, len(indices), _CHUNK)
    for _ in map_in_threads(
        decode, starts, desc="decoding", unit=" images", unit_scale=_CHUNK
    ):
        pass


def _write_once(path, shape, split, indices):
    """Writes the images of a part, unless another process has done so."""
    try:
        try:
            with file_lock(path.with_name(f".{path.name}.lock")):
                if not path.is_file():
                    _write(path, shape, split, indices)
        except NoLocks:
            # Each process writes a file of its own; the last one stays.
            writer = f"{socket.gethostname()}-{os.getpid()}-"
            _write(path, shape, split, indices, writer)
    except OSError as error:
        raise DataError(
            f"cannot write {path}: {error.strerror or error}. Free "
            f"{_gib(shape):.1f} GiB, choose another --prepared_dir, raise "
            "data.cache_gib to keep the images in memory, or set data.disk_gib "
            "to 0 to have them decoded as they are needed."
        ) from error


def _write(path, shape, split, indices, writer=""):
    with replace_file(path, writer) as new:
        images = np.lib.format.open_memmap(new, "w+", np.uint8, shape)
        # Without the space a write to the map would kill the process.
        with open(new, "r+b") as file:
            os.posix_fallocate(file.fileno(), 0, new.stat().st_size)
        _decode(images, split, indices)
        images.flush()
        del images
