"""Data sets of tensorflow-datasets: images with one label each."""

import re

from pipelines.errors import DataError
from pipelines.files.fingerprints import compute_fingerprint
from pipelines.files.inspection import check_classes
from pipelines.files.names import join_names

PREFIX = "tfds/"
_NAME = re.compile(r"(\w+)(?:/([^/:]+))?(?::([\d.]+))?")
_VERSION = re.compile(r"\d+\.\d+\.\d+")
# If a data set has only one of these, it goes by both names.
_EACH_OTHER = {"validation": "test", "test": "validation"}


class Catalogue:
    """A data set of the catalogue of tensorflow-datasets, or built like one.

    It is read in place, and neither copied nor downloaded. If it has only
    one of `validation` and `test`, that split goes by both names.

    Args:
        name: "tfds/NAME" or "tfds/NAME/CONFIG", either with ":VERSION" behind
            it; without a version the newest in the folder.
        location: A `pipelines.location.Location`; its `data_dir` is the data
            folder of tensorflow-datasets.

    Attributes, once prepared:
        class_names: list[str]; in the order of the labels.
        notes: list[str]; sentences that a reader of a run must know.
        fingerprint: str; of the description of the data set.
        splits: list[str]; its own.
    """

    published = True

    def __init__(self, name, location):
        self._name = name
        self._data_dir = location.data_dir

    def needs_download(self):
        """Nothing is ever downloaded."""
        return False

    def prepare(self):
        """Opens the data set.

        Raises:
            DataError: if it is not there, not of images with one label each,
                or in another format of files than records of TensorFlow.
        """
        import tensorflow_datasets as tfds

        name, data_dir = self._name, self._data_dir
        folder = _locate(name, data_dir)
        self._builder = tfds.builder_from_directory(folder)
        info = self._builder.info
        self._features = _check_features(name, info)
        if info.file_format != tfds.core.FileFormat.TFRECORD:
            raise DataError(
                f"{folder} is in the format {info.file_format.value}. Expected "
                f"{_format_command(name, data_dir)} --file_format=tfrecord."
            )
        self.class_names = info.features[self._features["label"]].names
        check_classes(dict.fromkeys(self.class_names, 1), info.full_name)
        self.splits = [each for each in info.splits if "[" not in each]
        self._meanings = {
            name: other
            for name, other in _EACH_OTHER.items()
            if name not in self.splits and other in self.splits
        }
        self.notes = [
            f"{info.full_name} has no split {name}: {other} stands for it"
            for name, other in self._meanings.items()
        ]
        self.fingerprint = compute_fingerprint(
            [info.full_name, (folder / "dataset_info.json").read_text()]
        )

    def split(self, name):
        """A split, or what else tensorflow-datasets makes of their names.

        Args:
            name: Such as "train", "train[:80%]" or "train+test".

        Returns:
            A `pipelines.tfds.records.RecordSplit`.

        Raises:
            DataError: if there is no such split, or it has no labels.
        """
        from pipelines.tfds.records import RecordSplit, locate_split

        _, instructions = locate_split(self._builder, name, self._meanings)
        split = RecordSplit(instructions, **self._features)
        if split.labels.min() < 0:
            raise DataError(
                f"{self._builder.info.full_name}: the images of split {name!r} "
                "have no labels. Choose another."
            )
        return split


def _format_command(name, data_dir):
    return f"`tfds build {name.removeprefix(PREFIX)} --data_dir={data_dir}`"


def _locate(name, data_dir):
    """Locates the folder of the newest version that is asked for."""
    match = _NAME.fullmatch(name.removeprefix(PREFIX))
    if match is None:
        raise DataError(
            f"data.name={name}: expected {PREFIX}NAME, {PREFIX}NAME/CONFIG, or "
            "either with :VERSION behind it."
        )
    known, config, version = match.groups()
    root = data_dir / known
    found = [
        path.parent
        for pattern in ("*", "*/*")
        for path in root.glob(f"{pattern}/dataset_info.json")
        if _VERSION.fullmatch(path.parent.name)
    ]
    chosen = [
        folder
        for folder in found
        if (config is None or folder.parent == root / config)
        and version in (None, folder.name)
    ]
    if not chosen:
        there = [str(folder.relative_to(data_dir)) for folder in found]
        looked = root / (config or "") / (version or "")
        raise DataError(
            f"{name}: nothing is prepared in {looked}"
            + (f"; there is {join_names(sorted(there))}" if there else "")
            + ". It is not downloaded here: prepare it with "
            f"{_format_command(name, data_dir)}, or point --data_dir at the "
            "data folder of tensorflow-datasets that has it."
        )
    configs = sorted({folder.parent.name for folder in chosen})
    if len(configs) > 1:
        raise DataError(
            f"{root} has several configs: {join_names(configs)}. Choose one, "
            f"such as data.name={PREFIX}{known}/{configs[0]}."
        )
    return max(chosen, key=lambda path: [*map(int, path.name.split("."))])


def _check_features(name, info):
    """Returns {"image", "label": name of the feature}."""
    import numpy as np
    import tensorflow_datasets as tfds

    image, label, *others = info.supervised_keys or ("image", "label")
    features = info.features
    try:
        is_right = (
            not others
            and isinstance(features[image], tfds.features.Image)
            and features[image].np_dtype == np.uint8
            and isinstance(features[label], tfds.features.ClassLabel)
        )
    except (KeyError, TypeError):
        is_right = False
    if not is_right:
        has = ", ".join(
            f"{k} ({type(v).__name__})" for k, v in features.items()
        )
        raise DataError(
            f"{name}: expected an image of 8 bits with one label "
            "(supervised_keys of Image and ClassLabel). Received: features "
            f"{has}."
        )
    return {"image": image, "label": label}
