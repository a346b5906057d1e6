"""Reads labels, names and images out of the prepared records."""

import functools
import os
import re
import weakref

import numpy as np
import tensorflow as tf

from pipelines.errors import DataError
from pipelines.files import decoding
from pipelines.tiny_imagenet.tiny_imagenet_dataset_builder import SIDE

_BATCH = 256
_INDEX = {
    "label": tf.io.FixedLenFeature((), tf.int64),
    "file_name": tf.io.FixedLenFeature((), tf.string),
}
# Bytes of a record's length and its checksum before it, of its own behind it.
_BEFORE, _BEHIND = 12, 4


class RecordSplit:
    """Some of the images; see `TinyImageNet.split`.

    Attributes:
        labels: int32 (N,), in the order of the records.
        ids: list[str] (N,); unique file names.
        fingerprint: Changes if the images, their labels or order do.
    """

    def __init__(self, name, instructions, fingerprint, folder):
        self.name = name
        self.fingerprint = fingerprint
        self._instructions = instructions
        self._folder = folder

    @property
    def labels(self):
        return self._index[0]

    @property
    def ids(self):
        return self._index[1]

    def sizes(self):
        """int (N, 2): width and height in pixels."""
        return np.full((len(self.labels), 2), SIDE)

    def decode_into(self, images, indices):
        """Decodes images; any thread may call this.

        Args:
            images: uint8 (n, size, size, 3), may be on disk; image i becomes
                the split's image indices[i], resized (bilinear, antialiased)
                if it is of another size.
            indices: int (n,).

        Raises:
            DataError: if the records are damaged.
        """
        index_of = {self.ids[index]: index for index in indices}
        decoding.decode_into(
            images,
            lambda name: self._read(index_of[name]),
            [self.ids[index] for index in indices],
            _decode,
        )

    def _read(self, index):
        """The file of one image."""
        _, _, files, starts, lengths = self._index
        # Reads at a place of its own in any thread, and maps nothing.
        record = os.pread(
            files[index].fileno(), int(lengths[index]), int(starts[index])
        )
        features = tf.train.Example.FromString(record).features.feature
        return features["image"].bytes_list.value[0]

    @functools.cached_property
    def _index(self):
        """labels, ids; the file, the start and the length of each record."""
        labels, ids, files, starts, lengths = [], [], [], [], []
        for part in self._instructions:
            file_labels, file_ids, file_lengths = self._scan(part)
            ends = np.cumsum(file_lengths + _BEFORE + _BEHIND)
            file_starts = ends - file_lengths - _BEHIND
            used = slice(part.skip, part.skip + part.take)
            labels.append(file_labels[used])
            ids += [each.decode() for each in file_ids[used]]
            file = open(part.filename, "rb")  # noqa: SIM115
            weakref.finalize(self, file.close)
            files += [file] * part.take
            starts.append(file_starts[used])
            lengths.append(file_lengths[used])
        return (
            np.concatenate(labels),
            ids,
            files,
            np.concatenate(starts),
            np.concatenate(lengths),
        )

    def _scan(self, part):
        """Labels, ids and lengths of all records of a file, which is checked.

        At 64 pixels, what tf.data does for each element of its own takes
        longer than the decoding, so it is done for many.
        """
        batches = (
            tf.data.TFRecordDataset(str(part.filename), buffer_size=2**20)
            .batch(_BATCH)
            .map(_labels_ids_lengths, num_parallel_calls=tf.data.AUTOTUNE)
            .prefetch(4)
        )
        try:
            found = list(batches.as_numpy_iterator())
        except tf.errors.OpError as error:
            raise self._damaged(_first_line(error)) from error
        there = sum(len(labels) for labels, *_ in found)
        if there != part.examples_in_shard:
            raise self._damaged(
                f"{part.filename} has {there:,} records instead of "
                f"{part.examples_in_shard:,}"
            )
        return [np.concatenate(each) for each in zip(*found, strict=True)]

    def _damaged(self, reason):
        return DataError(
            f"{self._folder} is damaged: {reason}. Remove that folder; the "
            "same command then prepares it again."
        )


def _first_line(error):
    """What TensorFlow says, without the names of its nodes."""
    text = re.sub(r"\{\{.*?\}\}|\[Op:.*", "", error.message)
    return text.strip().split("\n")[0].rstrip(". ")


def _labels_ids_lengths(serialized):
    parsed = tf.io.parse_example(serialized, _INDEX)
    return (
        tf.cast(parsed["label"], tf.int32),
        parsed["file_name"],
        tf.cast(tf.strings.length(serialized), tf.int64),
    )


def _decode(data, size):
    # TensorFlow resizes otherwise than Pillow, which decodes slower.
    if size != SIDE:
        return decoding.decode(data, size)
    # Exactly what Pillow decodes; the default differs by up to 5. Reads PNG,
    # too.
    return tf.io.decode_jpeg(
        data, channels=3, dct_method="INTEGER_ACCURATE"
    ).numpy()
