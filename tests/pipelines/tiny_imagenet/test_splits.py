"""Arrangement of the splits; the published study's images by its own rule."""

import random
import zipfile

import numpy as np
import pytest

from pipelines.config import Data
from pipelines.loading import open_source
from pipelines.tiny_imagenet import splits as arrangement
from pipelines.tiny_imagenet.contents import open_contents


@pytest.fixture(scope="session")
def source(tiny_imagenet):
    return open_source(Data("tiny_imagenet"), tiny_imagenet)


def test_arrangement_of_many_images():
    """Halves and tenths of each class, each image in one place."""
    labels = np.repeat(np.arange(20), np.arange(20, 40))
    number = np.concatenate([np.arange(count) for count in range(20, 40)])
    size = np.bincount(labels)[labels]
    parts = arrangement.arrange_train(labels)
    everything = np.concatenate([parts["train"], parts["holdout"]])
    np.testing.assert_array_equal(np.sort(everything), np.arange(len(labels)))
    first_half = np.flatnonzero(number < size // 2)
    published = parts["published_train"]
    np.testing.assert_array_equal(np.sort(published), first_half)
    np.testing.assert_array_equal(published, parts["train"][: len(published)])
    np.testing.assert_array_equal(
        np.bincount(labels[parts["holdout"]]),
        [round(count / 10) for count in range(20, 40)],
    )
    # Drawn, not the first or the last of the second half.
    place = number[parts["holdout"]] / size[parts["holdout"]]
    assert 0.6 < place.mean() < 0.9
    order = np.random.default_rng(0).permutation(len(labels))
    labels, number, size = labels[order], number[order], size[order]
    parts = arrangement.arrange_validation(labels)
    np.testing.assert_array_equal(
        np.sort(parts["validation"]), np.arange(len(labels))
    )
    half = parts["published_validation"]
    np.testing.assert_array_equal(half, parts["validation"][: len(half)])
    np.testing.assert_array_equal(
        np.bincount(labels[half]), np.arange(20, 40) // 2
    )
    assert 0.4 < (number[half] / size[half]).mean() < 0.6


def test_published_parts(source):
    # In text order of the names.
    first_half = [
        80 * label + number
        for number in (0, 1, 10, 11, 2, 3)
        for label in range(3)
    ]
    split = source.split("published_train")
    images = np.zeros((len(split.labels), 64, 64, 3), np.uint8)
    split.decode_into(images, np.arange(len(images)))
    assert images[:, 32, 32, 0].tolist() == first_half
    half = source.split("published_validation")
    np.testing.assert_array_equal(np.bincount(half.labels), [2, 2, 2])
    assert half.ids == source.split("validation").ids[:6]
    combined = source.split("published_train+holdout")
    assert len(combined.labels) == 18 + 3


def published_halves(text):
    """Draws {wnid: its names in the study's val part} as the study did."""
    build_names = {}
    for line in text.splitlines():
        name, wnid = line.split("\t")[:2]
        build_names.setdefault(wnid, []).append(name)
    generator = random.Random(42)
    for names in build_names.values():
        generator.shuffle(names)
    return {
        wnid: names[: len(names) // 2] for wnid, names in build_names.items()
    }


def test_published_validation_is_what_the_study_drew(source, tiny_imagenet):
    split = source.split("published_validation")
    found = {wnid: set() for wnid in source.wnids}
    for image_id, label in zip(split.ids, split.labels, strict=True):
        found[source.wnids[label]].add(image_id)
    with zipfile.ZipFile(tiny_imagenet.data_dir) as file:
        text = file.read("tiny-imagenet-200/val/val_annotations.txt").decode()
    halves = published_halves(text)
    # Not the order of the labels: the order in which they first appear.
    assert list(halves) == ["n300", "n200", "n100"]
    assert found == {wnid: set(names) for wnid, names in halves.items()}


def test_published_parts_of_the_real_archive(data_dir):
    path = data_dir / "tiny-imagenet-200.zip"
    if not path.is_file():
        pytest.skip(f"no {path}")
    with open_contents(path) as contents:
        train, validation = contents.train, contents.validation
        wnids = [contents.wnids[label] for label in validation.labels]
    parts = arrangement.arrange_train(train.labels)
    parts |= arrangement.arrange_validation(validation.labels)
    names = {
        part: [files.ids[i] for i in parts[part]]
        for part, files in (
            ("published_train", train),
            ("holdout", train),
            ("published_validation", validation),
        )
    }
    assert len(names["published_train"]) == 50_000
    assert len(names["holdout"]) == 10_000
    assert len(names["published_validation"]) == 5_000
    assert not set(names["published_train"]) & set(names["holdout"])
    first = [n for n in names["published_train"] if n.startswith("n01443537")]
    assert len(first) == 250
    assert first[:5] == [
        f"n01443537_{number}.JPEG" for number in (0, 1, 10, 100, 101)
    ]
    pairs = zip(validation.ids, wnids, strict=True)
    halves = published_halves("\n".join(map("\t".join, pairs)))
    assert set(names["published_validation"]) == {
        name for half in halves.values() for name in half
    }
    # Of the first class and of the last, as Python has drawn them since 3.2.
    for wnid, numbers in (
        ("n03444034", (5237, 4964, 4284, 2507, 1007)),
        ("n04118538", (7652, 9662, 6685, 5989, 6957)),
    ):
        drawn = [f"val_{number}.JPEG" for number in numbers]
        assert len(halves[wnid]) == 25
        assert halves[wnid][:5] == drawn
        assert set(drawn) <= set(names["published_validation"])
