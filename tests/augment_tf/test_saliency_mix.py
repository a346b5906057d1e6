"""SaliencyMix against the official rule, stated here once more."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import augment_tf
from augment_tf.ops import sampling
from augment_tf.ops.saliency_opencv import opencv_float_saliency
from augment_tf.saliency_mix import SALIENCY, locate_first_maximum

SEED = tf.constant((3, 4))


def official_box(saliency_map, lam):
    """(top, left, bottom, right) as the official saliency_bbox has it."""
    rows, columns = saliency_map.shape
    ratio = np.sqrt(1.0 - lam)
    cut_rows, cut_columns = int(rows * ratio), int(columns * ratio)
    row, column = np.unravel_index(np.argmax(saliency_map), (rows, columns))
    return (
        np.clip(row - cut_rows // 2, 0, rows),
        np.clip(column - cut_columns // 2, 0, columns),
        np.clip(row + cut_rows // 2, 0, rows),
        np.clip(column + cut_columns // 2, 0, columns),
    )


def official_lambda(box, height, width):
    top, left, bottom, right = box
    return 1 - (bottom - top) * (right - left) / (height * width)


def peaked_maps(count, height, width, generator):
    """Maps with ties; peaks anywhere, and often on a border."""
    maps = generator.integers(0, 4, (count, height, width)) * 60
    rows = generator.integers(-height, 2 * height, count).clip(0, height - 1)
    columns = generator.integers(-width, 2 * width, count).clip(0, width - 1)
    maps[np.arange(count), rows, columns] = generator.choice([180, 255], count)
    return maps.astype(np.uint8)


def hard_lambdas(count, generator):
    """A third of them within rounding of 0 or of 1, or exactly there."""
    lambdas = generator.uniform(size=count)
    edges = (0.0, 1.0 - 2.0**-33, 2.0**-32, 1e-6, 1 - 1e-6, 1e-3, 1 - 1e-3)
    chosen = generator.choice(edges, count)
    return np.where(generator.uniform(size=count) < 1 / 3, chosen, lambdas)


def layer_draws(layer, maps, lambdas, partners, monkeypatch):
    """Images and labels that follow from these maps, lambdas and partners."""
    sources = tf.constant(maps)
    monkeypatch.setitem(
        SALIENCY, layer.saliency, lambda images: sources[: len(images)]
    )
    monkeypatch.setattr(
        sampling, "beta", lambda *arguments: tf.constant(lambdas, tf.float64)
    )
    monkeypatch.setattr(
        sampling, "permutation", lambda *arguments: tf.constant(partners)
    )
    images = tf.zeros((len(partners), *maps.shape[1:], 3), tf.uint8)
    return layer.get_random_transformation(images, SEED)


@pytest.mark.parametrize(
    ("height", "width"), [(64, 64), (33, 57), (8, 8), (20, 13), (65, 24)]
)
def test_boxes_and_weights_are_the_official_ones(height, width, monkeypatch):
    # Five sizes of 2,000 images each.
    generator = np.random.default_rng(height * 100 + width)
    count = 2000
    maps = peaked_maps(count, height, width, generator)
    lambdas = hard_lambdas(count, generator)
    partners = generator.permutation(count).astype(np.int32)
    drawn = layer_draws(
        augment_tf.SaliencyMix(), maps, lambdas, partners, monkeypatch
    )
    expected = [
        official_box(maps[partner], lam)
        for partner, lam in zip(partners, lambdas, strict=True)
    ]
    np.testing.assert_array_equal(drawn["boxes"], expected)
    weights = [official_lambda(box, height, width) for box in expected]
    np.testing.assert_array_equal(1 - drawn["weights"].numpy(), weights)


def test_one_box_for_the_batch_is_the_official_one(monkeypatch):
    generator = np.random.default_rng(5)
    layer = augment_tf.SaliencyMix(box="per_batch")
    for lam in hard_lambdas(60, generator):
        maps = peaked_maps(1, 24, 40, generator)
        partners = generator.permutation(6).astype(np.int32)
        drawn = layer_draws(layer, maps, [lam], partners, monkeypatch)
        expected = official_box(maps[0], lam)
        np.testing.assert_array_equal(drawn["boxes"], [expected] * 6)
        kept = official_lambda(expected, 24, 40)
        np.testing.assert_array_equal(1 - drawn["weights"].numpy(), [kept] * 6)


def test_the_map_of_the_batch_is_that_of_the_first_partner(images):
    layer = augment_tf.SaliencyMix(box="per_batch", alpha=8.0)
    for number in range(4):
        drawn = layer.get_random_transformation(images, (number, 0))
        source = images[drawn["partners"][0]]
        peak = locate_first_maximum(
            augment_tf.fine_grained_saliency(source[None])
        )[0]
        top, left, bottom, right = drawn["boxes"][0].numpy()
        assert top <= peak[0] <= bottom
        assert left <= peak[1] <= right
        assert np.all(drawn["boxes"] == drawn["boxes"][:1])


@pytest.mark.parametrize("jit_compile", [False, True])
def test_the_first_of_equal_maxima_counts(jit_compile):
    generator = np.random.default_rng(0)
    maps = generator.integers(0, 3, (500, 9, 14)).astype(np.uint8)
    maps[0] = 0
    maps[1] = 255
    found = tf.function(locate_first_maximum, jit_compile=jit_compile)(maps)
    index = maps.reshape(500, -1).argmax(axis=1)
    expected = np.stack(np.unravel_index(index, (9, 14)), axis=-1)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("box", ["per_image", "per_batch"])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_pixels_and_labels_follow_the_box(images, box, dtype):
    layer = augment_tf.SaliencyMix(box=box, alpha=2.0)
    images, count = images.astype(dtype), len(images)
    labels = np.eye(count, dtype=np.float32)
    drawn = layer.get_random_transformation(images, SEED)
    result = layer.apply({"images": images, "labels": labels}, SEED)
    for index in range(count):
        partner = drawn["partners"][index]
        top, left, bottom, right = drawn["boxes"][index].numpy()
        expected = images[index].copy()
        expected[top:bottom, left:right] = images[partner][
            top:bottom, left:right
        ]
        np.testing.assert_array_equal(result["images"][index], expected)
        lam = official_lambda((top, left, bottom, right), *expected.shape[:2])
        label = labels[index] * lam + labels[partner] * (1 - lam)
        np.testing.assert_allclose(result["labels"][index], label, atol=1e-7)


@pytest.mark.parametrize("box", ["per_image", "per_batch"])
def test_both_label_conventions_give_the_same_loss(images, box):
    layer = augment_tf.SaliencyMix(box=box)
    generator = np.random.default_rng(2)
    classes = generator.integers(0, 5, len(images))
    labels = np.eye(5, dtype=np.float32)[classes]
    logits = generator.normal(0, 4, (len(images), 5)).astype(np.float32)
    sparse = keras.losses.SparseCategoricalCrossentropy(True, reduction=None)
    soft = keras.losses.CategoricalCrossentropy(True, reduction=None)
    for number in range(2):
        seed = (number, 1)
        mixed = layer.apply({"images": images, "labels": labels}, seed)
        drawn = layer.get_random_transformation(images, seed)
        lam = 1 - drawn["weights"].numpy()
        partners = classes[drawn["partners"].numpy()]
        two = sparse(classes, logits) * lam + sparse(partners, logits) * (
            1 - lam
        )
        one = soft(mixed["labels"], logits)
        np.testing.assert_allclose(one, two, rtol=1e-6, atol=1e-6)


def test_probability_is_per_image_or_per_batch():
    images = np.random.default_rng(0).integers(0, 256, (1024, 8, 8, 3))
    images = images.astype(np.uint8)
    layer = augment_tf.SaliencyMix(probability=0.3, alpha=100.0)
    mixed = layer.get_random_transformation(images, SEED)["weights"] > 0
    sigma = np.sqrt(0.3 * 0.7 / 1024)
    assert abs(np.mean(mixed) - 0.3) < 4 * sigma
    layer = augment_tf.SaliencyMix(
        probability=0.3, alpha=100.0, box="per_batch"
    )
    drawn = tf.function(layer.get_random_transformation, autograph=False)
    rates = [
        np.mean(drawn(images[:4], tf.constant((number, 0)))["weights"] > 0)
        for number in range(1000)
    ]
    assert set(rates) == {0.0, 1.0}
    assert abs(np.mean(rates) - 0.3) < 4 * np.sqrt(0.3 * 0.7 / 1000)


@pytest.mark.parametrize("box", ["per_image", "per_batch"])
def test_probability_zero_changes_nothing(images, labels, box):
    layer = augment_tf.SaliencyMix(probability=0.0, box=box)
    result = layer.apply({"images": images, "labels": labels}, SEED)
    np.testing.assert_array_equal(result["images"], images)
    np.testing.assert_array_equal(result["labels"], labels)


@pytest.mark.parametrize("box", ["per_image", "per_batch"])
def test_native_and_opencv_saliency_give_the_same_bits(images, labels, box):
    pytest.importorskip("cv2")
    batch = {"images": images, "labels": labels}
    native, opencv = (
        augment_tf.SaliencyMix(box=box, saliency=name).apply(batch, SEED)
        for name in ("fine_grained", "opencv")
    )
    np.testing.assert_array_equal(native["images"], opencv["images"])
    np.testing.assert_array_equal(native["labels"], opencv["labels"])


def test_opencv_float_uses_the_maps_of_normalized_floats(images):
    pytest.importorskip("cv2")
    layer = augment_tf.SaliencyMix(saliency="opencv_float")
    peaks = layer.locate_peaks(images)
    expected = locate_first_maximum(opencv_float_saliency(images))
    np.testing.assert_array_equal(peaks, expected)


@pytest.mark.parametrize("saliency", list(SALIENCY))
def test_images_after_color_augmentation(images, labels, saliency):
    if saliency != "fine_grained":
        pytest.importorskip("cv2")
    layer = augment_tf.Sequence(
        [
            augment_tf.ColorJitter(),
            augment_tf.PCALighting(),
            augment_tf.SaliencyMix(saliency=saliency),
        ]
    )
    batches = tf.data.Dataset.from_tensors(
        {"images": images, "labels": labels}
    ).map(lambda batch: layer.apply(batch, SEED))
    (result,) = batches
    assert result["images"].dtype == tf.float32
    assert np.isfinite(result["images"]).all()
    np.testing.assert_allclose(
        tf.reduce_sum(result["labels"], axis=1), 1.0, atol=1e-6
    )


@pytest.mark.parametrize(
    "arguments",
    [
        {"alpha": 0.0},
        {"alpha": "1"},
        {"probability": 1.5},
        {"box": "per_pixel"},
        {"saliency": "spectral_residual"},
    ],
)
def test_wrong_arguments_are_refused(arguments):
    with pytest.raises(ValueError, match=next(iter(arguments))):
        augment_tf.SaliencyMix(**arguments)


def test_unknown_sides_are_refused():
    layer = augment_tf.SaliencyMix()
    images = tf.TensorSpec((4, None, None, 3), tf.uint8)
    labels = tf.TensorSpec((4, 5))
    with pytest.raises(ValueError, match="static height and width"):
        tf.function(layer.apply).get_concrete_function(
            {"images": images, "labels": labels},
            tf.TensorSpec((2,), tf.int32),
        )


@pytest.mark.parametrize("jit_compile", [False, True])
def test_maxima_of_images_above_8_megapixels(jit_compile):
    """Maps so large that value and position do not fit an int32."""
    maps = np.zeros((1, 3000, 3001), np.uint8)
    maps[0, 2000, 1234] = 255
    maps[0, 2999, 7] = 255
    found = tf.function(locate_first_maximum, jit_compile=jit_compile)(maps)
    np.testing.assert_array_equal(found, [[2000, 1234]])
    unknown = tf.function(
        locate_first_maximum,
        input_signature=[tf.TensorSpec((None, None, None), tf.uint8)],
    )
    np.testing.assert_array_equal(unknown(maps), found)
