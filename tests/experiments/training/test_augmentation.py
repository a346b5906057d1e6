"""Configs become layers; what does not fit is refused in one line."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.configs.overrides import override
from experiments.configs.registry import EXPERIMENTS
from experiments.configs.schema import layer
from experiments.errors import ConfigError
from experiments.training.augmentation import build_augmentation
from pipelines.config import Data

# The last experiment of each list of layers and image size.
DISTINCT = {
    repr((each.augment, each.data.image_size, each.data.load_size)): name
    for name, each in EXPERIMENTS.items()
}


@pytest.mark.parametrize("name", DISTINCT.values())
def test_every_experiment_augments_to_its_image_size(name):
    experiment = EXPERIMENTS[name]
    augmentation = build_augmentation(experiment)
    if not experiment.augment:
        assert augmentation is None
        return
    size = experiment.data.load_size or experiment.data.image_size
    images = np.random.default_rng(0).integers(0, 256, (4, size, size, 3))
    batch = {
        "images": images.astype(np.uint8),
        "labels": np.eye(4, dtype=np.float32),
    }
    out = augmentation.apply(batch, (1, 2))
    side = experiment.data.image_size
    assert out["images"].shape == (4, side, side, 3)
    np.testing.assert_allclose(np.sum(out["labels"], -1), np.ones(4), rtol=1e-6)


def test_published_fill_is_the_published_value_after_normalization():
    experiment = EXPERIMENTS["tinyimagenet_random_erase"]
    layer = build_augmentation(
        override(experiment, ["augment.RandomErasing.probability=1"])
    )
    erased = layer.apply(np.zeros((1, 64, 64, 3), np.float32), (1, 2))
    pixels = np.reshape(erased, (-1, 3))
    pixels = pixels[pixels.any(-1)]
    # round(sqrt(0.4 * 64 * 64)) on a side.
    assert len(pixels) == 40 * 40
    mean, std = (0.4802, 0.4481, 0.3975), (0.2302, 0.2265, 0.2262)
    assert (experiment.model.mean, experiment.model.std) == (mean, std)
    after = (pixels / 255 - mean) / std
    expected = np.broadcast_to((0.4914, 0.4822, 0.4465), after.shape)
    np.testing.assert_allclose(after, expected, atol=1e-5)


def test_no_layers_is_no_augmentation(tiny):
    assert build_augmentation(replace(tiny, augment=())) is None


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (layer("SalientMix"), r"no layer 'SalientMix'.*SaliencyMix"),
        (layer("CutMix", beta=1.0), r"CutMix has no option 'beta'.*alpha"),
        (layer("CutMix", probability=2.0), r"augment\.CutMix: .*2\.0"),
        (layer("keras"), "no layer 'keras'"),
        (layer("AugLy", operations={"turn": {}}), "AugLy: .*'turn'.* unkno"),
        (layer("AugLy", rotate=3), r"AugLy has no option 'rotate'.*operatio"),
    ],
)
def test_wrong_layers_are_refused(tiny, layer, message):
    with pytest.raises(ConfigError, match=message):
        build_augmentation(replace(tiny, augment=(layer,)))


def test_images_that_would_not_fit_the_network_are_refused(tiny):
    wrong = replace(tiny, data=Data(image_size=32, load_size=16))
    with pytest.raises(ConfigError, match=r"load_size=16.*RandomResizedCrop"):
        build_augmentation(wrong)
    salmix = EXPERIMENTS["tinyimagenet_salmix"]
    layer = build_augmentation(override(salmix, ["data.image_size=48"]))
    assert layer.compute_output_shape((8, 90, 70, 3)) == (8, 48, 48, 3)


@pytest.mark.parametrize(
    "layer",
    [
        layer("SaliencyMix", saliency="opencv"),
        layer("keras/RandomFlip"),
        layer("AugLy"),
    ],
)
def test_layers_of_the_host_are_refused_on_the_device(tiny, layer):
    data = replace(tiny.data, augment_on="device")
    with pytest.raises(ConfigError, match=r"set data\.augment_on=host"):
        build_augmentation(replace(tiny, data=data, augment=(layer,)))


def test_augly_is_a_layer_like_others(tiny):
    """Its options may come from the command line or from JSON."""
    layers = (layer("AugLy"), layer("RandomFlip", probability=0.0))
    experiment = override(
        replace(tiny, augment=layers),
        ["augment.AugLy.operations={'hflip': {}, 'blur': {'radius': [1, 2]}}"],
    )
    images = np.random.default_rng(0).integers(0, 256, (4, 24, 24, 3))
    images = images.astype(np.uint8)
    batch = {"images": images, "labels": np.eye(4, dtype=np.float32)}
    out = build_augmentation(experiment).apply(batch, (1, 2))
    assert out["images"].dtype == np.uint8
    assert np.std(out["images"]) < 0.5 * np.std(images)
    np.testing.assert_array_equal(out["labels"], batch["labels"])


def test_arms_share_what_they_have_in_common():
    """Same seed, same crops and flips: the arms are compared in pairs."""
    images = np.random.default_rng(0).integers(0, 256, (16, 64, 64, 3))
    batch = {
        "images": images.astype(np.uint8),
        "labels": np.eye(16, dtype=np.float32),
    }
    baseline, arm = (
        build_augmentation(EXPERIMENTS[f"tinyimagenet_fair_{name}"])
        for name in ("baseline", "random_erase")
    )
    expected = np.asarray(baseline.apply(batch, (3, 4))["images"])
    got = np.asarray(arm.apply(batch, (3, 4))["images"])
    same = (got == expected).all(-1)
    # Half of the images lose up to 40 % of their pixels.
    assert 0.7 < same.mean() < 0.97
    assert same.all((1, 2)).any()
