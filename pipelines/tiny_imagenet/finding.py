"""Where the images of Tiny ImageNet are, or where they are put."""

from pathlib import Path

from pipelines.errors import DataError
from pipelines.files.archives import open_archive
from pipelines.files.download import download
from pipelines.files.names import listed
from pipelines.folders.image_files import find_anything
from pipelines.location import NAMES, places_of_others

URL = "http://cs231n.stanford.edu/tiny-imagenet-200.zip"
SIZE = 248_100_043
MD5 = "90528d7ca1a48142e341f4ef8d21d0de"
ARCHIVE, _ = NAMES["tiny_imagenet"]
_INDEX = "wnids.txt"


def find(data_dir):
    """The zip file or the extracted folder that `data_dir` means.

    Args:
        data_dir: A zip file, an extracted folder, or a folder with either,
            however many folders tools have put around it.

    Returns:
        A `Path`, or None if there is nothing.

    Raises:
        DataError: if there are several, or one is broken.
    """
    data_dir = Path(data_dir)
    if data_dir.is_file():
        return data_dir
    if (data_dir / ARCHIVE).is_file():
        return data_dir / ARCHIVE
    if (data_dir / _INDEX).is_file():
        return data_dir
    # In other archives, it may have any name.
    others = places_of_others("tiny_imagenet", data_dir)
    found = [
        path.parent
        for depth in ("*/", "*/*/", "*/*/*/")
        for path in sorted(data_dir.glob(depth + _INDEX))
    ] or [
        path
        for path in sorted(data_dir.glob("*.[zZ][iI][pP]"))
        if path not in others and _holds_index(path)
    ]
    if len(found) > 1:
        raise DataError(
            f"{data_dir}: expected Tiny ImageNet once. Received: "
            f"{listed(path.relative_to(data_dir) for path in found)}. Point "
            "--data_dir at the one that is meant."
        )
    return found[0] if found else None


def find_or_download(data_dir):
    """Like `find`, but gets the public archive if there are no images.

    Raises:
        DataError: if it cannot be had; says what to put where.
    """
    data_dir = Path(data_dir)
    found = find(data_dir)
    if found is not None:
        return found
    if data_dir.suffix.lower() == ".zip":
        raise DataError(
            f"Tiny ImageNet is missing: {data_dir} does not exist. Point "
            f"--data_dir at the zip file ({URL}), or at a folder to download "
            "it to."
        )
    others = places_of_others("tiny_imagenet", data_dir)
    image = find_anything(data_dir, others)
    if image is not None:
        raise DataError(
            f"{data_dir} holds {listed([image])}, and no {_INDEX}, by which "
            "Tiny ImageNet is known. If that is of it, put that file of "
            f"{ARCHIVE} beside train and val; if not, choose "
            "data.name=image_folder for it, or point --data_dir at another "
            "folder to download Tiny ImageNet to."
        )
    archive = data_dir / ARCHIVE
    print(
        f"Tiny ImageNet is not in {data_dir}: downloading {URL} "
        f"({SIZE / 1e6:,.0f} MB) to {archive}",
        flush=True,
    )
    try:
        return download(URL, archive, size=SIZE, md5=MD5)
    except DataError as error:
        raise DataError(
            f"Tiny ImageNet is missing, {error} Any --data_dir with that file, "
            "or with the folder extracted from it, will do."
        ) from error


def _holds_index(path):
    with open_archive(path) as archive:
        return any(n.rsplit("/", 1)[-1] == _INDEX for n in archive.names)
