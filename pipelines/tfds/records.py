"""Images in the records of tensorflow-datasets."""

import functools
import io
import os
import re
import weakref
from pathlib import Path

import numpy as np
import PIL.Image
import tensorflow as tf

from pipelines.batches import PARALLEL_CALLS, disable_autotune
from pipelines.errors import DataError
from pipelines.files import decoding
from pipelines.files.fingerprints import compute_fingerprint

_BATCH = 256
# Bytes of a record's length and its checksum before it, of its own behind it.
_BEFORE, _BEHIND = 12, 4


def locate_split(builder, name, meanings):
    """Locates the records of a split.

    Args:
        builder: A `tfds.core.DatasetBuilder`.
        name: Of a split; sums and slices work as in tensorflow-datasets.
        meanings: {name: its meaning}, for names that the builder does not
            have.

    Returns:
        `name` with meanings put in, and a list of the builder's
        `FileInstruction`s.

    Raises:
        DataError: if there is no such split, or nothing in it.
    """
    expression = re.sub(
        r"\w+", lambda word: meanings.get(word[0], word[0]), name
    )
    splits = builder.info.splits
    try:
        split = splits[expression]
    except ValueError as error:
        known = [*splits, *meanings]
        raise DataError(
            f"{builder.info.full_name} has no split {name!r}. Expected one of "
            f"{', '.join(known)}, a sum of some such as "
            f"{'+'.join(known[:2])!r}, or a slice such as '{known[0]}[:10%]'."
        ) from error
    if split.num_examples < 1:
        raise DataError(
            f"{builder.info.full_name} has no images in its split {name!r}."
        )
    return expression, split.file_instructions


class RecordSplit:
    """A split: some images of prepared records.

    Args:
        instructions: See `locate_split`.
        image, label: Names of the features.
        names: Name of a feature that tells each image from all others; None:
            they are numbered.
        side: Of the images, if all are plain: gray or RGB files of 8 bits in
            JPEG or PNG, upright and opaque. None: they may be of any kind.
        known_fingerprint: Changes if the images, their labels or order do;
            None: it is computed from all records.

    Attributes:
        labels: int32 (N,), in the order of the records.
        ids: list[str] (N,); unique names.
        fingerprint: See above.
    """

    def __init__(
        self,
        instructions,
        *,
        image="image",
        label="label",
        names=None,
        side=None,
        known_fingerprint=None,
    ):
        self._instructions = instructions
        self._image = image
        self._features = {label: tf.io.FixedLenFeature((), tf.int64)}
        if names is not None:
            self._features[names] = tf.io.FixedLenFeature((), tf.string)
        self._label = label
        self._names = names
        self._side = side
        self._known_fingerprint = known_fingerprint

    @property
    def labels(self):
        return self._index["labels"]

    @property
    def ids(self):
        return self._index["ids"]

    @property
    def fingerprint(self):
        return self._known_fingerprint or compute_fingerprint(
            map(str, self._index["hashes"].tolist())
        )

    def sizes(self):
        """int (N, 2): width and height in pixels, as stored."""
        if self._side is not None:
            return np.full((len(self.labels), 2), self._side)
        sizes = []
        for index in range(len(self.labels)):
            with PIL.Image.open(io.BytesIO(self._read(index))) as image:
                sizes.append(image.size)
        return np.array(sizes)

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
        # TensorFlow resizes otherwise than Pillow, which decodes slower.
        is_plain = images.shape[1] == self._side
        decoding.decode_into(
            images,
            lambda name: self._read(index_of[name]),
            [self.ids[index] for index in indices],
            _decode_plain if is_plain else decoding.decode,
        )

    def _read(self, index):
        """Reads the file of one image."""
        file = self._index["files"][index]
        start, length = (
            int(self._index[key][index]) for key in ("starts", "lengths")
        )
        # At a place of its own in any thread, and without mapping the file.
        record = os.pread(file.fileno(), length, start)
        features = tf.train.Example.FromString(record).features.feature
        return features[self._image].bytes_list.value[0]

    @functools.cached_property
    def _index(self):
        """Builds {column: one value for each image}."""
        found = []
        for part in self._instructions:
            # The names that tensorflow-datasets can give to examples.
            stem = Path(part.filename).name
            rows = range(part.skip, part.skip + part.take)
            columns = {
                "names": [f"{stem}__{row}".encode() for row in rows],
                **{
                    key: values[part.skip : part.skip + part.take]
                    for key, values in self._scan(part).items()
                },
            }
            file = open(part.filename, "rb")  # noqa: SIM115
            weakref.finalize(self, file.close)
            found.append(columns | {"files": [file] * part.take})
        index = {
            key: np.concatenate([columns[key] for columns in found])
            for key in found[0]
        }
        return index | {"ids": [name.decode() for name in index.pop("names")]}

    def _scan(self, part):
        """Reads {column: one value for each record} of a file, and checks it.

        tf.data takes longer for an element than an image of 64 pixels takes
        to decode, so it reads many records at a time.
        """
        batches = disable_autotune(
            tf.data.TFRecordDataset(str(part.filename), buffer_size=2**20)
            .batch(_BATCH)
            .map(self._describe, num_parallel_calls=PARALLEL_CALLS)
            .prefetch(4)
        )
        try:
            found = list(batches.as_numpy_iterator())
        except tf.errors.OpError as error:
            raise _damaged(part, _select_first_line(error)) from error
        there = sum(len(batch["labels"]) for batch in found)
        if there != part.examples_in_shard:
            raise _damaged(
                part,
                f"{there:,} records instead of {part.examples_in_shard:,}",
            )
        columns = {
            key: np.concatenate([batch[key] for batch in found])
            for key in found[0]
        }
        ends = np.cumsum(columns["lengths"] + _BEFORE + _BEHIND)
        return columns | {"starts": ends - columns["lengths"] - _BEHIND}

    def _describe(self, serialized):
        parsed = tf.io.parse_example(serialized, self._features)
        columns = {
            "labels": tf.cast(parsed[self._label], tf.int32),
            "lengths": tf.cast(tf.strings.length(serialized), tf.int64),
            "hashes": tf.bitcast(tf.fingerprint(serialized), tf.int64),
        }
        if self._names is not None:
            columns["names"] = parsed[self._names]
        return columns


def _damaged(part, reason):
    return DataError(
        f"{part.filename} is damaged: {reason}. Remove its folder and prepare "
        "the data set again."
    )


def _select_first_line(error):
    """Shortens an error of TensorFlow: no names of its nodes."""
    text = re.sub(r"\{\{.*?\}\}|\[Op:.*", "", error.message)
    return text.strip().split("\n")[0].rstrip(". ")


def _decode_plain(data, size):
    # Exactly what Pillow decodes; the default differs by up to 5. Reads PNG,
    # too.
    return tf.io.decode_jpeg(
        data, channels=3, dct_method="INTEGER_ACCURATE"
    ).numpy()
