"""Images of the user, in folders of classes or with a table of labels."""

from pathlib import Path

from pipelines.errors import DataError
from pipelines.files.names import join_names
from pipelines.files.walking import (
    list_files,
    locate_image,
    locate_possible_image,
)
from pipelines.folders.image_files import ArchiveFiles, FolderFiles
from pipelines.folders.image_folder import FOLDER, ImageFolder
from pipelines.folders.labels_file import BY_FOLDERS, TABLES
from pipelines.image_cache import FOLDER as CACHE


class OwnImages(ImageFolder):
    """The images of any folder or zip file.

    Args:
        location: `data_dir` is a zip file, a folder of images as
            `pipelines.folders.layout` describes it, or a folder with one such
            zip file.
        split_seed, copy: See `ImageFolder`.
        labels: See `pipelines.folders.labels_file.read_layout`.
    """

    def __init__(self, location, split_seed=0, labels=None, copy=False):
        super().__init__(location, split_seed, copy)
        self._labels = labels

    def locate_files(self):
        if not self.location.data_dir.exists():
            return None
        return locate_files(self.location, labels=self._labels)

    def fetch_files(self):
        raise DataError(
            f"there are no images in {self.location.data_dir}. Point "
            "--data_dir at a folder or a zip file of CLASS/FILE or "
            "PART/CLASS/FILE, or of images and labels.csv."
        )

    def needs_download(self):
        """Nothing is ever downloaded."""
        return False


def locate_files(location, others=(), labels=BY_FOLDERS):
    """Locates the images at `location.data_dir`, in any layout.

    Args:
        location: A `pipelines.location.Location`.
        others: Paths in it that are of other data.
        labels: See `pipelines.folders.labels_file.read_layout`.

    Returns:
        One of `pipelines.folders.image_files`; None if there are no images.

    Raises:
        DataError: if there are, and their classes cannot be told.
    """
    if location.is_archive:
        return ArchiveFiles(location.data_dir, labels)
    ignored = [*others, *list_own_folders(location)]
    if locate_image(location.data_dir, ignored) is not None:
        return FolderFiles(location.data_dir, ignored, labels)
    archives = [
        path
        for path in list_files(location.data_dir, (".zip",), others)
        if locate_image(path) is not None
    ]
    if len(archives) > 1:
        raise DataError(
            f"{location.data_dir}: expected images in folders, or one zip "
            f"file. Received: {join_names(each.name for each in archives)}. "
            "Point --data_dir at the one that is meant."
        )
    if archives:
        beside = list_files(location.data_dir, TABLES)
        return ArchiveFiles(archives[0], labels, beside)
    packed = locate_possible_image(location.data_dir, ignored)
    if packed is not None:
        raise DataError(
            f"{location.data_dir} holds {packed}, which may have images in it "
            "and is not read here. Unpack it, or move it away."
        )
    return None


def list_own_folders(location):
    """Folders that this program writes, if they lie in the data's folder."""
    prepared, data_dir = (
        Path(path).resolve() for path in (location.prepared, location.data_dir)
    )
    if prepared != data_dir and prepared.is_relative_to(data_dir):
        return [prepared]
    return [prepared / FOLDER, prepared / CACHE]
