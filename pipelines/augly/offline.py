"""A folder of images and AugLy variations of each, made once, on all cores."""

import functools
import hashlib
import importlib.metadata
import io
import itertools
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipelines.augly.folder import AugmentedFolder
from pipelines.augly.library import load_augly
from pipelines.augly.operations import apply, check_operations, draw
from pipelines.errors import DataError
from pipelines.files.decoding import (
    BAD_IMAGE_ERRORS,
    decode_rgb,
    describe_error,
)
from pipelines.files.names import SUFFIXES, explain_no_image
from pipelines.files.parallel import map_in_processes, map_in_threads
from pipelines.files.walking import walk

# Their versions decide about pixels.
_PACKAGES = ("augly", "pillow", "numpy")
# Images that are worth the start of a process.
_PER_PROCESS = 50


def augment_folder(
    source, target, *, operations, count, seed, left_out=(), processes=None
):
    """Writes copies and AugLy variations of all images of a folder.

    The pixels of a variation depend on the seed, the image's name in the
    source, and the variation's number; not on other images or on the number
    of processes. Whatever interrupts this, the same call goes on and ends
    with the same bytes. The source is only read.

    Args:
        source: Folder with a folder of images for each class.
        target: Folder to write; new, empty, or of an earlier call with the
            same arguments.
        operations: See `pipelines.augly.operations`.
        count: Variations of each image, at least 1. They are JPEG files of
            quality 95 without color subsampling, named `<stem>_augly<k>.jpg`
            with k from 1, or `<name>_augly<k>.jpg` if that is taken.
        seed: Integer of at least 0.
        left_out: Images to pass over, as "<class>/<file>".
        processes: Number of worker processes; None: one for each core, or
            fewer for few images; 1: all work is done in this process. A
            script that starts some needs `if __name__ == "__main__":`.

    Returns:
        The manifest, see `read_manifest`.

    Raises:
        DataError: names in one line the fault of the arguments, the
            images, the target or the machine.

    Example:

        augment_folder(
            "split_data/train", "split_data/train_aug",
            operations=SLIGHT, count=3, seed=0,
        )
    """
    operations = check_operations(operations)
    _check_integer("count", count, 1)
    _check_integer("seed", seed, 0)
    if processes is not None:
        _check_integer("processes", processes, 1)
    load_augly()
    source, target = Path(source), AugmentedFolder(target)
    originals = _list_originals(source, target.path, count, left_out)
    config = {
        "seed": seed,
        "count": count,
        "operations": operations,
        "source_sha256": _digest(originals),
    }
    if processes is None:
        enough = max(1, len(originals) // _PER_PROCESS)
        processes = min(enough, os.cpu_count() or 1)
    versions = {name: importlib.metadata.version(name) for name in _PACKAGES}
    if target.claim(config, versions):
        return target.manifest()
    entries = map_in_processes(
        _Maker(source, target, operations, seed),
        originals,
        processes,
        desc=f"varying {source.name}",
        unit=" images",
    )
    target.finish(itertools.chain.from_iterable(entries))
    return target.manifest()


def read_manifest(target):
    """Reads the manifest of a folder that `augment_folder` has finished.

    Args:
        target: The folder.

    Returns:
        A list of dictionaries, sorted by original: "file" and "source",
        relative to the folders, such as "cats/1_augly2.jpg" and "cats/1.jpg";
        "operations" as applied, none for a copy of the original, see
        `pipelines.augly.operations.draw`; "sha256" of the file.

    Raises:
        DataError: if the folder is not finished, or files are missing.
    """
    return AugmentedFolder(target).manifest()


def build_generator(seed, name, number):
    """Builds the random generator of variation `number` of an image.

    Args:
        seed: Integer of at least 0.
        name: Of the original, relative to the source: "cats/1.jpg".
        number: Of the variation, from 1.

    Returns:
        A `numpy.random.Generator`.
    """
    digest = hashlib.sha256(os.fsencode(name)).digest()
    return np.random.default_rng([seed, number, *digest])


def name_variations(files, count):
    """Names the variations of a class: no name twice, none an original's.

    Args:
        files: Names of the originals, sorted.
        count: Variations of each.

    Returns:
        {original: list of its `count` names}.
    """
    # Some file systems do not tell "a" from "A".
    taken = {file.casefold() for file in files}
    result = {}
    for file in files:
        base = Path(file).stem
        while file not in result:
            names = [f"{base}_augly{k}.jpg" for k in range(1, count + 1)]
            folded = {name.casefold() for name in names}
            if taken.isdisjoint(folded):
                result[file] = names
                taken |= folded
            base = file if base == Path(file).stem else f"{base}_"
    return result


@dataclass(frozen=True)
class _Original:
    """An image, and the names of its variations.

    Names are relative to the source and the target: "cats/1.jpg".
    """

    name: str
    sha256: str
    variations: tuple


@dataclass(frozen=True)
class _Maker:
    """Writes the copy and the variations of an original; runs in workers."""

    source: Path
    target: AugmentedFolder
    operations: dict
    seed: int

    def __call__(self, original):
        """Writes missing files; returns the original's manifest entries."""
        data = _read(self.source / original.name)
        if _sha256(data) != original.sha256:
            raise DataError(
                f"{self.source / original.name} has changed since the start. "
                "Start again once the images stay as they are."
            )
        decoded = functools.cache(lambda: self._decode(original.name, data))
        entries = [self._entry(original, original.name, [], lambda: data)]
        for number, name in enumerate(original.variations, start=1):
            random = build_generator(self.seed, original.name, number)
            drawn = draw(self.operations, random)
            make = functools.partial(self._vary, original.name, decoded, drawn)
            entries.append(self._entry(original, name, drawn, make))
        return entries

    def _entry(self, original, name, drawn, make):
        path = self.target.path / name
        # No file bears its name before it is whole.
        if path.is_file():
            data = _read(path)
        else:
            data = make()
            self.target.write(name, data)
        return {
            "file": name,
            "source": original.name,
            "operations": drawn,
            "sha256": _sha256(data),
        }

    def _decode(self, name, data):
        try:
            return decode_rgb(data)
        except BAD_IMAGE_ERRORS as error:
            raise DataError(
                f"cannot decode {self.source / name}: "
                f"{describe_error(error)}. Mend or remove it."
            ) from error

    def _vary(self, name, decoded, drawn):
        """Returns the JPEG file of a variation."""
        image = decoded()
        buffer = io.BytesIO()
        try:
            varied = apply(image, drawn)
            varied.save(buffer, "JPEG", quality=95, subsampling=0)
        except (DataError, OSError, ValueError) as error:
            raise DataError(
                f"cannot vary {self.source / name}: {describe_error(error)}"
            ) from error
        return buffer.getvalue()


def _list_originals(source, target, count, left_out):
    if not source.is_dir():
        raise DataError(
            "expected a folder with a folder of images for each class. "
            f"Received: {source}, which is no folder."
        )
    if target.resolve().is_relative_to(source.resolve()):
        raise DataError(
            f"{target} is in the folder of the originals, {source}, which is "
            "only read. Choose another target."
        )
    variations = {
        f"{folder}/{file}": tuple(f"{folder}/{name}" for name in names)
        for folder, files in _list_classes(source, left_out).items()
        for file, names in name_variations(files, count).items()
    }
    sums = map_in_threads(
        lambda name: _sha256(_read(source / name)),
        list(variations),
        desc=f"reading {source.name}",
        unit=" images",
    )
    return [
        _Original(name, sha256, variations[name])
        for name, sha256 in zip(variations, sums, strict=True)
    ]


def _list_classes(source, left_out):
    """Lists {class folder: names of its images}, both sorted."""
    tree = walk(source)
    classes = {name: [] for name in tree.folders[1:] if "/" not in name}
    for name in tree.files:
        folder, *inside = name.split("/")
        is_image = len(inside) == 1 and explain_no_image(name) is None
        if is_image and name not in left_out:
            classes[folder].append(inside[0])
    if not classes:
        raise DataError(
            f"{source}: expected a folder of images for each class. "
            "Received: no folders."
        )
    for folder, files in classes.items():
        if not files:
            raise DataError(
                f"{source / folder} has no images ({', '.join(SUFFIXES)}). "
                "Add some, or remove that folder."
            )
    return classes


def _check_integer(name, value, minimum):
    if type(value) is not int or value < minimum:
        raise DataError(
            f"{name}: expected an integer of at least {minimum}. "
            f"Received: {value!r}."
        )


def _digest(originals):
    """Digests the names and contents of all originals."""
    lines = [f"{each.sha256} {each.name}\n" for each in originals]
    return _sha256(os.fsencode("".join(lines)))


def _sha256(data):
    return hashlib.sha256(data).hexdigest()


def _read(path):
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(
            f"cannot read {path}: {error.strerror or error}."
        ) from error
