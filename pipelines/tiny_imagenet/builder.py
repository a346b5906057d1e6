"""Tiny ImageNet as a tensorflow-datasets builder."""

import hashlib
import io
from collections import Counter
from dataclasses import replace
from pathlib import Path

import tensorflow_datasets as tfds

from pipelines.errors import DataError
from pipelines.files.decoding import decode_rgb
from pipelines.files.inspection import (
    check_classes,
    describe_doubts,
    describe_leaks,
    inspect_files,
    select_good,
    write_bad_images,
    write_unused_files,
)
from pipelines.progress import progress_bar
from pipelines.subsets import count_per_class
from pipelines.tiny_imagenet import splits as arrangement
from pipelines.tiny_imagenet.contents import open_contents
from pipelines.tiny_imagenet.finding import URL, locate_or_download

SIDE = 64
REPORT = "bad_images.csv"
UNUSED = "unused_files.csv"
_DESCRIPTION = """
200 classes of ImageNet at 64x64 pixels: 500 labelled train and 50 validation
images of each. `holdout` is a seeded tenth of the archive's train images, for
choosing among networks without touching `validation`; "train+holdout" is all
of them. Slices in the metadata name the parts that a published study used:
the first half of each class's train images, in text order of their names, and
the half of its validation images that it drew. Files are kept as they are in
the archive, grayscale ones included; what is no plain JPEG or PNG is stored as
PNG.
"""


class Builder(tfds.core.GeneratorBasedBuilder):
    """Tiny ImageNet, for `tfds.load("tiny_imagenet")`.

    The records are in the order of `pipelines.tiny_imagenet.splits`. There is
    no checksums.tsv: it wants a SHA-256, and the public archive is known by
    size and MD5, which `pipelines.files.download` checks.

    Args:
        images: A zip file, an extracted folder, or a folder that holds
            either, or else gets the public archive; None: the folder for
            downloads of tensorflow-datasets.
        on_bad_image: "error" stops at an image that cannot be decoded; "skip"
            lists it in bad_images.csv.
        **kwargs: Of `tfds.core.GeneratorBasedBuilder`.
    """

    VERSION = tfds.core.Version("2.0.0")
    RELEASE_NOTES = {"2.0.0": "The published parts are exactly the study's."}

    def __init__(self, *, images=None, on_bad_image="error", **kwargs):
        self._images = images
        self._on_bad_image = on_bad_image
        super().__init__(**kwargs)

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description=_DESCRIPTION,
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(SIDE, SIDE, 3)),
                    "label": tfds.features.ClassLabel(),
                    "file_name": tfds.features.Text(),
                }
            ),
            supervised_keys=("image", "label"),
            homepage=URL,
            metadata=tfds.core.MetadataDict(),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        path = locate_or_download(self._images or dl_manager.download_dir)
        with open_contents(path) as contents:
            _check_counts(contents)
            inspections = self._inspect(contents)
            splits = _arrange(contents, inspections)
            self._write_metadata(contents, inspections, splits)
        return {
            name: self._generate_examples(path, splits[name], inspections)
            for name in ("train", "holdout", "validation")
        }

    def _generate_examples(self, path, examples, inspections):
        with open_contents(path) as contents:
            for index, (image_id, label) in enumerate(
                progress_bar(examples, desc="writing", unit=" images")
            ):
                data = contents.read(image_id)
                if not inspections[image_id].plain:
                    data = _encode_png(data)
                yield (
                    index,
                    {"image": data, "label": label, "file_name": image_id},
                )

    def _log_download_bytes(self):
        """Prints nothing: tensorflow-datasets would name an unknown size."""

    def _log_download_done(self):
        print(f"prepared {self.data_dir}", flush=True)

    def _inspect(self, contents):
        """Returns {id: `Inspection`} of the good images."""
        found = [
            _check_size(each)
            for each in inspect_files(
                contents.read,
                [*contents.train.ids, *contents.validation.ids],
                "checking images",
            )
        ]
        good = select_good(found, self._on_bad_image)
        folder = Path(self.data_dir_root, self.name)
        write_bad_images(found, folder / REPORT, folder / REPORT)
        write_unused_files(contents.unused, folder / UNUSED, folder / UNUSED)
        return {each.name: each for each in good}

    def _write_metadata(self, contents, inspections, splits):
        self.info.features["label"].names = contents.wnids
        parts = {
            name: [inspections[image_id] for image_id, _ in splits[name]]
            for name in ("train", "holdout", "validation")
        }
        content = hashlib.blake2b(digest_size=16)
        for part in parts.values():
            for each in part:
                content.update(f"{each.name} {each.digest}\n".encode())
        self.info.metadata.update(
            words=contents.words,
            slices={
                name: f"{of}[:{len(splits[name])}]"
                for name, of in (
                    ("published_train", "train"),
                    ("published_validation", "validation"),
                )
            },
            seed=arrangement.SEED,
            notes=describe_leaks(parts) + describe_doubts(inspections.values()),
            fingerprints=contents.fingerprints,
            content=content.hexdigest(),
        )


def _check_counts(contents):
    for part, least in (("train", 2), ("validation", 1)):
        labels = getattr(contents, part).labels
        counts = count_per_class(labels, contents.wnids)
        check_classes(counts, f"{contents.path}, {part}")
        few = [wnid for wnid, count in counts.items() if count < least]
        if few:
            raise DataError(
                f"{contents.path}, {part}: expected at least {least} images "
                f"of each class. Received: {counts[few[0]]} of {few[0]}."
            )


def _arrange(contents, inspections):
    """Returns {split or slice: [(id, label)]} of the good images."""
    splits = {}
    for files, indices_of in (
        (contents.train, arrangement.arrange_train(contents.train.labels)),
        (
            contents.validation,
            arrangement.arrange_validation(contents.validation.labels),
        ),
    ):
        for name, indices in indices_of.items():
            splits[name] = [
                (files.ids[index], int(files.labels[index]))
                for index in indices
                if files.ids[index] in inspections
            ]
    for name in ("train", "holdout", "validation"):
        counts = Counter(label for _, label in splits[name])
        check_classes(
            {wnid: counts[i] for i, wnid in enumerate(contents.wnids)},
            f"{contents.path}, {name}",
        )
    return splits


def _check_size(inspection):
    found = (inspection.width, inspection.height)
    if inspection.error or found == (SIDE, SIDE):
        return inspection
    return replace(
        inspection,
        error=f"expected {SIDE}x{SIDE} pixels. Received: {found[0]}x{found[1]}",
    )


def _encode_png(data):
    buffer = io.BytesIO()
    decode_rgb(data).save(buffer, "PNG")
    return buffer.getvalue()
