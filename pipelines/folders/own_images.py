"""Whatever images somebody has, sorted into folders of classes."""

from pathlib import Path

from pipelines.errors import DataError
from pipelines.files.names import listed
from pipelines.folders.image_files import (
    ArchiveFiles,
    FolderFiles,
    find_anything,
    find_image,
)
from pipelines.folders.image_folder import FOLDER, ImageFolder
from pipelines.image_cache import FOLDER as CACHE


class OwnImages(ImageFolder):
    """The images of any folder or zip file.

    Args:
        location: `data_dir` is a zip file, a folder of images as
            `pipelines.folders.layout` describes it, or a folder with one such
            zip file.
        split_seed: See `ImageFolder`.
    """

    def __init__(self, location, split_seed=0):
        def find_files(may_download):
            # Once prepared, the images may go.
            if not (may_download or location.data_dir.exists()):
                return None
            files = find(location)
            if files is None and may_download:
                raise DataError(
                    f"there are no images in {location.data_dir}. Point "
                    "--data_dir at a folder or a zip file of CLASS/FILE or "
                    "PART/CLASS/FILE."
                )
            return files

        super().__init__(location, find_files, split_seed)


def find(location, others=()):
    """The images at `location.data_dir`, whatever their layout.

    Args:
        location: A `pipelines.location.Location`.
        others: Paths in it that are of other data.

    Returns:
        One of `pipelines.folders.image_files`; None if there are no images.

    Raises:
        DataError: if there are, and it cannot be told what they are of.
    """
    if location.is_archive:
        return ArchiveFiles(location.data_dir)
    ignored = [*others, *own_folders(location)]
    if find_image(location.data_dir, ignored) is not None:
        return FolderFiles(location.data_dir, ignored)
    archives = [
        path
        for path in sorted(location.data_dir.glob("*.[zZ][iI][pP]"))
        if path not in others and find_image(path) is not None
    ]
    if len(archives) > 1:
        raise DataError(
            f"{location.data_dir}: expected images in folders, or one zip "
            f"file. Received: {listed(path.name for path in archives)}. Point "
            "--data_dir at the one that is meant."
        )
    if archives:
        return ArchiveFiles(archives[0])
    packed = find_anything(location.data_dir, ignored)
    if packed is not None:
        raise DataError(
            f"{location.data_dir} holds {packed}, which may have images in it "
            "and is not read here. Unpack it, or move it away."
        )
    return None


def own_folders(location):
    """What this program writes, as far as it lies in the folder of the data."""
    prepared, data_dir = (
        Path(path).resolve() for path in (location.prepared, location.data_dir)
    )
    if prepared != data_dir and prepared.is_relative_to(data_dir):
        return [prepared]
    return [prepared / FOLDER, prepared / CACHE]
