"""Shared by the tests of the layers."""

import numpy as np
import pytest
import tensorflow as tf


@pytest.fixture
def images():
    """Eight uint8 images of noise, higher than wide."""
    generator = np.random.default_rng(0)
    return generator.integers(0, 256, (8, 40, 24, 3), dtype=np.uint8)


@pytest.fixture
def labels():
    """Soft labels of five classes for the eight images."""
    generator = np.random.default_rng(1)
    return generator.dirichlet(np.ones(5), size=8).astype(np.float32)


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
