"""Tiny ImageNet, as `pipelines.loading` asks for it."""

import hashlib

from pipelines.tiny_imagenet.preparation import prepared_builder
from pipelines.tiny_imagenet.tiny_imagenet_dataset_builder import SIDE


class TinyImageNet:
    """Tiny ImageNet; prepares it if that has not been done yet.

    Args:
        location: A `pipelines.location.Location`. Its `data_dir` is a zip
            file, an extracted folder, or a folder that holds either; to one
            that holds neither the public archive is downloaded. Where only
            the prepared records are left, they suffice.

    Attributes:
        class_names: list[str]; readable, in the order of the labels.
        wnids: list[str]; WordNet ids in the same order.
        splits: list[str]; the names that `split` knows.
        notes: list[str]; what a reader of a run must know about the data.
        fingerprint: str; of all images.

    Raises:
        DataError: if the data is missing or bad, or cannot be prepared.

    Example:
        split = TinyImageNet(Location("data")).split("train")
        images = np.empty((len(split.labels), 64, 64, 3), np.uint8)
        split.decode_into(images, np.arange(len(images)))
    """

    published = True

    def __init__(self, location):
        self._builder = prepared_builder(location)
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
        from pipelines.tfds.records import RecordSplit, find_split

        expression, instructions = find_split(self._builder, name, self._slices)
        fingerprint = hashlib.blake2b(
            f"{self.fingerprint} {expression}".encode(), digest_size=16
        )
        return RecordSplit(
            instructions,
            names="file_name",
            side=SIDE,
            known_fingerprint=fingerprint.hexdigest(),
        )
