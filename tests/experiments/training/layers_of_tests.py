"""Layers that are seeded, or not; the workers import them by this name."""

import secrets
import types

import keras
import numpy as np


class _Layer(keras.layers.Layer):
    """Adds what `draw` gives to the images or to the labels of a batch."""

    def __init__(self, key="images", seed=None, **options):
        super().__init__(**options)
        self.key = key

    def call(self, batch, training=False):
        return batch | {self.key: batch[self.key] + self.draw()}


class Seeded(_Layer):
    """Draws from a global generator, which can be set."""

    def draw(self):
        return np.random.random()


class Unseeded(_Layer):
    """Draws from the operating system, which no seed reaches."""

    def draw(self):
        return secrets.randbelow(2**20) / 2**20


layers = types.SimpleNamespace(Seeded=Seeded, Unseeded=Unseeded)
