"""Prepares Tiny ImageNet once; finds what is prepared from then on."""

import shutil
import tempfile

import tensorflow_datasets as tfds
from tensorflow_datasets.core import shuffle

from pipelines.errors import DataError
from pipelines.files.locking import alone
from pipelines.tiny_imagenet.contents import open_contents
from pipelines.tiny_imagenet.finding import find, find_or_download
from pipelines.tiny_imagenet.tiny_imagenet_dataset_builder import Builder

# Bytes of records.
_SORTED_IN_MEMORY = 2**28


def prepared_builder(location):
    """The builder that reads the records; prepares them if need be.

    Args:
        location: A `pipelines.location.Location`.

    Returns:
        A `tfds.core.DatasetBuilder`.

    Raises:
        DataError: if there is no data, if it is bad, if the records cannot be
            written, or are those of another archive.
    """
    folder = location.prepared / Builder.name / str(Builder.VERSION)
    if not _is_complete(folder):
        _make_records(location, folder)
    builder = tfds.builder_from_directory(folder)
    # Another process may have made them, from other data.
    _check_origin(builder, location)
    return builder


def _make_records(location, folder):
    import tensorflow as tf

    try:
        with alone(folder.parent / ".lock"):
            if not _is_complete(folder):
                _prepare(location, folder.parent)
    except (OSError, RuntimeError, tf.errors.OpError) as error:
        reason = _reason(error)
        if reason is None:
            raise
        raise DataError(
            f"cannot write the prepared records to {folder.parent}: {reason}. "
            "Free some space or choose another --prepared_dir."
        ) from error


def _prepare(location, parent):
    # Whoever wrote these was killed: we are alone here.
    for stale in parent.glob("incomplete.*"):
        shutil.rmtree(stale)
    path = _find_archive(location, parent)
    print(f"preparing Tiny ImageNet: {path} -> {parent}", flush=True)
    builder = Builder(
        data_dir=location.prepared,
        images=path,
        on_bad_image=location.on_bad_image,
    )
    tfds.disable_progress_bar()
    # It sorts records in memory up to a gigabyte, and beyond that in files.
    shuffle.MAX_MEM_BUFFER_SIZE = _SORTED_IN_MEMORY
    # It makes folders for downloads, which it does not need here.
    with tempfile.TemporaryDirectory() as downloads:
        builder.download_and_prepare(download_dir=downloads)
    for note in builder.info.metadata["notes"]:
        print(note, flush=True)


def _find_archive(location, parent):
    """`find_or_download`, with a word on records of other versions."""
    others = [
        str(folder)
        for folder in sorted(parent.glob("[0-9]*.*"))
        if folder.name != str(Builder.VERSION)
    ]
    if not others:
        return find_or_download(location.data_dir)
    note = (
        f"{', '.join(others)}: records of another version, with other "
        "splits; they are not used and can be removed."
    )
    try:
        path = find_or_download(location.data_dir)
    except DataError as error:
        raise DataError(f"{error} {note}") from error
    print(note, flush=True)
    return path


def _is_complete(folder):
    """Whether the folder is there; it gets its name when it is complete.

    Raises:
        DataError: if somebody took files out of it.
    """
    if folder.is_dir() and not (folder / "dataset_info.json").is_file():
        raise DataError(
            f"{folder} lacks its dataset_info.json. Remove the folder; the "
            "same command then prepares it again."
        )
    return folder.is_dir()


def _check_origin(builder, location):
    path = find(location.data_dir)
    if path is None:
        return
    known = builder.info.metadata["fingerprints"]
    with open_contents(path) as contents:
        fingerprints = contents.fingerprints
    if any(
        known[kind] != digest
        for kind, digest in fingerprints.items()
        if kind in known
    ):
        raise DataError(
            f"{builder.data_dir} was prepared from another archive than "
            f"{path}. Give another --prepared_dir, or remove that folder."
        )


def _reason(error):
    """What a file system said; None if the error is of another kind."""
    import tensorflow as tf

    # tensorflow-datasets wraps what happens while it writes.
    while isinstance(error, RuntimeError) and error.__cause__ is not None:
        error = error.__cause__
    if not isinstance(error, (OSError, tf.errors.OpError)):
        return None
    text = getattr(error, "strerror", None) or str(error) or repr(error)
    return " ".join(text.split())
