"""Locates the images of Tiny ImageNet, or downloads them."""

from pathlib import Path

from pipelines.errors import DataError
from pipelines.files.archives import open_archive
from pipelines.files.download import download
from pipelines.files.names import join_names
from pipelines.files.walking import (
    list_files,
    locate_possible_image,
    walk,
)
from pipelines.location import NAMES, list_other_places

URL = "http://cs231n.stanford.edu/tiny-imagenet-200.zip"
SIZE = 248_100_043
MD5 = "90528d7ca1a48142e341f4ef8d21d0de"
ARCHIVE, _ = NAMES["tiny_imagenet"]
_INDEX = "wnids.txt"


def locate(data_dir):
    """Locates the zip file or the extracted folder.

    Args:
        data_dir: A zip file, an extracted folder, or a folder with either,
            in up to three folders that tools have put around it.

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
    others = list_other_places("tiny_imagenet", data_dir)
    found = [
        (data_dir / name).parent
        for name in walk(data_dir, (), _stop_deep_down, strict=False).files
        if name.rsplit("/", 1)[-1] == _INDEX
    ] or [
        path
        for path in list_files(data_dir, (".zip",), others)
        if _holds_index(path)
    ]
    if len(found) > 1:
        raise DataError(
            f"{data_dir}: expected Tiny ImageNet once. Received: "
            f"{join_names(each.relative_to(data_dir) for each in found)}. "
            "Point --data_dir at the one that is meant."
        )
    return found[0] if found else None


def locate_or_download(data_dir):
    """Locates the images, or downloads the public archive if there are none.

    Raises:
        DataError: if it cannot be downloaded; names the file to put there.
    """
    data_dir = Path(data_dir)
    found = locate(data_dir)
    if found is not None:
        return found
    if data_dir.suffix.lower() == ".zip":
        raise DataError(
            f"Tiny ImageNet is missing: {data_dir} does not exist. Point "
            f"--data_dir at the zip file ({URL}), or at a folder to download "
            "it to."
        )
    others = list_other_places("tiny_imagenet", data_dir)
    image = locate_possible_image(data_dir, others)
    if image is not None:
        raise DataError(
            f"{data_dir} holds {join_names([image])}, and no {_INDEX}, by "
            "which Tiny ImageNet is known. If that is of it, put that file of "
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


def _stop_deep_down(folder, inside):
    """Folders of images need not be searched: there may be very many."""
    return "too deep" if folder.count("/") > 2 else None


def _holds_index(path):
    with open_archive(path) as archive:
        return any(n.rsplit("/", 1)[-1] == _INDEX for n in archive.names)
