"""Where the images of Tiny ImageNet are, or where they are put."""

from pathlib import Path

from pipelines.errors import DataError
from pipelines.files.download import download

URL = "http://cs231n.stanford.edu/tiny-imagenet-200.zip"
SIZE = 248_100_043
MD5 = "90528d7ca1a48142e341f4ef8d21d0de"
FOLDER = "tiny-imagenet-200"
ARCHIVE = FOLDER + ".zip"


def find(data_dir):
    """The zip file or the extracted folder that `data_dir` means.

    Args:
        data_dir: A zip file, an extracted folder, or a folder with either.

    Returns:
        A `Path`, or None if there is nothing.
    """
    data_dir = Path(data_dir)
    if data_dir.is_file():
        return data_dir
    if (data_dir / ARCHIVE).is_file():
        return data_dir / ARCHIVE
    for folder in (data_dir / FOLDER, data_dir):
        if (folder / "wnids.txt").is_file():
            return folder
    return None


def find_or_download(data_dir):
    """Like `find`, but gets the public archive if there is nothing.

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
