"""Shared by the tests of the layers."""

import inspect

import numpy as np
import pytest
import tensorflow as tf

import augment_tf

ARGUMENTS = {
    "RandomErasing": {"probability": 1.0, "fill": "noise"},
    "RandomCrop": {"padding": 3, "fill": (1, 2, 3)},
    "RandomResizedCrop": {"size": (16, 20)},
    "RandomAffine": {"translate": (0.1, 0.2), "scale": (0.5, 2), "shear": 9},
    # Nothing but the share of images is random.
    **dict.fromkeys(
        ("AutoContrast", "Equalize", "Posterize", "Solarize"),
        {"probability": 0.5},
    ),
    "RandomGrayscale": {"probability": 0.5},
    "OneOf": {"probabilities": (0.6, 0.4)},
}
NAMES = [
    name
    for name in augment_tf.__all__
    if inspect.isclass(getattr(augment_tf, name)) and name != "Augmentation"
]
# The machinery that all layers share is tested on these: one that erases, one
# that resizes, one that mixes, one on bytes, and a chain with colors.
REPRESENTATIVES = (
    "RandomErasing",
    "RandomResizedCrop",
    "CutMix",
    "Posterize",
    "Sequence",
)
TESTS_OF_EVERY_LAYER = (
    "test_uint8_stays_uint8_where_no_colors_are_computed",
    "test_same_seed_gives_same_bits_and_another_seed_others",
    "test_xla_gives_the_eager_bits",
    "test_gradients_are_those_of_finite_differences",
    "test_configuration_survives_json",
    "test_documentation_runs_and_is_complete",
    "test_inference_adds_no_operations",
)
TESTS_OF_EVERY_KIND = (
    "test_floats_outside_the_range_of_images",
    "test_inference_leaves_images_alone",
    "test_images_of_another_range",
    "test_gray_images",
    "test_an_empty_batch",
)
# Formats and graphs, which know no layer: one that mixes and one that resizes.
TESTS_OF_TWO_LAYERS = (
    "test_a_functional_model_is_saved_loaded_and_fitted",
    "test_a_dataset_of_pairs_is_mapped_with_the_layer",
    "test_batches_of_one_out_of_a_dataset",
    "test_an_empty_batch_in_a_graph",
)
# They share all but their pixels with AutoContrast, PCALighting or RandAugment.
ALIKE = (
    "Equalize",
    "Posterize",
    "RandomChannelShift",
    "RandomGrayscale",
    "Sharpness",
    "Solarize",
    "AutoAugment",
    "TrivialAugmentWide",
)


def make(name, **arguments):
    if name == "Sequence":
        layers = [make(member) for member in ("RandomFlip", "ColorJitter")]
        mixing = make("MixUp")
        arguments["layers"] = [*layers, augment_tf.Sequence([mixing])]
    if name == "OneOf":
        members = [make(member) for member in ("CutMix", "ResizeMix")]
        arguments["layers"] = members
    if name == "RandomApply":
        arguments["layer"] = make("Cutout")
    layer = getattr(augment_tf, name)
    return layer(**ARGUMENTS.get(name, {}), **arguments)


@pytest.fixture
def layer(layer_name):
    """Every exported layer, every kind, or representatives; see above."""
    return make(layer_name)


def pytest_generate_tests(metafunc):
    if "layer_name" in metafunc.fixturenames:
        test, names = metafunc.function.__name__, REPRESENTATIVES
        if test in TESTS_OF_EVERY_LAYER:
            names = NAMES
        elif test in TESTS_OF_TWO_LAYERS:
            names = ("CutMix", "RandomResizedCrop")
        elif test in TESTS_OF_EVERY_KIND:
            names = [name for name in NAMES if name not in ALIKE]
        metafunc.parametrize("layer_name", names)


@pytest.fixture
def make_another():
    """Makes a layer like another, with arguments of its own."""
    return lambda layer, **arguments: make(type(layer).__name__, **arguments)


@pytest.fixture
def make_all():
    """Makes a list of all exported layers, with these arguments."""
    return lambda **arguments: [make(name, **arguments) for name in NAMES]


@pytest.fixture
def images():
    """Eight uint8 images of pale noise, higher than wide."""
    generator = np.random.default_rng(0)
    return generator.integers(9, 250, (8, 40, 24, 3), dtype=np.uint8)


@pytest.fixture
def labels():
    """Soft labels of five classes for the eight images."""
    generator = np.random.default_rng(1)
    return generator.dirichlet(np.ones(5), size=8).astype(np.float32)


@pytest.fixture
def batch(images, labels):
    return {"images": tf.constant(images), "labels": tf.constant(labels)}


@pytest.fixture
def draw_many():
    """Random transformations of `batches` batches of a thousand images."""

    def draw(layer, height, width, batches=20):
        images = tf.zeros((1000, height, width, 3), tf.uint8)
        drawn = [
            layer.get_random_transformation(images, tf.constant((5, batch)))
            for batch in range(batches)
        ]
        return tf.nest.map_structure(
            lambda *parts: np.concatenate([part.numpy() for part in parts]),
            *drawn,
        )

    return draw
