"""Random sizes of classes: parts and folds have every class, figures agree."""

import io
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from hypothesis import strategies as st

from experiments.metrics import balanced_accuracy, locate_dominant_class
from pipelines.errors import DataError
from pipelines.folders.layout import Entry
from pipelines.folders.manifest import read_manifest
from pipelines.folders.preparation import prepare_in_place
from pipelines.subsets import Fold, select_fold
from tests.fuzz.cases import fuzz

SIZES = st.lists(
    st.integers(2, 60) | st.just(2) | st.just(60), min_size=2, max_size=6
)
SEEDS = st.sampled_from((0, 1, 2**32, 2**63 - 1))


class DrawnFiles:
    """Image files of classes of these sizes, some the same picture."""

    origin, unused, notes = "drawn", {}, []

    def __init__(self, sizes, twins):
        self._data, self.names = {}, {}
        for label, size in enumerate(sizes):
            for number in range(size):
                name = f"class_{label}/{number}.bmp"
                # A class keeps two pictures that differ.
                same = 2 + (number - 2) % 3 if number > 4 else number
                picture = (label, same if twins else number, 0)
                buffer = io.BytesIO()
                PIL.Image.new("RGB", (1, 1), picture).save(buffer, "BMP")
                self._data[name] = buffer.getvalue()
                entry = Entry("", f"class_{label}", f"{number}.bmp")
                self.names[entry] = name
        self.read = self._data.__getitem__

    def state(self, name):
        return len(self._data[name]), 0


class Split(dict):
    __getattr__ = dict.__getitem__


@fuzz(25, sizes=SIZES, twins=st.booleans(), seed=SEEDS)
def test_every_class_has_images_in_each_part(sizes, twins, seed):
    """Nothing is lost, and no picture is in two parts."""
    files = DrawnFiles(sizes, twins)
    with tempfile.TemporaryDirectory() as folder:
        prepare_in_place(files, Path(folder), seed, "error")
        _, rows = read_manifest(Path(folder))
    assert Counter(row.file for row in rows) == Counter(files.names.values())
    classes = {f"class_{label}" for label in range(len(sizes))}
    parts = {
        part: [row for row in rows if row.part == part]
        for part in ("train", "test")
    }
    assert sum(map(len, parts.values())) == sum(sizes)
    for some in parts.values():
        assert {row.class_name for row in some} == classes
    train, test = ({row.pixels for row in some} for some in parts.values())
    assert not train & test


@fuzz(60, sizes=SIZES, folds=st.integers(2, 6), seed=SEEDS, copies=SIZES)
def test_every_class_has_images_in_each_fold(sizes, folds, seed, copies):
    """Images are evaluated once; what was made of them is not trained on."""
    labels = np.repeat(np.arange(len(sizes)), sizes)
    ids = [str(number) for number in range(len(labels))]
    # The first images have so many variations each.
    made = np.repeat(ids[: len(copies)], copies[: len(ids)]).tolist()
    train = Split(
        labels=np.concatenate([labels, labels[[int(name) for name in made]]]),
        ids=[str(number) for number in range(len(labels) + len(made))],
        groups=ids + made,
    )
    val = Split(labels=labels, ids=ids, groups=ids)
    if min(sizes) < folds:
        with pytest.raises(DataError, match=f"data.folds={folds}: .*\\.$"):
            select_fold(train, val, Fold(folds, 0, seed))
        return
    evaluated = []
    for number in range(folds):
        some = select_fold(train, val, Fold(folds, number, seed))
        assert set(labels[some["val"]]) == set(range(len(sizes)))
        assert set(train.labels[some["train"]]) == set(range(len(sizes)))
        held_back = {ids[index] for index in some["val"]}
        trained = {train.groups[index] for index in some["train"]}
        assert held_back.isdisjoint(trained)
        assert held_back | trained == set(ids)
        evaluated += some["val"].tolist()
    assert sorted(evaluated) == list(range(len(labels)))


@st.composite
def predictions(draw):
    """Labels of unequal classes; predictions, most of them of one class."""
    sizes = draw(SIZES)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    random = np.random.default_rng(draw(st.integers(0, 10**6)))
    # A network may have outputs without a class.
    one = draw(st.integers(0, len(sizes)))
    share = draw(st.sampled_from((0.0, 0.5, 0.9, 0.95, 0.98, 1.0)))
    others = random.integers(0, len(sizes) + 1, len(labels))
    kept = random.random(len(labels)) < draw(st.sampled_from((0.0, 0.5, 1.0)))
    others = np.where(kept, labels, others)
    return labels, np.where(random.random(len(labels)) < share, one, others)


@fuzz(300, given_and_named=predictions())
def test_figures_of_unequal_classes_agree_with_their_definitions(
    given_and_named,
):
    labels, predicted = given_and_named
    recalls = [
        np.mean(predicted[labels == label] == label)
        for label in np.unique(labels)
    ]
    expected = np.mean(recalls)
    assert abs(balanced_accuracy(labels, predicted) - expected) < 1e-12
    dominant = [
        index
        for index in range(predicted.max() + 1)
        if np.mean(predicted == index) >= 0.95
        and np.any(labels != index)
        and np.mean(predicted[labels != index] == index) >= 0.9
    ]
    assert locate_dominant_class(labels, predicted) == (dominant or [None])[0]
