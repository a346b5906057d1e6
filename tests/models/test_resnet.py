"""The network has the published size, starts right, and takes raw images."""

import doctest
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import models
from augment_tf.ops import saliency_opencv
from models import config, initializers, resnet
from models.initializers import get_initializer, known_names


def trainable_parameters(model):
    return sum(int(np.prod(w.shape)) for w in model.trainable_weights)


# torchvision's counts at 1000 classes, and the published one at 200; of ResNet4
# and ResNet10, which torchvision has not, the sum of the stem, blocks of two
# convolutions, shortcuts and the head.
@pytest.mark.parametrize(
    ("name", "classes", "parameters"),
    [
        ("ResNet4", 1000, 148_520),
        ("ResNet10", 1000, 5_418_792),
        ("ResNet18", 1000, 11_689_512),
        ("ResNet34", 1000, 21_797_672),
        ("ResNet50", 200, 23_917_832),
        ("ResNet101", 1000, 44_549_160),
    ],
)
def test_family_has_the_known_sizes(name, classes, parameters):
    model = getattr(models, name)(weights=None, classes=classes)
    assert trainable_parameters(model) == parameters


@pytest.mark.parametrize(("stem", "side"), [("imagenet", 2), ("small", 8)])
def test_stem_decides_the_resolution_of_the_last_stage(stem, side):
    model = models.ResNet18(input_shape=(64, 64, 3), stem=stem, width=8)
    pooling = next(
        layer
        for layer in model.layers
        if isinstance(layer, keras.layers.GlobalAveragePooling2D)
    )
    assert pooling.input.shape[1:3] == (side, side)


def test_stride_sits_in_the_3x3_convolution():
    model = models.ResNet50(input_shape=(64, 64, 3))
    strided = [
        layer
        for layer in model.layers
        if isinstance(layer, keras.layers.Conv2D) and layer.strides == (2, 2)
    ]
    sizes = [layer.kernel_size[0] for layer in strided]
    # The stem, then the 3x3 in each of three stages.
    assert sorted(sizes) == [3, 3, 3, 7]


@pytest.mark.parametrize("side", [8, 9])
def test_shortcut_takes_the_pixels_of_a_strided_convolution(side):
    pixels = keras.Input((side, side, 3))
    shortcut = resnet._Builder("he_normal", False).convolution(pixels, 5, 1, 2)
    model = keras.Model(pixels, shortcut)
    images = np.random.default_rng(0).random((2, side, side, 3), "float32")
    (kernel,) = model.weights
    np.testing.assert_allclose(
        model(images),
        keras.ops.conv(images, kernel, strides=2, padding="same"),
        atol=1e-6,
    )


def test_batches_of_one_image_leave_memory_intact():
    script = Path(__file__).with_name("one_image.py")
    done = subprocess.run(
        [sys.executable, script],
        env={**os.environ, "PYTHONPATH": ".", "TF_ENABLE_ONEDNN_OPTS": "1"},
        cwd=script.parents[2],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_raw_images_are_normalized_inside_the_model():
    model = models.ResNet18(input_shape=(8, 8, 3), stem="small", width=4)
    normalization = model.get_layer("normalization")
    image = np.full((1, 8, 8, 3), (10, 128, 255), np.uint8)
    expected = (image / 255 - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)
    np.testing.assert_allclose(normalization(image), expected, atol=1e-5)
    as_float = model.predict(image.astype("float32"), verbose=0)
    np.testing.assert_array_equal(model.predict(image, verbose=0), as_float)


def test_imagenet_is_the_same_in_models_and_in_augment_tf():
    """Which stands alone, and so has its own copy."""
    for name in ("IMAGENET_MEAN", "IMAGENET_STD"):
        assert getattr(saliency_opencv, name) == getattr(config, name)


def test_package_has_the_networks_and_nothing_else():
    for name in models.__all__:
        assert getattr(models, name).__name__ == name
    with pytest.raises(AttributeError, match="ResNet51"):
        models.ResNet51  # noqa: B018


def test_logits_are_float32_under_mixed_precision():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = models.ResNet18(input_shape=(16, 16, 3), width=4)
    finally:
        keras.config.set_dtype_policy(before)
    assert model(np.zeros((1, 16, 16, 3), np.uint8)).dtype == "float32"
    assert model.get_layer("normalization").compute_dtype == "float32"


@pytest.mark.parametrize(
    ("name", "deviation"),
    [
        ("he_normal_fan_out", np.sqrt(2 / (3 * 3 * 256))),
        ("he_normal", np.sqrt(2 / (3 * 3 * 128))),
        ("glorot_uniform", np.sqrt(2 / (3 * 3 * (128 + 256)))),
        ("linear_uniform", np.sqrt(1 / (3 * 3 * 128 * 3))),
    ],
)
def test_initializer_has_the_deviation_of_its_definition(name, deviation):
    values = np.asarray(get_initializer(name)((3, 3, 128, 256)))
    assert np.std(values) == pytest.approx(deviation, rel=0.01)
    assert abs(np.mean(values)) < 4 * deviation / np.sqrt(values.size)


def test_head_bias_starts_at_zero_or_as_in_pytorch():
    def bias(**options):
        model = models.ResNet18(
            input_shape=(16, 16, 3), classes=2000, width=8, **options
        )
        return np.asarray(model.get_layer("logits").bias)

    assert not bias().any()
    values = bias(head_bias_initializer="linear_uniform")
    # The last stage has eight times the first one's filters.
    bound = 1 / np.sqrt(64)
    assert np.abs(values).max() <= bound
    # The deviation of a uniform distribution; 4 sigma of its estimate.
    assert np.std(values) == pytest.approx(bound / np.sqrt(3), rel=0.04)


def test_convolutions_of_one_shape_start_differently():
    model = models.ResNet18(input_shape=(16, 16, 3), stem="small", width=8)
    kernels = [
        np.asarray(layer.kernel)
        for layer in model.layers
        if isinstance(layer, keras.layers.Conv2D)
        and layer.kernel.shape == (3, 3, 8, 8)
    ]
    assert len(kernels) == 4
    for index, kernel in enumerate(kernels[1:]):
        assert not np.array_equal(kernels[index], kernel)


def test_unknown_names_are_refused_with_close_ones():
    with pytest.raises(ValueError, match=r"he_normal.*Received: 'he_norml'"):
        get_initializer("he_norml")
    with pytest.raises(ValueError, match="stem.*Received: 'tiny'"):
        models.ResNet18(stem="tiny")
    with pytest.raises(ValueError, match="weights.*None.*imagenet"):
        models.ResNet50(weights="imagenet")
    assert "orthogonal" in known_names()


@pytest.mark.parametrize("module", [initializers, resnet])
def test_examples_run(module):
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0
