"""Data sets of tensorflow-datasets are read in place."""

import io
from dataclasses import replace

import numpy as np
import PIL.Image
import pytest
import tensorflow_datasets as tfds

from pipelines.config import Data
from pipelines.errors import DataError
from pipelines.files.decoding import decode
from pipelines.loading import load, open_source
from pipelines.location import Location

CLASSES = ["round", "square", "flat"]
SIZES = {"train": 30, "test": 12}


def picture(split, number):
    """A file of noise: gray PNGs and JPEGs that lie on their side in turns."""
    random = np.random.default_rng([len(split), number])
    buffer = io.BytesIO()
    if number % 2:
        pixels = random.integers(0, 256, (12, 9), np.uint8)
        PIL.Image.fromarray(pixels).save(buffer, "PNG")
    else:
        pixels = random.integers(0, 256, (9, 12, 3), np.uint8)
        turned = PIL.Image.Exif()
        turned[0x0112] = 6
        PIL.Image.fromarray(pixels).save(buffer, "JPEG", exif=turned)
    return buffer.getvalue()


class Drawn(tfds.core.GeneratorBasedBuilder):
    """Builds what a test asks for."""

    VERSION = tfds.core.Version("1.9.0")
    SUPPORTED_VERSIONS = [tfds.core.Version("1.10.0")]
    BUILDER_CONFIGS = [
        tfds.core.BuilderConfig(name=name) for name in ("plain", "blurred")
    ]

    def __init__(
        self, *, sizes=SIZES, features=None, keys=("image", "label"), **kwargs
    ):
        self._sizes = sizes
        self._given = features or {
            "image": tfds.features.Image(),
            "label": tfds.features.ClassLabel(names=CLASSES),
        }
        self._keys = keys
        super().__init__(**kwargs)

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description="Noise.",
            features=tfds.features.FeaturesDict(self._given),
            supervised_keys=self._keys,
        )

    def _split_generators(self, dl_manager):
        return {name: self._generate_examples(name) for name in self._sizes}

    def _generate_examples(self, split):
        for number in range(self._sizes[split]):
            values = {
                "image": picture(split, number),
                "label": -1 if split == "unlabelled" else number % 3,
                "number": number,
            }
            yield number, {key: values[key] for key in self._given}


def build(data_dir, config="plain", **options):
    """Prepares a data set, as `tfds build` does."""
    builder = Drawn(data_dir=data_dir, config=config, **options)
    builder.download_and_prepare()
    return builder


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """The location of a data set that no test changes."""
    data_dir = tmp_path_factory.mktemp("tfds")
    build(data_dir)
    return Location(data_dir)


def refusal(name, location):
    with pytest.raises(DataError) as caught:
        open_source(Data(name), location)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def expected(split, size):
    """{pixels: label}"""
    return {
        decode(picture(split, number), size).tobytes(): number % 3
        for number in range(SIZES[split])
    }


@pytest.mark.parametrize("size", [12, 20])
@pytest.mark.parametrize("budgets", [{}, {"cache_gib": 0.0, "disk_gib": 0.0}])
def test_images_and_labels_are_those_of_the_files(prepared, size, budgets):
    config = Data(name="tfds/drawn", image_size=size, val="test", **budgets)
    data = load(config, prepared)
    assert data.class_names == CLASSES
    for name, split in (("train", data.train), ("test", data.val)):
        images = [image.tobytes() for image in split.images[:]]
        labels = split.labels.tolist()
        assert dict(zip(images, labels, strict=True)) == expected(name, size)
        assert len(set(split.ids)) == len(split.ids) == SIZES[name]


def test_sums_and_slices_are_of_the_same_images(prepared):
    source = open_source(Data("tfds/drawn"), prepared)
    whole, test = source.split("train"), source.split("test")
    assert source.split("train[20%:50%]").ids == whole.ids[6:15]
    assert source.split("test+train[-5:]").ids == test.ids + whole.ids[-5:]
    few = source.split("train[20:]")
    images = np.empty((10, 12, 12, 3), np.uint8)
    others = np.empty_like(images)
    few.decode_into(images, np.arange(10))
    whole.decode_into(others, np.arange(20, 30))
    np.testing.assert_array_equal(images, others)
    np.testing.assert_array_equal(few.labels, whole.labels[20:])
    # The JPEG files lie on their side.
    assert {tuple(size) for size in few.sizes()} == {(9, 12), (12, 9)}


def test_splits_that_overlap_are_refused(prepared):
    config = Data(name="tfds/drawn", image_size=12, val="train[:10%]")
    with pytest.raises(DataError, match="3 of 3 images of val .* are in train"):
        load(config, prepared)


def test_single_class_is_refused(tmp_path):
    features = {
        "image": tfds.features.Image(),
        "label": tfds.features.ClassLabel(names=["round"]),
    }
    tfds.dataset_builders.store_as_tfds_dataset(
        name="single",
        version="1.0.0",
        features=tfds.features.FeaturesDict(features),
        data_dir=tmp_path,
        split_datasets={
            "train": [("1", {"image": picture("train", 1), "label": 0})]
        },
    )
    message = refusal("tfds/single", Location(tmp_path))
    assert "at least two classes. Received: only 'round'" in message


def test_only_split_beside_train_has_both_names(prepared):
    source = open_source(Data("tfds/drawn"), prepared)
    assert source.splits == ["train", "test"]
    assert source.split("validation").ids == source.split("test").ids
    half = source.split("validation[:50%]").ids
    assert half == source.split("test").ids[:6]
    (note,) = source.notes
    assert "no split validation: test stands for it" in note


@pytest.mark.parametrize(
    "name", ["holdout", "train[:200%]", "train[3:3]", "train[5:3]", "train+"]
)
def test_other_splits_are_refused(prepared, name):
    source = open_source(Data("tfds/drawn"), prepared)
    with pytest.raises(DataError, match=r"drawn/plain/1\.9\.0 has no") as got:
        source.split(name)
    assert "\n" not in str(got.value)


def test_names_find_configs_and_versions(tmp_path):
    location = Location(tmp_path)
    for version in ("1.9.0", "1.10.0"):
        build(tmp_path, version=version)
    (tmp_path / "drawn" / "plain" / "incomplete.ABC_2.0.0").mkdir()

    def found(name):
        (note,) = open_source(Data(name), location).notes
        return note.split()[0]

    assert found("tfds/drawn") == "drawn/plain/1.10.0"
    assert found("tfds/drawn:1.9.0") == "drawn/plain/1.9.0"
    assert found("tfds/drawn/plain:1.9.0") == "drawn/plain/1.9.0"
    build(tmp_path, "blurred")
    assert found("tfds/drawn/blurred") == "drawn/blurred/1.9.0"
    text = refusal("tfds/drawn", location)
    assert "several configs: blurred, plain" in text
    assert "data.name=tfds/drawn/blurred" in text
    text = refusal("tfds/drawn/plain:3.0.0", location)
    assert "drawn/plain/3.0.0; there is drawn/blurred/1.9.0" in text


def test_what_is_not_prepared_is_not_downloaded(tmp_path):
    text = refusal("tfds/cifar10", Location(tmp_path))
    assert str(tmp_path / "cifar10") in text
    assert f"`tfds build cifar10 --data_dir={tmp_path}`" in text
    assert not list(tmp_path.iterdir())
    for name in ("tfds/", "tfds/../x", "tfds/a/b/c", "tfds/a:new"):
        assert "expected tfds/NAME" in refusal(name, Location(tmp_path))


@pytest.mark.parametrize(
    ("features", "keys"),
    [
        ({"image": tfds.features.Image()}, None),
        (
            {
                "image": tfds.features.Image(),
                "number": tfds.features.Scalar(np.int64),
            },
            ("image", "number"),
        ),
        (
            {
                "image": tfds.features.Text(),
                "label": tfds.features.ClassLabel(names=CLASSES),
            },
            ("image", "label"),
        ),
    ],
)
def test_other_features_are_refused(tmp_path, features, keys):
    build(tmp_path, features=features, keys=keys)
    text = refusal("tfds/drawn", Location(tmp_path))
    for name, feature in features.items():
        assert f"{name} ({type(feature).__name__})" in text


def test_features_go_by_their_own_names(tmp_path):
    class Named(Drawn):
        """The same with other names."""

        def _generate_examples(self, split):
            for number in range(SIZES[split]):
                photo = picture(split, number)
                yield number, {"photo": photo, "kind": number % 3}

    builder = Named(
        data_dir=tmp_path,
        config="plain",
        features={
            "photo": tfds.features.Image(),
            "kind": tfds.features.ClassLabel(num_classes=3),
        },
        keys=("photo", "kind"),
    )
    builder.download_and_prepare()
    data = load(Data(name="tfds/named", image_size=12), Location(tmp_path))
    assert data.class_names == ["0", "1", "2"]
    images = [image.tobytes() for image in data.train.images]
    labels = data.train.labels.tolist()
    assert dict(zip(images, labels, strict=True)) == expected("train", 12)


def test_images_without_labels_are_refused(tmp_path):
    build(tmp_path, sizes={"train": 6, "unlabelled": 3})
    source = open_source(Data("tfds/drawn"), Location(tmp_path))
    assert len(source.split("train").labels) == 6
    with pytest.raises(DataError, match="'unlabelled' have no labels"):
        source.split("unlabelled")


def test_other_formats_of_files_are_refused(tmp_path):
    build(tmp_path, file_format="array_record")
    text = refusal("tfds/drawn", Location(tmp_path))
    assert "is in the format array_record" in text
    assert "--file_format=tfrecord" in text


def test_fingerprints_tell_other_images(prepared, tmp_path):
    config = Data(name="tfds/drawn", image_size=12, val="test")
    first = load(config, prepared).fingerprints
    build(tmp_path / "same")
    assert load(config, Location(tmp_path / "same")).fingerprints == first
    fewer = load(replace(config, train="train[:20]"), prepared).fingerprints
    assert fewer["train"] != first["train"]
    assert fewer["val"] == first["val"]
    build(tmp_path / "other", sizes={"train": 30, "test": 11})
    other = load(config, Location(tmp_path / "other")).fingerprints
    assert other["train"] == first["train"]
    assert other["val"] != first["val"]


def test_seed_of_a_split_is_refused(prepared):
    with pytest.raises(DataError, match="splits of its own"):
        open_source(Data("tfds/drawn", split_seed=3), prepared)
