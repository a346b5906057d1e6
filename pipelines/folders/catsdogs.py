"""Cats and dogs: where the photographs come from.

The published study used the 140 images of the `test` part of Kaggle's
samuelcortinhas/cats-and-dogs-image-classification, split again.
"""

from pipelines.errors import DataError
from pipelines.files.names import listed, why_no_image
from pipelines.folders.image_files import (
    ArchiveFiles,
    FolderFiles,
    TfdsFiles,
    find_anything,
    find_image,
)
from pipelines.folders.image_folder import FOLDER, ImageFolder
from pipelines.folders.own_images import find as find_any
from pipelines.folders.own_images import own_folders
from pipelines.folders.preparation import VARIATIONS
from pipelines.location import NAMES, places_of_others

KAGGLE = "samuelcortinhas/cats-and-dogs-image-classification"
ARCHIVES = tuple(n for n in NAMES["catsdogs"] if n.endswith(".zip"))
_FOLDERS = ("catsdogs", "cats_dogs")
_KINDS = ("cat", "dog")


class CatsDogs(ImageFolder):
    """A folder of classes, a zip file of it, or Kaggle's.

    Args:
        location: `data_dir` is a zip file, or a folder that holds a split
            made elsewhere in `split_data`, one of `ARCHIVES`, a folder
            `catsdogs`, or what `pipelines.folders.own_images` takes. Where it
            holds no images, Kaggle is asked.
        split_seed: See `ImageFolder`.
    """

    def __init__(self, location, split_seed=0):
        def find_files(may_download):
            return find(location) or (
                _from_kaggle(location.data_dir) if may_download else None
            )

        super().__init__(location, find_files, split_seed)


class CatsVsDogs(ImageFolder):
    """The 23,262 images of `cats_vs_dogs` of tensorflow-datasets.

    Args:
        location: `data_dir` is a data folder of tensorflow-datasets; what it
            does not hold is downloaded.
        split_seed: See `ImageFolder`.
    """

    def __init__(self, location, split_seed=0):
        def find_files(may_download):
            return _from_tfds(location) if may_download else None

        super().__init__(location, find_files, split_seed)


def find(location):
    """The images at `location.data_dir`; None if there are none."""
    data_dir = location.data_dir
    if location.is_archive:
        return ArchiveFiles(data_dir)
    given = data_dir / FOLDER
    if given.is_dir() and given != location.prepared / FOLDER:
        files = FolderFiles(given, [given / name for name in VARIATIONS])
        return _with_others(files, given, location)
    for name in ARCHIVES:
        if (data_dir / name).is_file():
            files = ArchiveFiles(data_dir / name)
            return _with_others(files, data_dir / name, location)
    for name in _FOLDERS:
        if find_image(data_dir / name) is not None:
            files = FolderFiles(data_dir / name)
            return _with_others(files, data_dir / name, location)
    files = find_any(location, _others(location))
    if files is not None:
        _check_animals(files)
    return files


def _check_animals(files):
    """Whatever else lies in a data folder is not taken for cats and dogs."""
    classes = sorted({entry.class_name for entry in files.entries})
    if not any(kind in name.lower() for name in classes for kind in _KINDS):
        raise DataError(
            f"{files.origin} holds images of {listed(classes)}, and not of "
            "cats and dogs. For these choose data.name=image_folder; for the "
            "others, point --data_dir at them, or at a folder without images "
            "to have Kaggle asked."
        )


def _others(location):
    """Paths that are no images of cats and dogs, whatever is there."""
    data_dir = location.data_dir
    return [
        *places_of_others("catsdogs", data_dir),
        *(data_dir / name for name in VARIATIONS),
    ]


def _with_others(files, taken, location):
    """The files, with images beside them among the unused."""
    known = {taken, *_others(location), *own_folders(location)}
    for path in sorted(set(location.data_dir.iterdir()) - known):
        if path.is_dir():
            holds_images = find_image(path) is not None
        else:
            holds_images = path.name in ARCHIVES or not why_no_image(path.name)
        if holds_images:
            reason = f"beside {taken.name}, which is taken"
            files.unused[f"../{path.name}" + "/" * path.is_dir()] = reason
    return files


def _from_kaggle(data_dir):
    import kagglehub
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


def _from_tfds(location):
    import requests
    import tensorflow_datasets as tfds

    data_dir = location.data_dir
    kept = sorted((data_dir / "cats_vs_dogs").glob("*/dataset_info.json"))
    if kept:
        return TfdsFiles(tfds.builder_from_directory(kept[-1].parent))
    others = places_of_others("cats_vs_dogs", data_dir)
    image = find_anything(data_dir, others + own_folders(location))
    if image is not None:
        raise DataError(
            f"{data_dir} holds {listed([image])}, and not the data set "
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
        # tensorflow-datasets tries for minutes where there is no network.
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
