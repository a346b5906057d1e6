"""Reads labels, names and images out of the prepared records."""

import functools
import re

import numpy as np
import tensorflow as tf

from pipelines.errors import DataError
from pipelines.files import decoding
from pipelines.progress import progress_bar
from pipelines.tiny_imagenet.tiny_imagenet_dataset_builder import SIDE

_BATCH = 256
_INDEX = {
    "label": tf.io.FixedLenFeature((), tf.int64),
    "file_name": tf.io.FixedLenFeature((), tf.string),
}
_IMAGE = {"image": tf.io.FixedLenFeature((), tf.string)}


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
        """Decodes images on all cores, with a progress bar.

        Args:
            images: uint8 (n, size, size, 3), may be on disk; image i becomes
                the split's image indices[i], resized (bilinear, antialiased)
                if it is of another size.
            indices: int (n,), each at most once.

        Raises:
            DataError: if the records are damaged.
        """
        order = np.argsort(indices)
        ascending = np.asarray(indices)[order]
        wanted = np.zeros(len(self.labels), bool)
        wanted[ascending] = True
        if images.shape[1] == SIDE:
            self._decode_records(images, order, wanted)
            return
        # TensorFlow resizes otherwise than Pillow, so Pillow decodes these.
        files = [
            data
            for batch in self._map_records(_image_files, wanted)
            for data in batch
        ]
        file_of = dict(
            zip([self.ids[index] for index in ascending], files, strict=True)
        )
        names = [self.ids[index] for index in indices]
        decoding.decode_into(
            images, file_of.__getitem__, names, f"reading {self.name}"
        )

    def _decode_records(self, images, order, wanted):
        done = 0
        with progress_bar(
            desc=f"reading {self.name}", total=len(order), unit=" images"
        ) as bar:
            for batch in self._map_records(_pixels, wanted):
                images[order[done : done + len(batch)]] = batch
                done += len(batch)
                bar.update(len(batch))

    @functools.cached_property
    def _index(self):
        """(labels, ids)"""
        found = list(self._map_records(_labels_and_ids))
        return (
            np.concatenate([labels for labels, _ in found]),
            [image_id.decode() for _, ids in found for image_id in ids],
        )

    def _map_records(self, function, wanted=None):
        """Yields function(serialized records), a batch of them at a time.

        At 64 pixels, what tf.data does for each element of its own takes
        longer than the decoding: 14,000 images/s instead of 36,000.

        Args:
            function: Of a string tensor (B,).
            wanted: bool (N,); the records to use, None for all.
        """
        count = sum(part.take for part in self._instructions)
        if wanted is None:
            wanted = np.ones(count, bool)
        records = self._records().apply(
            tf.data.experimental.assert_cardinality(count)
        )
        masks = tf.data.Dataset.from_tensor_slices(wanted)
        dataset = (
            tf.data.Dataset.zip(records.batch(_BATCH), masks.batch(_BATCH))
            .map(
                lambda batch, mask: function(tf.boolean_mask(batch, mask)),
                num_parallel_calls=tf.data.AUTOTUNE,
            )
            .prefetch(4)
        )
        try:
            yield from dataset.as_numpy_iterator()
        except tf.errors.OpError as error:
            raise DataError(
                f"{self._folder} is damaged: {_first_line(error)}. Remove that "
                "folder; the same command then prepares it again."
            ) from error

    def _records(self):
        files = [
            tf.data.TFRecordDataset(str(part.filename), buffer_size=2**20)
            .skip(part.skip)
            .take(part.take)
            for part in self._instructions
        ]
        return functools.reduce(lambda a, b: a.concatenate(b), files)


def _first_line(error):
    """What TensorFlow says, without the names of its nodes."""
    text = re.sub(r"\{\{.*?\}\}|\[Op:.*", "", error.message)
    return text.strip().split("\n")[0].rstrip(". ")


def _labels_and_ids(serialized):
    parsed = tf.io.parse_example(serialized, _INDEX)
    return tf.cast(parsed["label"], tf.int32), parsed["file_name"]


def _image_files(serialized):
    return tf.io.parse_example(serialized, _IMAGE)["image"]


def _pixels(serialized):
    return tf.map_fn(
        # Exactly what Pillow decodes; the default differs by up to 5. Reads
        # PNG, too.
        lambda data: tf.io.decode_jpeg(
            data, channels=3, dct_method="INTEGER_ACCURATE"
        ),
        _image_files(serialized),
        fn_output_signature=tf.TensorSpec((SIDE, SIDE, 3), tf.uint8),
    )
