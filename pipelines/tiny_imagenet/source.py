"""Tiny ImageNet as a data set: prepared once, then read from its records."""

import hashlib
import shutil
import tempfile

import tensorflow_datasets as tfds
from tensorflow_datasets.core import shuffle

from pipelines.errors import DataError
from pipelines.files.locking import file_lock
from pipelines.tiny_imagenet.builder import SIDE, Builder
from pipelines.tiny_imagenet.contents import open_contents
from pipelines.tiny_imagenet.finding import locate, locate_or_download

# Bytes of records.
_SORTED_IN_MEMORY = 2**28


class TinyImageNet:
    """Tiny ImageNet.

    Args:
        location: A `pipelines.location.Location`. Its `data_dir` is a zip
            file, an extracted folder, or a folder that holds either; if it
            holds neither, the public archive is downloaded to it. The
            prepared records suffice without any of these.

    Attributes, once prepared:
        class_names: list[str]; readable, in the order of the labels.
        wnids: list[str]; WordNet ids in the same order.
        splits: list[str]; the names that `split` knows.
        notes: list[str]; sentences that a reader of a run must know.
        fingerprint: str; of all images.

    Example:
        source = TinyImageNet(Location("data"))
        source.prepare()
        split = source.split("train")
        images = np.empty((len(split.labels), 64, 64, 3), np.uint8)
        split.decode_into(images, np.arange(len(images)))
    """

    published = True

    def __init__(self, location):
        self._location = location
        self._folder = location.prepared / Builder.name / str(Builder.VERSION)

    def needs_download(self):
        """True if `prepare` has to ask the network."""
        there = _is_complete(self._folder) or locate(self._location.data_dir)
        return not there

    def prepare(self):
        """Writes the records, once, and opens them.

        Raises:
            DataError: if there is no data, if it is bad, if the records cannot
                be written, or are those of another archive.
        """
        if not _is_complete(self._folder):
            _write_records(self._location, self._folder)
        self._builder = tfds.builder_from_directory(self._folder)
        # Another process may have written them, from other data.
        _check_origin(self._builder, self._location)
        metadata = self._builder.info.metadata
        self.class_names = metadata["words"]
        self.wnids = self._builder.info.features["label"].names
        self.notes = metadata["notes"]
        self.fingerprint = metadata["content"]
        self._slices = metadata["slices"]
        self.splits = [*self._builder.info.splits, *self._slices]

    def split(self, name):
        """A split or a part of one.

        Args:
            name: "train", "holdout" (a seeded tenth of each class, for
                choosing networks), "train+holdout" (all train images of the
                archive), "validation"; "published_train" and
                "published_validation", the very images that a published
                study used; or what else tensorflow-datasets makes of these,
                such as "validation[:10%]".

        Returns:
            A `pipelines.tfds.records.RecordSplit`.

        Raises:
            DataError: if there is no such split.
        """
        from pipelines.tfds.records import RecordSplit, locate_split

        expression, instructions = locate_split(
            self._builder, name, self._slices
        )
        fingerprint = hashlib.blake2b(
            f"{self.fingerprint} {expression}".encode(), digest_size=16
        )
        return RecordSplit(
            instructions,
            names="file_name",
            side=SIDE,
            known_fingerprint=fingerprint.hexdigest(),
        )


def _is_complete(folder):
    """True if the folder is there; it gets its name when it is complete.

    Raises:
        DataError: if somebody took files out of it.
    """
    if folder.is_dir() and not (folder / "dataset_info.json").is_file():
        raise DataError(
            f"{folder} lacks its dataset_info.json. Remove the folder; the "
            "same command then prepares it again."
        )
    return folder.is_dir()


def _write_records(location, folder):
    import tensorflow as tf

    try:
        with file_lock(folder.parent / ".lock"):
            if not _is_complete(folder):
                _build(location, folder.parent)
    except (OSError, RuntimeError, tf.errors.OpError) as error:
        reason = _explain_write_error(error)
        if reason is None:
            raise
        raise DataError(
            f"cannot write the prepared records to {folder.parent}: {reason}. "
            "Free some space or choose another --prepared_dir."
        ) from error


def _build(location, parent):
    # A process that was killed left these; the lock says that it is gone.
    for stale in parent.glob("incomplete.*"):
        shutil.rmtree(stale)
    path = locate_or_download(location.data_dir)
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


def _check_origin(builder, location):
    path = locate(location.data_dir)
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


def _explain_write_error(error):
    """The reason that a file system gave; None for errors of other kinds."""
    import tensorflow as tf

    # tensorflow-datasets wraps what happens while it writes.
    while isinstance(error, RuntimeError) and error.__cause__ is not None:
        error = error.__cause__
    if not isinstance(error, (OSError, tf.errors.OpError)):
        return None
    text = getattr(error, "strerror", None) or str(error) or repr(error)
    return " ".join(text.split())
