"""Previews: the same images as the training of each arm shows them."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from experiments.configs.registry import EXPERIMENTS
from experiments.configs.schema import as_json, layer
from experiments.errors import ConfigError
from experiments.report.figures import previews
from experiments.report.previews import originals, preview, read_originals
from experiments.run_folder import RunFolder
from experiments.training.augmentation import build_augmentation
from experiments.training.outputs import write_previews
from pipelines.config import Data, Offline
from tests.experiments.report.comparing import compare, get_text


def test_without_augmentation_images_are_as_drawn(tiny):
    images, labels = originals(tiny.data.image_size)
    assert images.shape == (6, 16, 16, 3)
    assert images.dtype == np.uint8
    found = preview(as_json(replace(tiny, augment=())))
    np.testing.assert_array_equal(found[0], images)
    np.testing.assert_array_equal(found[1], labels)


def test_arms_show_the_same_images(tiny):
    erased, labels = preview(
        as_json(replace(tiny, augment=(layer("RandomErasing", probability=1),)))
    )
    images, expected = originals(16)
    same = (erased == images).all(-1).mean((1, 2))
    assert (same > 0.3).all()
    assert (same < 1).all()
    np.testing.assert_array_equal(labels, expected)


@pytest.mark.parametrize("box", ["per_image", "per_batch"])
def test_mixed_images_have_their_shares_and_boxes_of_their_own(tiny, box):
    mixing = replace(
        tiny,
        data=replace(tiny.data, image_size=32),
        augment=(layer("SaliencyMix", box=box),),
    )
    mixed, labels = preview(as_json(mixing))
    images, _ = originals(32)
    kept = (mixed == images).all(-1)
    np.testing.assert_allclose(labels.sum(1), 1, rtol=1e-6)
    for index in np.flatnonzero(labels.max(1) < 1):
        # Where partners look alike, a few pixels more.
        assert kept[index].mean() >= labels[index, index] - 1e-6
        assert kept[index].mean() < labels[index, index] + 0.2
    assert len(np.unique(kept.reshape(6, -1), axis=0)) > 3


def test_it_is_what_the_layers_make(tiny):
    images, labels = originals(16)
    batch = {"images": images, "labels": labels}
    made = build_augmentation(tiny).apply(batch, (0, 4))
    found = preview(as_json(tiny))
    np.testing.assert_array_equal(found[0][4], made["images"][4])
    np.testing.assert_array_equal(found[1][4], made["labels"][4])
    again = preview(as_json(tiny))
    np.testing.assert_array_equal(again[0], found[0])


def test_sizes_are_those_of_the_config():
    images, _ = preview(as_json(EXPERIMENTS["tinyimagenet_salmix"]))
    assert images.shape == (6, 224, 224, 3)


def test_variations_in_files_are_shown_too(tiny):
    pytest.importorskip("augly")
    offline = Offline(count=1, seed=0, operations={"hflip": {}})
    data = replace(tiny.data, name="catsdogs", offline=offline)
    found, _ = preview(as_json(replace(tiny, data=data, augment=())))
    np.testing.assert_array_equal(found, originals(16)[0][:, :, ::-1])


def test_a_config_of_another_version_is_said(tiny):
    config = as_json(tiny) | {"augment": [{"layer": "Gone", "options": {}}]}
    with pytest.raises(ConfigError, match="no layer 'Gone'"):
        preview(config)
    with pytest.raises(ConfigError, match="another version .optimiser"):
        preview(as_json(tiny) | {"optimiser": {}})
    del config["data"]["name"], config["augment"]
    with pytest.raises(ConfigError, match="another version"):
        preview(as_json(tiny) | {"data": 3})


def test_the_report_shows_every_arm_that_it_can(make_run):
    section = previews(
        compare(make_run("plain"), make_run("gone", augment=(layer("Gone"),)))
    )
    text, picture, lacking = section.blocks
    assert "a row an arm" in text.sentences[0]
    assert picture.figure is not None
    (sentence,) = lacking.sentences
    assert sentence.startswith("gone cannot be shown: augment: there is no ")


@pytest.fixture
def own_study(make_run):
    """An arm whose training shows six images of the study, and their pixels."""
    run = make_run("plain", augment=())
    images = np.random.default_rng(0).integers(0, 256, (8, 16, 16, 3), np.uint8)
    train = SimpleNamespace(
        images=images, labels=np.array([0, 0, 0, *range(5)])
    )
    data = SimpleNamespace(train=train)
    write_previews(run, Data(name="image_folder"), data)
    return run, images[[0, 1, 4, 5, 6, 7]]


def test_a_report_shows_images_of_the_study_unless_told_otherwise(own_study):
    run, images = own_study
    shown, labels = read_originals(run.path, "abcdef")
    np.testing.assert_array_equal(shown, images)
    np.testing.assert_array_equal(labels.argmax(1), [0, 0, 1, 2, 3, 4])
    material = compare(run)
    assert "same images of the study" in get_text(previews(material))
    drawn = replace(material, drawn_previews=True)
    assert "same drawn images" in get_text(previews(drawn))


def test_arms_of_other_sizes_show_the_images_of_the_study(own_study, tiny):
    shown = read_originals(own_study[0].path, "abcdef")
    larger = replace(tiny, data=replace(tiny.data, image_size=24), augment=())
    images, labels = preview(as_json(larger), shown)
    assert images.shape == (6, 24, 24, 3)
    assert abs(images.mean() - shown[0].mean()) < 2
    np.testing.assert_array_equal(labels, shown[1])


@pytest.mark.parametrize(
    "content",
    [
        {"images": np.zeros((6, 16, 16, 3), np.uint8)},
        {"images": np.zeros((6, 16, 16, 3)), "labels": np.zeros(6, int)},
        {"images": np.zeros((6, 16, 3), np.uint8), "labels": np.zeros(6, int)},
        {
            "images": np.zeros((0, 8, 8, 3), np.uint8),
            "labels": np.zeros(0, int),
        },
        {
            "images": np.zeros((6, 8, 8, 3), np.uint8),
            "labels": np.zeros(5, int),
        },
        {"images": np.zeros((1, 8, 8, 3), np.uint8), "labels": np.array([9])},
        {"images": np.zeros((1, 8, 8, 3), np.uint8), "labels": np.array(["a"])},
    ],
)
def test_without_whole_images_of_the_study_drawn_ones_are_shown(
    content, tmp_path
):
    assert read_originals(tmp_path, "abcdef") is None
    np.savez(tmp_path / "previews.npz", **content)
    assert read_originals(tmp_path, "abcdef") is None
    (tmp_path / "previews.npz").write_bytes(b"PK")
    assert read_originals(tmp_path, "abcdef") is None


@pytest.mark.parametrize(
    "changes",
    [
        *(
            {"name": name}
            for name in ("tiny_imagenet", "catsdogs", "tfds/mnist")
        ),
        {"name": "image_folder", "offline": Offline()},
    ],
)
def test_images_that_may_not_be_passed_on_are_not_kept(changes, tmp_path):
    write_previews(RunFolder(tmp_path), Data(**changes), None)
    assert list(tmp_path.iterdir()) == []
