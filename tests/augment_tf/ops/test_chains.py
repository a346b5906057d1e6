"""Operations on bytes, against Pillow."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageEnhance, ImageOps

from augment_tf.ops.chains import (
    OPERATIONS,
    apply_at_once,
    apply_chains,
    apply_in_turn,
)

FILL = (128, 3, 250)
COUNT = 64
RESAMPLINGS = {
    "move": Image.Resampling.NEAREST,
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bilinear_rows": Image.Resampling.BILINEAR,
    "bilinear_columns": Image.Resampling.BILINEAR,
}


def pillow(name, image, parameters):
    """The operation by Pillow, on uint8 (H, W, 3)."""
    image, first = Image.fromarray(image), parameters[0]
    enhancers = {
        "brightness": ImageEnhance.Brightness,
        "contrast": ImageEnhance.Contrast,
        "color": ImageEnhance.Color,
        "sharpness": ImageEnhance.Sharpness,
    }
    if name in enhancers:
        return np.array(enhancers[name](image).enhance(first))
    if name in RESAMPLINGS:
        return np.array(
            image.transform(
                image.size,
                Image.Transform.AFFINE,
                tuple(parameters),
                RESAMPLINGS[name],
                fillcolor=FILL,
            )
        )
    rest = {
        "identity": lambda: image,
        "invert": lambda: ImageOps.invert(image),
        "posterize": lambda: ImageOps.posterize(image, int(first)),
        "solarize": lambda: ImageOps.solarize(image, first),
        "autocontrast": lambda: ImageOps.autocontrast(image),
        "equalize": lambda: ImageOps.equalize(image),
    }
    return np.array(rest[name]())


def various_images(height, width):
    """Smooth, noisy, pale, dark and plain ones, uint8 (COUNT, H, W, 3)."""
    generator = np.random.default_rng(0)
    shape = (COUNT, height, width, 3)
    images = generator.integers(0, 256, shape).astype(np.uint8)
    for image in images[: COUNT // 2]:
        coarse = Image.fromarray(image).resize((3, 2))
        smooth = coarse.resize((width, height), Image.Resampling.BICUBIC)
        image[:] = np.array(smooth)
    images[::7] = images[::7] // 4 + 130
    images[1::7] //= 9
    images[2] = 77
    images[3, ..., 1] = 9
    return images


def draw_parameters(name, height, width):
    generator = np.random.default_rng(1)
    parameters = np.zeros((COUNT, 6))
    if name in RESAMPLINGS:
        parameters = generator.uniform(-0.5, 0.5, (COUNT, 6))
        parameters[:, [0, 4]] += 1.0
        parameters[:, [2, 5]] *= (width, height)
        # Whole turns and shifts, too: they meet pixels' borders.
        parameters[0] = (0, 1, 0, 1, 0, 0)
        parameters[1] = (1, 0, 3, 0, 1, -2)
        if name == "bilinear_rows":
            parameters[:, [0, 3, 4, 5]] = (1, 0, 1, 0)
        elif name == "move":
            parameters = np.round(parameters)
            parameters[:, [0, 1, 3, 4]] = (1, 0, 0, 1)
        elif name == "bilinear_columns":
            parameters[:, [0, 1, 2, 4]] = (1, 0, 0, 1)
    elif name == "posterize":
        parameters[:, 0] = 1 + np.arange(COUNT) % 8
    elif name == "solarize":
        parameters[:, 0] = generator.uniform(-1.0, 257.0, COUNT)
        parameters[:3, 0] = (0, 255, 256)
    else:
        parameters[:, 0] = generator.uniform(0.0, 2.5, COUNT)
        parameters[:5, 0] = (0.0, 1.0, 0.1, 1.9, 0.5)
    return parameters


@tf.function
def apply_all(*tensors):
    """Traced once a size."""
    return apply_chains(*tensors, OPERATIONS, FILL)


def apply_to_all(name, images, parameters):
    """Each image after one operation."""
    return apply_all(
        tf.constant(images),
        tf.fill((COUNT, 1), OPERATIONS.index(name)),
        tf.constant(parameters[:, np.newaxis]),
    ).numpy()


# A row has neither an inside nor neighbours above.
@pytest.mark.parametrize("size", [(40, 56), (1, 7)])
@pytest.mark.parametrize("name", OPERATIONS)
def test_equals_pillow(name, size):
    images = various_images(*size)
    parameters = draw_parameters(name, *size)
    expected = np.stack(
        [
            pillow(name, image, row)
            for image, row in zip(images, parameters, strict=True)
        ]
    )
    changed = apply_to_all(name, images, parameters)
    if name.startswith("bilinear"):
        # Pillow cuts off where this rounds.
        far = np.abs(changed.astype(int) - expected) > 1
        assert far.mean() < 1e-3
    else:
        np.testing.assert_array_equal(changed, expected)


def test_chains_are_applied_in_order_each_to_its_image():
    images = various_images(16, 12)
    generator = np.random.default_rng(2)
    names = [name for name in OPERATIONS if not name.startswith("bilinear")]
    chosen = generator.integers(0, len(names), (COUNT, 3)).astype(np.int32)
    parameters = np.stack(
        [draw_parameters(name, 16, 12) for name in names], axis=1
    )
    picked = parameters[np.arange(COUNT)[:, np.newaxis], chosen]
    expected = images.copy()
    for step in range(3):
        for index in range(COUNT):
            expected[index] = pillow(
                names[chosen[index, step]], expected[index], picked[index, step]
            )
    # Eager loops over images are slow.
    arguments = [tf.constant(item[::4]) for item in (images, chosen, picked)]
    changed = apply_chains(*arguments, tuple(names), FILL)
    np.testing.assert_array_equal(changed, expected[::4])


def test_all_at_once_gives_the_bits_of_one_after_the_other():
    images = various_images(16, 12)
    generator = np.random.default_rng(3)
    shape = (COUNT, 3)
    chosen = generator.integers(0, len(OPERATIONS), shape).astype(np.int32)
    parameters = np.stack(
        [draw_parameters(name, 16, 12) for name in OPERATIONS], axis=1
    )
    picked = parameters[np.arange(COUNT)[:, np.newaxis], chosen]
    # Eager loops over images are slow.
    arguments = [tf.constant(item[::4]) for item in (images, chosen, picked)]
    # Compiled, as accelerators run it.
    apply = tf.function(
        lambda *tensors: apply_at_once(*tensors, OPERATIONS, FILL)
    )
    np.testing.assert_array_equal(
        apply(*arguments), apply_in_turn(*arguments, OPERATIONS, FILL)
    )


@pytest.mark.parametrize("size", [(40, 56), (1, 7)])
@pytest.mark.parametrize("name", ["bilinear_rows", "bilinear_columns"])
def test_two_neighbours_do_where_the_other_two_weigh_nothing(name, size):
    arguments = various_images(*size), draw_parameters(name, *size)
    np.testing.assert_array_equal(
        apply_to_all(name, *arguments), apply_to_all("bilinear", *arguments)
    )
