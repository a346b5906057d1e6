"""CutMix and MixUp against references written from the papers' code."""

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

import augment_tf

SEED = tf.constant((3, 4))
ALPHA = 1e-3
COUNT = 20_000


def numbered(count, height, width, dtype):
    """Images whose every pixel is their index, and one-hot labels."""
    index = np.arange(count).reshape(-1, 1, 1, 1)
    images = np.broadcast_to(index, (count, height, width, 3)).astype(dtype)
    return {"images": images, "labels": np.eye(count, dtype=np.float32)}


def reference_boxes(height, width, alpha):
    """rand_bbox of the official code, a lambda for each box."""
    generator = np.random.default_rng(0)
    drawn = []
    for lam in generator.beta(alpha, alpha, COUNT):
        cut = np.sqrt(1.0 - lam)
        rows, columns = int(height * cut), int(width * cut)
        y, x = generator.integers(height), generator.integers(width)
        top, bottom = np.clip((y - rows // 2, y + rows // 2), 0, height)
        left, right = np.clip((x - columns // 2, x + columns // 2), 0, width)
        drawn.append((top, left, bottom, right))
    return np.array(drawn)


@pytest.mark.parametrize("alpha", [0.2, 1.0, 2.0])
@pytest.mark.parametrize(("height", "width"), [(64, 64), (48, 80)])
def test_cutmix_boxes_are_distributed_as_in_the_paper(
    draw_many, alpha, height, width
):
    layer = augment_tf.CutMix(alpha=alpha)
    drawn = draw_many(layer, height, width)["boxes"]
    expected = reference_boxes(height, width, alpha)
    for corner, wanted in zip(drawn.T, expected.T, strict=True):
        assert scipy.stats.ks_2samp(corner, wanted).pvalue > ALPHA

    def area(boxes):
        return np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)

    result = scipy.stats.ks_2samp(area(drawn), area(expected))
    assert result.pvalue > ALPHA


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize(("height", "width"), [(64, 64), (17, 30)])
def test_cutmix_labels_are_shares_of_pixels(dtype, height, width):
    batch = numbered(128, height, width, dtype)
    layer = augment_tf.CutMix(alpha=0.7, probability=0.8)
    weights = []
    for seed in range(8):
        mixed = layer.apply(batch, (seed, 1))
        assert mixed["images"].dtype == dtype
        pixels = mixed["images"].numpy()[..., 0].astype(int)
        counts = np.stack(
            [np.bincount(image.ravel(), minlength=128) for image in pixels]
        )
        expected = (counts / (height * width)).astype(np.float32)
        labels = mixed["labels"].numpy()
        np.testing.assert_allclose(labels, expected, rtol=0, atol=1e-7)
        assert ((labels > 0).sum(axis=1) <= 2).all()
        weights.append(np.diag(labels))
    assert 0.0 < np.mean(np.concatenate(weights) == 1.0) < 0.5


def test_cutmix_pastes_the_same_region_of_the_partner(images, labels):
    layer = augment_tf.CutMix()
    transformation = {
        "boxes": tf.tile([[3, 4, 10, 20]], (8, 1)),
        "partners": tf.constant([1, 0, 3, 2, 4, 6, 7, 5]),
        "weights": tf.fill((8,), tf.constant(112 / 960, tf.float64)),
    }
    partners = transformation["partners"].numpy()
    expected = images.copy()
    expected[:, 3:10, 4:20] = images[partners][:, 3:10, 4:20]
    mixed = layer.transform_images(tf.constant(images), transformation)
    assert np.array_equal(mixed, expected)
    weight = 112 / 960
    np.testing.assert_allclose(
        layer.transform_labels(labels, transformation),
        (1 - weight) * labels + weight * labels[partners],
        atol=1e-6,
    )


@pytest.mark.parametrize("alpha", [0.2, 0.5, 1.0, 2.0])
def test_mixup_lambda_is_beta(draw_many, alpha):
    weights = draw_many(augment_tf.MixUp(alpha=alpha), 1, 1)["weights"]
    # float32, in which the narrowest draws of a small alpha become 1.
    beta = scipy.stats.beta(alpha, alpha)
    middle = (weights > 1e-6) & (weights < 1 - 1e-6)
    assert middle.sum() > 0.8 * COUNT
    low, high = beta.cdf((1e-6, 1 - 1e-6))
    result = scipy.stats.kstest(
        weights[middle], lambda x: (beta.cdf(x) - low) / (high - low)
    )
    assert result.pvalue > ALPHA
    share = 1.0 - (high - low)
    sigma = np.sqrt(share * (1 - share) / COUNT)
    assert abs(1 - middle.mean() - share) <= 4 * sigma + 1e-4


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_mixup_blends_images_as_labels(images, labels, dtype):
    layer = augment_tf.MixUp(alpha=0.5)
    batch = {"images": images.astype(dtype), "labels": labels}
    drawn = layer.get_random_transformation(tf.constant(images), SEED)
    partners = drawn["partners"].numpy()
    weights = drawn["weights"].numpy().astype(np.float64)
    mixed = layer.apply(batch, SEED)
    assert mixed["images"].dtype == tf.float32
    for key, values in batch.items():
        shape = (-1,) + (1,) * (values.ndim - 1)
        share = weights.reshape(shape)
        expected = (1 - share) * values + share * values[partners].astype(float)
        np.testing.assert_allclose(mixed[key], expected, atol=1e-3)
    assert len(np.unique(weights)) == 8


@pytest.mark.parametrize("name", ["CutMix", "MixUp"])
def test_partners_are_a_permutation(draw_many, name):
    layer = getattr(augment_tf, name)()
    drawn = draw_many(layer, 1, 1, batches=3)["partners"].reshape(3, 1000)
    assert np.array_equal(np.sort(drawn), np.tile(np.arange(1000), (3, 1)))
    assert (drawn[0] != drawn[1]).mean() > 0.9


@pytest.mark.parametrize("name", ["CutMix", "MixUp"])
@pytest.mark.parametrize("probability", [0.0, 0.3, 1.0])
def test_share_of_mixed_images(name, probability):
    layer = getattr(augment_tf, name)(probability=probability, alpha=8.0)
    images = np.arange(4096, dtype=np.float32).reshape(-1, 1, 1, 1)
    images = np.broadcast_to(images, (4096, 8, 8, 3))
    batch = {"images": images, "labels": np.ones((4096, 1), np.float32)}
    mixed = layer.apply(batch, SEED)["images"].numpy()
    share = (mixed != images).any(axis=(1, 2, 3)).mean()
    sigma = np.sqrt(probability * (1 - probability) / 4096)
    # Now and then a box is clipped to nothing, or an image its own partner.
    assert abs(share - probability) <= 4 * sigma + 0.02


@pytest.mark.parametrize("name", ["CutMix", "MixUp"])
@pytest.mark.parametrize(
    "arguments", [{"alpha": 0}, {"alpha": "1"}, {"probability": -0.1}]
)
def test_wrong_arguments_are_refused(name, arguments):
    (argument,) = arguments
    with pytest.raises(ValueError, match=f"`{argument}`.*Received: "):
        getattr(augment_tf, name)(**arguments)
