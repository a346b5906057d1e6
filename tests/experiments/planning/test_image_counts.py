"""Numbers of images are those that a run gets."""

from dataclasses import replace

import numpy as np
import PIL.Image
import pytest

from experiments.configs.registry import EXPERIMENTS, get_experiment
from experiments.errors import ConfigError
from experiments.planning.image_counts import Counts, count_images
from pipelines.config import Data
from pipelines.errors import DataError
from pipelines.loading import load
from pipelines.location import Location


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"limit_train": 50, "limit_val": 30, "selection": "validation"},
        {"classes": 4},
    ],
)
def test_of_drawn_images(changes, tmp_path):
    config = Data(name="shapes", val="occluded", image_size=8, **changes)
    data = load(config, Location(tmp_path))
    counts = count_images(config, Location(tmp_path))
    assert counts.train == len(data.train.labels)
    assert counts.val == counts.evaluated(7) == len(data.val.labels)
    selection = data.selection
    assert counts.selection == (len(selection.labels) if selection else 0)
    assert counts.classes == len(data.class_names)
    assert counts.origin == "Images of shapes are counted"


@pytest.mark.parametrize(
    "name",
    ["tinyimagenet_fair_baseline", "tinyimagenet_random_erase"],
)
def test_of_data_that_is_there(name, data_dir, tmp_path):
    """The small archive: 10 classes of 50 and 20 images."""
    location = Location(data_dir / "tiny-imagenet-mini.zip", tmp_path)
    config = replace(get_experiment(name).data, load_size=None, image_size=16)
    counts = count_images(config, location)
    data = load(config, location)
    assert counts.train == len(data.train.labels)
    assert counts.val == len(data.val.labels)
    assert counts.classes == 10


def test_of_own_images(tmp_path):
    random = np.random.default_rng(0)
    for name in ("ants", "bees", "cows"):
        (tmp_path / "mine" / name).mkdir(parents=True)
        for number in range(10):
            pixels = random.integers(0, 256, (9, 8, 3), np.uint8)
            PIL.Image.fromarray(pixels).save(
                tmp_path / "mine" / name / f"{number}.png"
            )
    config = Data(name="image_folder", image_size=8)
    counts = count_images(config, Location(tmp_path / "mine"))
    assert counts[:6] == (24, 6, 0, 3, 6, 2)
    # Nobody knows what is not there.
    with pytest.raises(DataError, match="there are no images in .*nowhere"):
        count_images(config, Location(tmp_path / "nowhere"))


@pytest.mark.parametrize(
    ("split", "images"),
    [
        ("train", 90_000),
        ("train[50000:]", 40_000),
        ("train[:10%]+holdout", 19_000),
        ("train[10%:50000]", 41_000),
        ("validation[-100:]", 100),
    ],
)
def test_of_slices_of_data_that_is_not_there(split, images, tmp_path):
    config = Data(name="tiny_imagenet", train=split)
    assert count_images(config, Location(tmp_path)).train == images


def test_of_the_judged_images_of_the_pocket_study(tmp_path):
    config = get_experiment("tinyimagenet_pocket_baseline").data
    counts = count_images(config, Location(tmp_path))
    assert counts[:4] == (5000, 6000, 0, 20)


def test_of_folds(data_dir, tmp_path):
    location = Location(data_dir / "cats-and-dogs-test.zip", tmp_path)
    config = get_experiment("catsdogs_fair_original").data
    there = count_images(config, location)
    assert there[:6] == (112, 28, 0, 2, 140, 70)
    absent = count_images(config, Location(tmp_path / "empty"))
    assert absent[:6] == there[:6]
    assert "not in" in absent.origin
    assert [there.evaluated(seeds) for seeds in (1, 3, 5, 15)] == [
        28,
        84,
        140,
        140,
    ]
    augly = get_experiment("catsdogs_fair_augly").data
    assert count_images(augly, location).train == 448


@pytest.mark.parametrize(
    "experiment",
    [e for e in EXPERIMENTS.values() if e.data.name != "image_folder"],
    ids=lambda experiment: experiment.name,
)
def test_no_experiment_needs_its_data_for_that(experiment, tmp_path):
    counts = count_images(experiment.data, Location(tmp_path))
    assert counts.train > 0
    assert counts.val > 0
    assert not list(tmp_path.iterdir())


def test_of_tiny_imagenet_as_documented(tmp_path):
    config = get_experiment("tinyimagenet_fair_baseline").data
    found = count_images(config, Location(tmp_path))
    assert found[:5] == (90_000, 10_000, 10_000, 200, 10_000)
    both = replace(config, train="train+holdout")
    assert count_images(both, Location(tmp_path)).train == 100_000
    some = count_images(replace(both, classes=50), Location(tmp_path))
    assert some[:5] == (25_000, 2_500, 2_500, 50, 2_500)


def test_what_is_not_documented_is_asked_for(tmp_path):
    config = Data(name="tiny_imagenet", train="train_of_mine")
    with pytest.raises(ConfigError, match="'train_of_mine'.*--data_dir"):
        count_images(config, Location(tmp_path))


def test_folds_together_are_all_images():
    counts = Counts(80, 20, 0, 2, 100, 50, "")
    assert [counts.evaluated(seeds) for seeds in (1, 4, 5, 6)] == [
        20,
        80,
        100,
        100,
    ]
