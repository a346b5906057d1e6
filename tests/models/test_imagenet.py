"""With weights of ImageNet a network computes what keras.applications does."""

import dataclasses

import keras
import numpy as np
import pytest

import models
from models import imagenet
from models.batch_norm import FusedBatchNormalization
from models.config import Model

CONFIG = Model(name="ResNet50", weights="imagenet")


@pytest.fixture(scope="module")
def source():
    """The untrained network of keras.applications without its last layer."""
    model = keras.applications.ResNet50(
        weights=None, include_top=False, pooling="avg", input_shape=(32, 32, 3)
    )
    random = np.random.default_rng(0)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            # Ones and zeros would not tell the layers apart.
            layer.set_weights(
                [random.uniform(0.5, 1, w.shape) for w in layer.weights]
            )
    return model


@pytest.fixture(scope="module")
def network(source, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "weights.h5"
    # In the format of the files that are downloaded.
    source.save(path)
    network = models.build_network(
        CONFIG, image_size=32, classes=3, sync_batch_norm=True
    )
    imagenet.load_weights(network, path)
    return network


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(1).integers(0, 256, (4, 32, 32, 3), np.uint8)


@pytest.fixture
def small_body(monkeypatch):
    """A body of two layers, as the real one takes long to save."""

    def body(name, input_tensor):
        x = keras.layers.Conv2D(4, 3)(input_tensor)
        x = keras.layers.BatchNormalization()(x)
        x = keras.layers.GlobalAveragePooling2D()(x)
        return keras.Model(keras.utils.get_source_inputs(input_tensor), x)

    monkeypatch.setattr(imagenet, "_build_body", body)


def part(network, tensor):
    return keras.Model(network.input, tensor)


def test_images_are_normalized_as_by_keras(network, images):
    body_input = network.get_layer("conv1_pad").input
    expected = keras.applications.resnet.preprocess_input(images)
    got = part(network, body_input)(images)
    assert got.dtype == "float32"
    np.testing.assert_array_equal(got, expected)


def test_features_are_those_of_keras(network, source, images):
    expected = source(keras.applications.resnet.preprocess_input(images))
    got = part(network, network.get_layer("avg_pool").output)(images)
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)


def test_head_is_ours(network, images):
    head = network.get_layer("logits")
    assert network(images).shape == (4, 3)
    # linear_uniform.
    bound = 2048**-0.5
    assert 0.9 * bound < np.abs(head.kernel).max() <= bound
    assert not np.any(head.bias)


def test_batch_norm_is_fused_and_synchronized_where_asked_for(network):
    kinds = [
        layer
        for layer in network.layers
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    assert len(kinds) == 53
    for layer in kinds:
        assert isinstance(layer, FusedBatchNormalization)
        assert layer.synchronized
        assert layer.epsilon == 1.001e-5


def test_saved_network_is_read_by_keras_in_safe_mode(
    small_body, images, tmp_path
):
    network = models.build_network(CONFIG, image_size=32, classes=3)
    plain = models.without_fused(network)
    assert not any(type(x) is FusedBatchNormalization for x in plain.layers)
    plain.save(tmp_path / "model.keras")
    read = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_array_equal(read(images), network(images))


@pytest.mark.parametrize("name", imagenet.FILES)
def test_files_are_those_of_keras(name):
    """Its table is private, and may move."""
    module = pytest.importorskip("keras.src.applications.resnet")
    file = imagenet.FILES[name]
    assert file.md5 == module.WEIGHTS_HASHES[name.lower()][1]
    assert file.name.startswith(name.lower() + "_")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "ResNet18"),
        ("name", "ResNet34"),
        ("stem", "small"),
        ("width", 32),
        ("initializer", "glorot_uniform"),
        ("mean", (0.5, 0.5, 0.5)),
        ("std", (1.0, 1.0, 1.0)),
    ],
)
def test_options_that_keras_lacks_are_refused(field, value):
    config = dataclasses.replace(CONFIG, **{field: value})
    with pytest.raises(ValueError, match=f"expects model.{field}="):
        models.build_network(config, image_size=32, classes=3)


def test_images_that_are_too_small_are_refused():
    with pytest.raises(ValueError, match=r"image_size=32 or more.*: 31\."):
        models.build_network(CONFIG, image_size=31, classes=3)
