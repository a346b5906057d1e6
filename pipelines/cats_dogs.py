"""Cats and dogs: where the photographs come from.

The published study used the 140 images of the `test` part of Kaggle's
samuelcortinhas/cats-and-dogs-image-classification, split again.
"""

from pipelines.errors import DataError
from pipelines.folder_preparation import VARIATIONS
from pipelines.image_files import (
    ArchiveFiles,
    FolderFiles,
    TfdsFiles,
    list_images,
)
from pipelines.image_folder import FOLDER, ImageFolder

KAGGLE = "samuelcortinhas/cats-and-dogs-image-classification"
ARCHIVES = (
    "cats_dogs.zip",
    "cats-and-dogs-test.zip",
    "cats-and-dogs-image-classification.zip",
)
# What may stand beside the images in a data folder.
_OTHERS = (FOLDER, *VARIATIONS, "prepared", "tiny_imagenet", "cache")


class CatsDogs(ImageFolder):
    """A folder of classes, a zip file of it, or Kaggle's.

    Args:
        location: `data_dir` is a zip file, or a folder that holds a split
            made elsewhere in `split_data`, one of `ARCHIVES`, a folder
            `cats_dogs`, or the class folders themselves. Where it holds
            nothing, Kaggle is asked.
        split_seed: See `ImageFolder`.
    """

    def __init__(self, location, split_seed=0):
        def find_files(may_download):
            return _find(location) or (
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
            return _from_tfds(location.data_dir) if may_download else None

        super().__init__(location, find_files, split_seed)


def _find(location):
    data_dir = location.data_dir
    given = data_dir / FOLDER
    if given.is_dir() and given != location.prepared / FOLDER:
        return FolderFiles(given, VARIATIONS)
    if data_dir.suffix.lower() == ".zip":
        return ArchiveFiles(data_dir)
    for name in ARCHIVES:
        if (data_dir / name).is_file():
            return ArchiveFiles(data_dir / name)
    if (data_dir / "cats_dogs").is_dir():
        return FolderFiles(data_dir / "cats_dogs")
    if list_images(data_dir, _OTHERS):
        return FolderFiles(data_dir, _OTHERS)
    return None


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


def _from_tfds(data_dir):
    import requests
    import tensorflow_datasets as tfds

    kept = sorted((data_dir / "cats_vs_dogs").glob("*/dataset_info.json"))
    if kept:
        return TfdsFiles(tfds.builder_from_directory(kept[-1].parent))
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
