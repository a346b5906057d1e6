"""FMix against masks that NumPy makes by the paper's rule."""

import numpy as np
import pytest
import scipy.stats

import augment_tf

ALPHA = 1e-3


def reference_noise(count, height, width, decay):
    generator = np.random.default_rng(0)
    rows = np.fft.fftfreq(height)[:, np.newaxis]
    columns = np.fft.rfftfreq(width)
    frequencies = np.sqrt(rows**2 + columns**2)
    weights = np.maximum(frequencies, 1 / max(height, width)) ** -decay
    parts = generator.normal(size=(2, count, *weights.shape))
    spectrum = weights * (parts[0] + 1j * parts[1])
    return np.fft.irfft2(spectrum, (height, width))


def select_brighter_half(noise):
    pixels = noise.reshape(len(noise), -1)
    ranks = pixels.argsort(axis=1).argsort(axis=1)
    return (ranks >= pixels.shape[1] // 2).reshape(noise.shape)


def measure(masks):
    """Properties of the shapes of masks, one value an image each."""
    masks = masks.astype(float)
    sixteenth = 1 + masks.shape[1] // 16
    return {
        "rows": np.abs(np.diff(masks, axis=1)).mean(axis=(1, 2)),
        "columns": np.abs(np.diff(masks, axis=2)).mean(axis=(1, 2)),
        "corner": masks[:, 0, 0],
        "product": masks[:, 0, 0] * masks[:, sixteenth, 0],
        "quarter": masks[:, : masks.shape[1] // 2, : masks.shape[2] // 2].mean(
            axis=(1, 2)
        ),
    }


@pytest.mark.parametrize("decay", [2.0, 3.0])
@pytest.mark.parametrize(("height", "width"), [(32, 32), (17, 30), (80, 49)])
def test_masks_are_distributed_as_in_the_paper(draw_many, height, width, decay):
    # A lambda of 1/2: half of the pixels are kept.
    layer = augment_tf.FMix(alpha=1e9, decay=decay)
    masks = draw_many(layer, height, width, batches=2)["masks"]
    assert masks.shape == (2000, height, width)
    noise = reference_noise(2000, height, width, decay)
    expected = measure(select_brighter_half(noise))
    for name, values in measure(masks).items():
        result = scipy.stats.ks_2samp(values, expected[name])
        assert result.pvalue > ALPHA, name


@pytest.mark.parametrize("height", [1, 16])
def test_images_of_few_pixels(height):
    batch = {
        "images": np.arange(4 * height * 3).reshape(4, height, 1, 3) % 256,
        "labels": np.eye(4, dtype=np.float32),
    }
    labels = augment_tf.FMix().apply(batch, (0, 1))["labels"]
    np.testing.assert_allclose(labels.numpy().sum(axis=1), 1.0)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize(("height", "width"), [(32, 32), (17, 30)])
def test_labels_are_shares_of_pixels(dtype, height, width):
    index = np.arange(64).reshape(-1, 1, 1, 1)
    images = np.broadcast_to(index, (64, height, width, 3)).astype(dtype)
    batch = {"images": images, "labels": np.eye(64, dtype=np.float32)}
    layer = augment_tf.FMix(alpha=0.7, probability=0.8)
    kept = []
    for seed in range(4):
        mixed = layer.apply(batch, (seed, 1))
        assert mixed["images"].dtype == dtype
        pixels = mixed["images"].numpy()[..., 0].astype(int)
        counts = [np.bincount(image.ravel(), minlength=64) for image in pixels]
        expected = np.stack(counts) / (height * width)
        np.testing.assert_allclose(mixed["labels"], expected, atol=1e-7)
        kept.append(np.diag(expected))
    assert 0.0 < np.mean(np.concatenate(kept) == 1.0) < 0.5


@pytest.mark.parametrize("alpha", [0.5, 1.0])
def test_shares_are_lambda(draw_many, alpha):
    layer = augment_tf.FMix(alpha=alpha)
    kept = 1.0 - draw_many(layer, 32, 32, batches=4)["weights"]
    generator = np.random.default_rng(0)
    pixels = generator.beta(alpha, alpha, len(kept)) * 1024
    coin = generator.random(len(kept)) > 0.5
    expected = np.where(coin, np.ceil(pixels), np.floor(pixels)) / 1024
    assert scipy.stats.ks_2samp(kept, expected).pvalue > ALPHA


@pytest.mark.parametrize(
    "arguments", [{"alpha": 0}, {"decay": 1.9}, {"probability": 1.1}]
)
def test_wrong_arguments_are_refused(arguments):
    with pytest.raises(ValueError, match="expected .*Received: "):
        augment_tf.FMix(**arguments)
