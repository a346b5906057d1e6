"""RandomErasing against a reference written from the paper's code."""

import random

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

import augment_tf

SEED = tf.constant((3, 4))
ALPHA = 1e-3
COUNT = 20_000


def reference_box(height, width, scale, ratio, generator):
    """(rows, columns, top, left), or None if no try of 100 fits."""
    for _ in range(100):
        area = generator.uniform(*scale) * height * width
        aspect = generator.uniform(*ratio)
        rows = round((area * aspect) ** 0.5)
        columns = round((area / aspect) ** 0.5)
        if rows < height and columns < width:
            top = generator.randint(0, height - rows)
            left = generator.randint(0, width - columns)
            return rows, columns, top, left
    return None


def reference_boxes(height, width, scale, ratio):
    generator = random.Random(0)
    drawn = (
        reference_box(height, width, scale, ratio, generator)
        for _ in range(COUNT)
    )
    return np.array([box or (0, 0, 0, 0) for box in drawn])


@pytest.mark.parametrize(
    ("height", "width", "scale", "ratio"),
    [
        (64, 64, (0.02, 0.4), (0.3, 1 / 0.3)),
        (64, 40, (0.02, 0.4), (0.3, 1 / 0.3)),
        # Most tries fail, and all hundred for some images.
        (16, 48, (0.5, 1.0), (0.5, 3.0)),
    ],
)
def test_boxes_are_distributed_as_in_the_paper(
    draw_many, height, width, scale, ratio
):
    layer = augment_tf.RandomErasing(probability=1.0, scale=scale, ratio=ratio)
    drawn = draw_many(layer, height, width)["boxes"][0]
    top, left, bottom, right = drawn.T
    rows, columns = bottom - top, right - left
    expected = reference_boxes(height, width, scale, ratio)
    fitted, expected_fitted = rows > 0, expected[:, 0] > 0
    error = 4 * np.sqrt(0.5 / COUNT)
    assert abs(fitted.mean() - expected_fitted.mean()) < error
    assert bottom.max() <= height
    assert right.max() <= width

    def measures(rows, columns, top, left):
        # The position relative to the room there is, without ties.
        noise = np.random.default_rng(1).uniform(size=(2, len(rows)))
        return {
            "area": rows * columns,
            "aspect": rows / columns,
            "rows": rows,
            "columns": columns,
            "top": (top + noise[0]) / (height - rows + 1),
            "left": (left + noise[1]) / (width - columns + 1),
        }

    actual = measures(*(v[fitted] for v in (rows, columns, top, left)))
    wanted = measures(*expected[expected_fitted].T)
    for name, values in actual.items():
        p_value = scipy.stats.ks_2samp(values, wanted[name]).pvalue
        assert p_value > ALPHA, name
    for name in ("top", "left"):
        uniform = scipy.stats.kstest(actual[name], "uniform")
        assert uniform.pvalue > ALPHA, name
    assert abs(np.corrcoef(actual["top"], actual["left"])[0, 1]) < 0.05


@pytest.mark.parametrize("probability", [0.0, 0.3, 1.0])
def test_share_of_erased_images(probability):
    images = tf.fill((4096, 8, 8, 3), tf.constant(255, tf.uint8))
    layer = augment_tf.RandomErasing(
        probability=probability, scale=(0.2, 0.4), fill="constant", value=0
    )
    erased = (layer.apply(images, SEED).numpy() == 0).any(axis=(1, 2, 3))
    sigma = np.sqrt(probability * (1 - probability) / 4096)
    assert abs(erased.mean() - probability) <= 4 * sigma


def erase(images, **arguments):
    """The erased images, and a mask of the boxes (B, H, W)."""
    layer = augment_tf.RandomErasing(probability=1.0, **arguments)
    images = tf.constant(images)
    drawn = layer.get_random_transformation(images, SEED)["boxes"]
    rows = np.arange(images.shape[1])[:, np.newaxis]
    columns = np.arange(images.shape[2])
    mask = np.zeros(images.shape[:3], bool)
    for boxes in drawn:
        top, left, bottom, right = (
            side[:, np.newaxis, np.newaxis] for side in boxes.numpy().T
        )
        mask |= (
            (rows >= top)
            & (rows < bottom)
            & (columns >= left)
            & (columns < right)
        )
    return layer.apply(images, SEED).numpy(), mask


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(
    ("dtype", "value", "expected"),
    [
        (np.uint8, (125.3, 123.0, 113.9), (125, 123, 114)),
        (np.float32, (125.3, 123.0, 113.9), (125.3, 123.0, 113.9)),
        (np.float32, 0.5, (0.5, 0.5, 0.5)),
    ],
)
def test_constant_fill(images, count, dtype, value, expected):
    images = images.astype(dtype)
    erased, mask = erase(images, value=value, count=count)
    assert mask.any(axis=(1, 2)).all()
    assert np.array_equal(erased[~mask], images[~mask])
    assert (erased[mask] == np.array(expected, dtype)).all()


def test_random_fill_is_one_color_per_box():
    images = np.zeros((4096, 8, 8, 3), np.uint8)
    erased, mask = erase(images, fill="random", scale=(0.2, 0.4))
    assert (erased[~mask] == 0).all()
    colors = erased.max(axis=(1, 2))
    everywhere = np.broadcast_to(colors[:, None, None], erased.shape)
    assert np.array_equal(erased[mask], everywhere[mask])
    for channel in colors.T:
        counts = np.bincount(channel, minlength=256)
        assert scipy.stats.chisquare(counts).pvalue > ALPHA
    assert abs(np.corrcoef(colors.T)[0, 1]) < 4 / np.sqrt(4096)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_noise_fill_is_uniform_in_every_pixel(dtype):
    images = np.full((64, 32, 32, 3), 7, dtype)
    erased, mask = erase(images, fill="noise", scale=(0.4, 0.4), ratio=(1, 1))
    assert mask.mean() == 20 * 20 / 32**2
    assert (erased[~mask] == 7).all()
    noise = erased[mask]
    assert len(noise) * 3 >= COUNT
    counts = np.bincount(noise.astype(int).ravel(), minlength=256)
    assert len(counts) == 256
    assert scipy.stats.chisquare(counts).pvalue > ALPHA
    for first, second in [
        (noise[:, 0], noise[:, 1]),
        (noise[1:, 0], noise[:-1, 0]),
        (noise[400:, 0], noise[:-400, 0]),
    ]:
        bound = 4 / np.sqrt(len(first))
        assert abs(np.corrcoef(first, second)[0, 1]) < bound


def test_fixed_scale_erases_a_square_of_that_area():
    _, mask = erase(
        np.zeros((16, 64, 64, 3), np.uint8), scale=(0.4, 0.4), ratio=(1, 1)
    )
    # round(sqrt(0.4 * 64 * 64)) = 40
    assert (mask.sum(axis=(1, 2)) == 1600).all()
    assert (mask.any(axis=1).sum(axis=1) == 40).all()


def test_count_divides_the_area_among_separate_boxes():
    layer = augment_tf.RandomErasing(
        probability=1.0, scale=(0.4, 0.4), ratio=(1, 1), count=2
    )
    images = tf.zeros((64, 64, 64, 3), tf.uint8)
    one, two = layer.get_random_transformation(images, SEED)["boxes"]
    # round(sqrt(0.2 * 64 * 64)) = 29
    for boxes in (one.numpy(), two.numpy()):
        assert (boxes[:, 2:] - boxes[:, :2] == 29).all()
    assert (one.numpy() != two.numpy()).any(axis=1).mean() > 0.9


def test_hand_made_transformation(images):
    layer = augment_tf.RandomErasing(value=9)
    fill = tf.constant(9, tf.uint8, (1, 1, 1, 3))
    erased = layer.transform_images(
        tf.constant(images),
        {"boxes": [tf.tile([[1, 2, 5, 4]], (8, 1))], "fills": [fill]},
    )
    expected = images.copy()
    expected[:, 1:5, 2:4] = 9
    assert np.array_equal(erased, expected)


def test_an_image_no_box_fits_is_left_alone(images):
    erased, mask = erase(images, scale=(1.0, 1.0), ratio=(1, 1))
    assert not mask.any()
    assert np.array_equal(erased, images)


@pytest.mark.parametrize(
    "arguments",
    [
        {"probability": 1.1},
        {"probability": True},
        {"probability": float("nan")},
        {"scale": (0.4, 0.02)},
        {"scale": (0.0, 1.5)},
        {"scale": 0.4},
        {"ratio": (0.0, 1.0)},
        {"fill": "noisy"},
        {"value": (1, 2)},
        {"value": 256},
        {"count": 0},
        {"count": 1.5},
    ],
)
def test_wrong_arguments_are_refused(arguments):
    (name,) = arguments
    with pytest.raises(ValueError, match=f"expected `{name}`.*Received: "):
        augment_tf.RandomErasing(**arguments)


def test_xla_draws_the_same_boxes_where_most_tries_fail():
    layer = augment_tf.RandomErasing(
        probability=1.0, scale=(0.5, 1.0), ratio=(0.5, 3.0)
    )
    images = tf.zeros((64, 16, 48, 3), tf.uint8)
    eager = layer.apply(images, SEED)
    for jit_compile in (False, True):
        compiled = tf.function(layer.apply, jit_compile=jit_compile)
        assert np.array_equal(compiled(images, SEED), eager)


def test_unknown_fill_lists_the_known_ones():
    with pytest.raises(ValueError, match="'constant', 'random', 'noise'"):
        augment_tf.RandomErasing(fill="pixel")
