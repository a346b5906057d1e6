"""Images of the user, of any kind that training reads."""

import numpy as np

from pipelines.errors import DataError
from pipelines.files.decoding import BAD_IMAGE_ERRORS, decode, describe_error
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
        uint8 (N, side, side, 3); the paths of these; and {path: reason} of
        the others.
    """

    def read(index):
        try:
            return index, decode(files[index].read_bytes(), side), None
        except (OSError, *BAD_IMAGE_ERRORS) as error:
            return index, None, describe_error(error)

    found = sorted(
        map_in_threads(read, range(len(files)), desc="reading", unit=" images"),
        key=lambda each: each[0],
    )
    images = [image for _, image, _ in found if image is not None]
    return (
        np.stack(images) if images else np.zeros((0, side, side, 3), np.uint8),
        [files[index] for index, image, _ in found if image is not None],
        {files[index]: reason for index, _, reason in found if reason},
    )
