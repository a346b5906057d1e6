"""Images of the user, of any kind that training reads."""

from pathlib import Path

import numpy as np

from pipelines.errors import DataError
from pipelines.files.decoding import BAD_IMAGE_ERRORS, decode, describe_error
from pipelines.files.inspection import Inspection, check_file, describe_doubts
from pipelines.files.parallel import map_in_threads
from pipelines.files.walking import list_images


def locate_images(place):
    """Paths of images, sorted.

    Args:
        place: A `Path` of an image, or of a folder; `pipelines.files.walking`
            has the rules.

    Raises:
        DataError: if there are none, or a folder cannot be read.
    """
    if place.is_file():
        return [place]
    found = [place / name for name in list_images(place)]
    if not found:
        raise DataError(
            f"--images={place}: expected an image, or a folder of images. "
            f"Received {'a folder without' if place.is_dir() else 'nothing'}."
        )
    return found


def read_images(files, side):
    """Decodes the images that can be decoded.

    Args:
        files: Paths.
        side: Their side once decoded.

    Returns:
        uint8 (N, side, side, 3), and an `Inspection` of each file in the order
        of `files`, with its path as the name.
    """

    def read(index):
        name = str(files[index])
        try:
            data = files[index].read_bytes()
            image = decode(data, side)
            return index, image, Inspection(name, **check_file(data))
        except (OSError, *BAD_IMAGE_ERRORS) as error:
            return index, None, Inspection(name, error=describe_error(error))

    found = sorted(
        map_in_threads(read, range(len(files)), desc="reading", unit=" images"),
        key=lambda each: each[0],
    )
    images = [image for _, image, _ in found if image is not None]
    return (
        np.stack(images) if images else np.zeros((0, side, side, 3), np.uint8),
        [inspection for *_, inspection in found],
    )


def select_read(inspections):
    """Selects the paths of the files that could be decoded."""
    return [Path(each.name) for each in inspections if not each.error]


def print_notes(inspections):
    """Names the files that could not be decoded, or may look otherwise."""
    notes = [
        f"cannot read {each.name}: {each.error}"
        for each in inspections
        if each.error
    ]
    for note in notes + describe_doubts(inspections):
        print(f"note: {note}", flush=True)
