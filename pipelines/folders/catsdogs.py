"""Sources of the photographs of cats and dogs.

The published study used the 140 images of the `test` part of Kaggle's
samuelcortinhas/cats-and-dogs-image-classification, split again.
"""

from pipelines.errors import DataError
from pipelines.files.names import explain_no_image, is_hidden, join_names
from pipelines.files.walking import locate_image, locate_possible_image
from pipelines.folders.image_files import ArchiveFiles, FolderFiles, TfdsFiles
from pipelines.folders.image_folder import FOLDER, ImageFolder
from pipelines.folders.own_images import list_own_folders, locate_files
from pipelines.folders.preparation import VARIATIONS
from pipelines.location import NAMES, list_other_places

KAGGLE = "samuelcortinhas/cats-and-dogs-image-classification"
ARCHIVES = tuple(n for n in NAMES["catsdogs"] if n.endswith(".zip"))
_NAME = "catsdogs"
_KINDS = ("cat", "dog")


class CatsDogs(ImageFolder):
    """A folder of classes, a zip file of it, or Kaggle's.

    Args:
        location: `data_dir` is a zip file, or a folder that holds a split
            made elsewhere in `split_data`, one of `ARCHIVES`, a folder
            `catsdogs`, or what `pipelines.folders.own_images` takes. If it
            holds no images, Kaggle is asked.
        split_seed: See `ImageFolder`.
    """

    def locate_files(self):
        location, data_dir = self.location, self.location.data_dir
        if location.is_archive:
            return ArchiveFiles(data_dir)
        given = data_dir / FOLDER
        if given.is_dir() and given != self.root:
            files = FolderFiles(given, [given / name for name in VARIATIONS])
            return _note_others(files, given, location)
        for name in ARCHIVES:
            if (data_dir / name).is_file():
                files = ArchiveFiles(data_dir / name)
                return _note_others(files, data_dir / name, location)
        if locate_image(data_dir / _NAME) is not None:
            files = FolderFiles(data_dir / _NAME)
            return _note_others(files, data_dir / _NAME, location)
        files = locate_files(location, _list_others(location))
        if files is not None:
            _check_animals(files)
        return files

    def fetch_files(self):
        return _download_from_kaggle(self.location.data_dir)


class CatsVsDogs(ImageFolder):
    """The 23,262 images of `cats_vs_dogs` of tensorflow-datasets.

    Args:
        location: `data_dir` is a data folder of tensorflow-datasets. If it
            does not hold the images, they are downloaded.
        split_seed: See `ImageFolder`.
    """

    def locate_files(self):
        """None: the images are read in full to be copied, and only then."""

    def fetch_files(self):
        return _load_from_tfds(self.location)


def _check_animals(files):
    """Refuses images of anything else, which may lie in a data folder."""
    classes = sorted({entry.class_name for entry in files.names})
    if not any(kind in name.lower() for name in classes for kind in _KINDS):
        raise DataError(
            f"{files.origin} holds images of {join_names(classes)}, and not of "
            "cats and dogs. For these choose data.name=image_folder; for the "
            "others, point --data_dir at them, or at a folder without images "
            "to have Kaggle asked."
        )


def _list_others(location):
    """Paths that never hold images of cats and dogs."""
    data_dir = location.data_dir
    return [
        *list_other_places("catsdogs", data_dir),
        *(data_dir / name for name in VARIATIONS),
    ]


def _note_others(files, taken, location):
    """Adds images beside the files in use to their unused ones."""
    known = {taken, *_list_others(location), *list_own_folders(location)}
    for path in sorted(set(location.data_dir.iterdir()) - known):
        if is_hidden(path.name):
            continue
        if path.is_dir():
            holds_images = locate_image(path) is not None
        else:
            holds_images = path.name in ARCHIVES or not explain_no_image(
                path.name
            )
        if holds_images:
            reason = f"beside {taken.name}, which is taken"
            files.unused[f"../{path.name}" + "/" * path.is_dir()] = reason
    return files


def _download_from_kaggle(data_dir):
    try:
        import kagglehub
    except ImportError as error:
        raise DataError(
            f"there are no cats and dogs in {data_dir}. Put {ARCHIVES[0]} "
            "there, a zip file of cats/*.jpg and dogs/*.jpg; or, to download "
            "it from Kaggle, pip install -r requirements-kaggle.txt."
        ) from error
    import requests

    print(
        f"no cats and dogs in {data_dir}: downloading {KAGGLE} from Kaggle",
        flush=True,
    )
    try:
        return FolderFiles(kagglehub.dataset_download(KAGGLE))
    except (requests.RequestException, OSError, ValueError) as error:
        raise DataError(
            f"there are no cats and dogs in {data_dir}, and Kaggle cannot be "
            f"reached ({type(error).__name__}). Put {ARCHIVES[0]} there, a "
            "zip file of cats/*.jpg and dogs/*.jpg, or the two folders "
            "themselves; or point --data_dir at them."
        ) from error


def _load_from_tfds(location):
    import requests
    import tensorflow_datasets as tfds

    data_dir = location.data_dir
    kept = sorted((data_dir / "cats_vs_dogs").glob("*/dataset_info.json"))
    if kept:
        return TfdsFiles(tfds.builder_from_directory(kept[-1].parent))
    others = list_other_places("cats_vs_dogs", data_dir)
    image = locate_possible_image(data_dir, others + list_own_folders(location))
    if image is not None:
        raise DataError(
            f"{data_dir} holds {join_names([image])}, and not the data set "
            "cats_vs_dogs as tensorflow-datasets prepares it. For images of "
            "yours choose data.name=image_folder; to download the others, "
            "point --data_dir at another folder."
        )
    builder = tfds.builder("cats_vs_dogs", data_dir=data_dir)
    print(
        f"no cats_vs_dogs in {data_dir}: downloading it with "
        "tensorflow-datasets",
        flush=True,
    )
    try:
        # Without a network tensorflow-datasets tries for minutes.
        requests.head(next(iter(builder.url_infos)), timeout=20)
        builder.download_and_prepare()
    except (OSError, tfds.download.DownloadError) as error:
        raise DataError(
            f"there is no cats_vs_dogs in {data_dir}, and it cannot be "
            f"downloaded ({type(error).__name__}). Prepare it with "
            "tensorflow-datasets where there is a network, and point "
            "--data_dir at that data folder."
        ) from error
    return TfdsFiles(builder)
