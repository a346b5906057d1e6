"""Looks at every image file before anybody trains on it."""

import csv
import hashlib
import io
from dataclasses import dataclass

import PIL.Image

from pipelines.errors import DataError
from pipelines.files.decoding import (
    BAD_IMAGE_ERRORS,
    decode_rgb,
    error_in_words,
)
from pipelines.files.parallel import map_in_threads
from pipelines.files.replacing import replacing

_ORIENTATION = 0x0112


@dataclass(frozen=True)
class Inspection:
    """What was found in one file.

    Attributes:
        name: Of the file.
        width, height: In pixels, upright.
        digest: Of the pixels and their arrangement: two files of the same
            picture have the same, whatever else is in them.
        plain: Whether the file is a gray or RGB JPEG or PNG with 8 bits,
            opaque and upright, which any decoder reads alike.
        error: Why the file cannot be decoded; None if it can.
    """

    name: str
    width: int = 0
    height: int = 0
    digest: str = ""
    plain: bool = False
    error: str | None = None


def inspect_files(read, names, description):
    """Decodes every file on all cores, with a progress bar.

    Args:
        read: Function from a name to the bytes of that file.
        names: The files.
        description: Stands before the progress bar.

    Returns:
        An `Inspection` for each name, in their order.
    """
    return list(
        map_in_threads(
            lambda name: inspect(name, read(name)),
            names,
            desc=description,
            unit=" images",
        )
    )


def inspect(name, data):
    """The `Inspection` of one file."""
    try:
        image = decode_rgb(data)
        plain = _is_plain(data)
    except BAD_IMAGE_ERRORS as error:
        return Inspection(name, error=error_in_words(error))
    digest = hashlib.blake2b(image.tobytes(), digest_size=16)
    digest.update(repr(image.size).encode())
    return Inspection(
        name, image.width, image.height, digest.hexdigest(), plain
    )


def _is_plain(data):
    with PIL.Image.open(io.BytesIO(data)) as image:
        return (
            image.format in ("JPEG", "PNG")
            and image.mode in ("L", "RGB")
            and not image.has_transparency_data
            and image.getexif().get(_ORIENTATION, 1) == 1
        )


def sort_out_bad(inspections, on_bad_image, report):
    """Stops at files that cannot be decoded, or leaves them out.

    Args:
        inspections: `Inspection`s.
        on_bad_image: "error" or "skip".
        report: Path of the CSV file that lists what was left out; a report
            of an earlier time is removed.

    Returns:
        The inspections of the good files.

    Raises:
        DataError: names the first bad file and the reason.
    """
    bad = [each for each in inspections if each.error]
    if bad and on_bad_image == "error":
        more = f" and {len(bad) - 1} more" if len(bad) > 1 else ""
        raise DataError(
            f"cannot decode {bad[0].name}: {bad[0].error}{more} (of "
            f"{len(inspections):,} images). Mend or remove it, or leave out "
            "such files with --on_bad_image=skip."
        )
    report.unlink(missing_ok=True)
    if bad:
        with (
            replacing(report) as temporary,
            open(temporary, "w", newline="") as file,
        ):
            writer = csv.writer(file)
            writer.writerow(("file", "reason"))
            writer.writerows((each.name, each.error) for each in bad)
        print(
            f"{len(bad):,} of {len(inspections):,} images cannot be decoded "
            f"and are left out: {report}",
            flush=True,
        )
    return [each for each in inspections if not each.error]


def check_classes(counts, where):
    """Refuses data that nothing can be learned from.

    Args:
        counts: {class name: number of images}.
        where: What the classes are of, for the message.

    Raises:
        DataError: names the class without images, or the only class.
    """
    empty = [name for name, count in counts.items() if not count]
    if empty:
        raise DataError(
            f"{where}: class {empty[0]!r} has no images"
            + (f", nor have {len(empty) - 1} more" if empty[1:] else "")
            + ". Add some, or remove the class."
        )
    if len(counts) < 2:
        found = f"only {next(iter(counts))!r}" if counts else "none"
        raise DataError(
            f"{where}: expected at least two classes. Received: {found}."
        )


def leaks(splits):
    """Images that are in more than one split, by the digest of their pixels.

    Args:
        splits: {split name: `Inspection`s of its files}.

    Returns:
        A list of sentences, one for each pair of splits that share images.
    """
    by_digest = {
        split: {each.digest: each.name for each in inspections}
        for split, inspections in splits.items()
    }
    sentences = []
    names = list(splits)
    for index, first in enumerate(names):
        for second in names[index + 1 :]:
            shared = sorted(by_digest[first].keys() & by_digest[second].keys())
            if not shared:
                continue
            examples = ", ".join(
                f"{by_digest[first][digest]} = {by_digest[second][digest]}"
                for digest in shared[:3]
            )
            are = "image is" if len(shared) == 1 else "images are"
            sentences.append(
                f"{len(shared):,} {are} in both {first} and {second} (a leak): "
                + examples
                + (", ..." if len(shared) > 3 else "")
            )
    return sentences
