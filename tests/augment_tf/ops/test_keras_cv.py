"""The layers that KerasCV has, too, agree with it where both mean the same."""

import re
from pathlib import Path

import keras
import keras_cv
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import augment_tf

ROOT = Path(__file__).parents[3]
RANGE = {"value_range": (0, 255)}
SEED = (1, 2)


@pytest.fixture
def smooth_images():
    generator = np.random.default_rng(0)
    coarse = generator.integers(30, 220, (8, 5, 6, 3)).astype(np.uint8)
    size, method = (48, 40), Image.Resampling.BICUBIC
    return tf.constant(
        [
            np.array(Image.fromarray(each).resize(size, method))
            for each in coarse
        ]
    )


@pytest.mark.parametrize(
    ("ours", "theirs", "tolerance"),
    [
        # KerasCV does not cut off to whole numbers here.
        (
            augment_tf.AutoContrast(),
            keras_cv.layers.AutoContrast(**RANGE),
            1.0,
        ),
        (
            augment_tf.Equalize(),
            keras_cv.layers.Equalization(**RANGE),
            0.0,
        ),
        (
            augment_tf.Posterize(3),
            keras_cv.layers.Posterization(bits=3, **RANGE),
            0.0,
        ),
        # Its weights of the luma have three digits less.
        (
            augment_tf.RandomGrayscale(1.0),
            keras_cv.layers.Grayscale(output_channels=3),
            1.0,
        ),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_operations(ours, theirs, tolerance, smooth_images):
    changed = ours.apply(smooth_images, SEED).numpy().astype(float)
    expected = np.array(theirs(tf.cast(smooth_images, tf.float32)))
    assert np.abs(changed - expected).max() <= tolerance
    assert np.abs(changed - smooth_images.numpy()).max() > 10


def test_rand_augment_changes_images_as_much(smooth_images):
    """Each draws by itself: what is compared is the mean effect."""
    images = tf.tile(smooth_images, (6, 1, 1, 1))

    def effect(augmented):
        difference = np.array(augmented, dtype=float) - images.numpy()
        return np.abs(difference).mean()

    ours, theirs = [], []
    for magnitude in (9, 27):
        layer = augment_tf.RandAugment(num_ops=2, magnitude=magnitude)
        ours.append(effect(layer.apply(images, SEED)))
        layer = keras_cv.layers.RandAugment(
            augmentations_per_image=2,
            magnitude=magnitude / 30,
            magnitude_stddev=0.0,
            seed=1,
            **RANGE,
        )
        theirs.append(effect(layer(tf.cast(images, tf.float32))))
    assert ours == sorted(ours)
    assert theirs == sorted(theirs)
    ratios = np.divide(ours, theirs)
    assert ((ratios > 0.4) & (ratios < 1.6)).all()


def read_table():
    """Rows of the document's table, each a list of its cells' first code."""
    lines = (ROOT / "docs" / "from_kerascv.md").read_text().splitlines()
    for line in lines:
        if line.startswith("| `"):
            cells = line[1:-1].split("|")
            yield [next(iter(re.findall("`(.*?)`", c)), "") for c in cells]


def test_the_table_names_all_layers_of_keras_cv():
    base = keras_cv.layers.BaseImageAugmentationLayer
    vectorized = keras_cv.layers.VectorizedBaseImageAugmentationLayer
    layers = {
        name: item
        for name, item in vars(keras_cv.layers).items()
        if isinstance(item, type) and issubclass(item, (base, vectorized))
    }
    no_augmentations = {"Rescaling", "Resizing"}
    layers = (
        set(layers) - no_augmentations - {base.__name__, vectorized.__name__}
    )
    named = {row[0].split("(")[0] for row in read_table()}
    assert named == layers


def test_the_calls_of_the_table_work():
    members = [augment_tf.Solarize(), augment_tf.AutoContrast()]
    names = {**vars(augment_tf), "layers": members, "layer": members[0]}
    rows = [*read_table()]
    made = [eval(ours, names) for _, ours, *_ in rows if ours]
    assert all(isinstance(layer, augment_tf.Augmentation) for layer in made)
    for _, _, theirs, *_ in rows:
        assert not theirs or hasattr(keras.layers, theirs)
