"""Policies: what they draw, against their papers' tables."""

from collections import Counter

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf
from PIL import Image, ImageEnhance, ImageOps

import augment_tf
from augment_tf.policies.magnitudes import branches

SEED = tf.constant((5, 6))
COUNT = 20_000
ALPHA = 1e-3
# Paper and torchvision: the 14 operations of RandAugment and TrivialAugment.
FOURTEEN = {
    "identity",
    "shear_x",
    "shear_y",
    "translate_x",
    "translate_y",
    "rotate",
    "brightness",
    "color",
    "contrast",
    "sharpness",
    "posterize",
    "solarize",
    "autocontrast",
    "equalize",
}
RESAMPLINGS = ("move", "nearest", "bilinear")
FACTORS = {"brightness", "color", "contrast", "sharpness"}


def draw(layer, count=COUNT, height=331, width=662):
    """(operation of `apply_chains`, parameters) of each step of each image."""
    images = tf.zeros((count, height, width, 0), tf.uint8)
    drawn = layer.get_random_transformation(images, SEED)
    known = np.array(branches(layer.names, layer.interpolation))
    operations = known[drawn["operations"].numpy()]
    return operations, drawn["parameters"].numpy(), drawn


def moves(name):
    return name.startswith(("shear", "translate", "rotate"))


def motion(matrix):
    """Name and magnitude of what a matrix does."""
    a, b, c, d, e, f = np.round(matrix, 9)
    if (a, d, e) == (1, 0, 1) and b:
        return "shear_x", b
    if (a, b, e) == (1, 0, 1) and d:
        return "shear_y", d
    if (a, b, d, e) == (1, 0, 0, 1):
        if c and not f:
            return "translate_x", -c
        return ("translate_y", -f) if f else ("nothing", 0.0)
    return "rotate", np.round(np.degrees(np.arctan2(d, a)), 6)


def named(operations, parameters):
    """Pairs (name, magnitude) of all steps, flat."""
    rows = zip(operations.ravel(), parameters.reshape(-1, 6), strict=True)
    return [
        motion(row) if name.startswith(RESAMPLINGS) else (str(name), row[0])
        for name, row in rows
    ]


def chi_square(counts, expected):
    """p value of counts by key, given the expected shares by key."""
    assert set(counts) <= set(expected)
    total = sum(counts.values())
    return scipy.stats.chisquare(
        [counts.get(key, 0) for key in expected],
        [share * total for share in expected.values()],
    ).pvalue


def test_rand_augment_draws_each_operation_as_often():
    layer = augment_tf.RandAugment(num_ops=2, magnitude=9)
    steps = named(*draw(layer)[:2])
    counts = Counter(name for name, _ in steps)
    shares = dict.fromkeys(FOURTEEN, 1 / 14)
    assert chi_square(counts, shares) > ALPHA


def test_rand_augment_has_the_magnitudes_of_torchvision():
    # torchvision's table at bin 9 of 31, for 331 x 662 pixels.
    part = 9 / 30
    expected = {
        "shear_x": 0.3 * part,
        "shear_y": 0.3 * part,
        "translate_x": int(300 * part),
        "translate_y": int(150 * part),
        "rotate": 30 * part,
        **dict.fromkeys(FACTORS, 0.9 * part),
    }
    steps = named(*draw(augment_tf.RandAugment(magnitude=9))[:2])
    for name, size in expected.items():
        center = 1.0 if name in FACTORS else 0.0
        seen = np.array([value for step, value in steps if step == name])
        np.testing.assert_allclose(np.abs(seen - center), size, atol=1e-6)
        positive = (seen > center).sum()
        assert scipy.stats.binomtest(positive, len(seen)).pvalue > ALPHA
    assert {v for name, v in steps if name == "posterize"} == {7.0}
    assert {v for name, v in steps if name == "solarize"} == {178.5}


def test_trivial_augment_draws_every_magnitude_of_every_operation():
    operations, parameters, _ = draw(augment_tf.TrivialAugmentWide())
    assert operations.shape == (COUNT, 1)
    steps = named(operations, parameters)
    counts = Counter(name for name, _ in steps)
    # A motion by nothing does not tell which one it is: the first of 31
    # magnitudes of five, and of translations by less than one pixel.
    still = 5 / 31 / 14
    assert abs(counts.pop("nothing") / COUNT - still) < 0.004
    shares = {
        name: (30 / 31 if moves(name) else 1.0) / 14 / (1 - still)
        for name in FOURTEEN
    }
    assert chi_square(counts, shares) > ALPHA
    values = np.array([value for name, value in steps if name == "rotate"])
    assert values.max() == 135.0
    assert values.min() == -135.0
    ends = {
        "shear_x": (-0.99, 0.99),
        "translate_y": (-32, 32),
        "contrast": (0.01, 1.99),
        "posterize": (2, 8),
        "solarize": (0, 255),
    }
    for name, (lowest, highest) in ends.items():
        seen = [value for step, value in steps if step == name]
        np.testing.assert_allclose((min(seen), max(seen)), (lowest, highest))
    counts = Counter(v for name, v in steps if name == "solarize")
    assert (
        chi_square(
            {round(key, 6): count for key, count in counts.items()},
            {round(255 - 8.5 * place, 6): 1 / 31 for place in range(31)},
        )
        > ALPHA
    )


@pytest.mark.parametrize("policy", ["imagenet", "cifar10"])
def test_auto_augment_applies_pairs_with_their_probabilities(policy):
    from augment_tf.policies.auto_augment import POLICIES

    pairs = POLICIES[policy]
    assert len(pairs) == 25
    operations, parameters, _ = draw(augment_tf.AutoAugment(policy))
    for place in range(2):
        steps = named(operations[:, place], parameters[:, place])
        counts = Counter(name for name, _ in steps)
        expected = Counter()
        for pair in pairs:
            name, probability, magnitude = pair[place]
            # At magnitude 0 colors stay, but as a step of their own.
            expected[name] += probability / 25
            expected["identity"] += (1 - probability) / 25
        expected = {key: share for key, share in expected.items() if share}
        assert chi_square(counts, expected) > ALPHA


def test_auto_augment_pairs_belong_together():
    # "posterize" first is followed by "rotate", "posterize" or "equalize"
    # in the policy for ImageNet, and by nothing else.
    operations, parameters, _ = draw(augment_tf.AutoAugment("imagenet"))
    first = operations[:, 0] == "posterize"
    followers = {
        name for name, _ in named(operations[first, 1], parameters[first, 1])
    }
    assert followers == {"rotate", "posterize", "equalize", "identity"}
    bits = {
        (int(a), int(b))
        for a, b in parameters[first & (operations[:, 1] == "posterize"), :, 0]
    }
    # Magnitudes 7 and 6 of 10 bins: 8 - round(7 / 2.25), 8 - round(6 / 2.25).
    assert bits == {(5, 5)}


def by_pillow(image, steps, fill):
    """The image after (name, magnitude) pairs, the way papers' code does."""
    image = Image.fromarray(image)
    nearest = Image.Resampling.NEAREST
    for name, value in steps:
        matrix = {
            "shear_x": (1, value, 0, 0, 1, 0),
            "shear_y": (1, 0, 0, value, 1, 0),
            "translate_x": (1, 0, -value, 0, 1, 0),
            "translate_y": (1, 0, 0, 0, 1, -value),
        }.get(name)
        if matrix:
            image = image.transform(
                image.size,
                Image.Transform.AFFINE,
                matrix,
                nearest,
                fillcolor=fill,
            )
        elif name == "rotate":
            image = image.rotate(value, nearest, fillcolor=fill)
        elif name in FACTORS:
            enhancer = getattr(ImageEnhance, name.capitalize())
            image = enhancer(image).enhance(value)
        elif name == "posterize":
            image = ImageOps.posterize(image, int(value))
        elif name == "solarize":
            image = ImageOps.solarize(image, value)
        elif name not in ("identity", "nothing"):
            image = getattr(ImageOps, name)(image)
    return np.array(image)


@pytest.mark.parametrize(
    "layer",
    [
        augment_tf.RandAugment(num_ops=3, magnitude=20, fill=(9, 99, 200)),
        augment_tf.TrivialAugmentWide(),
        augment_tf.AutoAugment("imagenet"),
        augment_tf.AutoAugment("cifar10"),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_images_are_those_that_pillow_makes(layer):
    generator = np.random.default_rng(3)
    images = np.stack(
        [
            np.array(
                Image.fromarray(
                    generator.integers(0, 256, (4, 5, 3)).astype(np.uint8)
                ).resize((44, 36), Image.Resampling.BICUBIC)
            )
            for _ in range(100)
        ]
    )
    operations, parameters, drawn = draw(layer, 100, 36, 44)
    fill = layer.fill if isinstance(layer.fill, tuple) else 3 * (layer.fill,)
    fill = tuple(int(value) for value in fill)
    expected = np.stack(
        [
            by_pillow(image, named(names, rows), fill)
            for image, names, rows in zip(
                images, operations, parameters, strict=True
            )
        ]
    )
    changed = layer.transform_images(tf.constant(images), drawn).numpy()
    # Pillow turns by a matrix of its own, rounded to 15 digits: a pixel
    # exactly on a border may fall to the other side.
    assert (changed != expected).any(axis=-1).mean() < 1e-3
    assert (changed != images).any()


def test_aug_mix_is_the_weighted_mean_of_its_chains():
    generator = np.random.default_rng(4)
    images = generator.integers(0, 256, (6, 20, 24, 3)).astype(np.uint8)
    layer = augment_tf.AugMix(width=2, depth=1, interpolation="nearest")
    drawn = layer.get_random_transformation(tf.constant(images), SEED)
    known = np.array(branches(layer.names, layer.interpolation))
    operations = known[drawn["operations"].numpy()]
    parameters = drawn["parameters"].numpy()
    mixed = layer.transform_images(tf.constant(images), drawn).numpy()
    for index, image in enumerate(images):
        chains = [
            by_pillow(image, named(operations[row], parameters[row]), (0, 0, 0))
            for row in (2 * index, 2 * index + 1)
        ]
        weights = drawn["weights"].numpy()[index]
        share = drawn["shares"].numpy()[index]
        mean = sum(w * c for w, c in zip(weights, chains, strict=True))
        expected = (1 - share) * image + share * mean
        difference = np.abs(mixed[index] - expected).max(axis=-1)
        assert (difference > 1e-3).mean() < 0.01


def test_aug_mix_draws_what_the_official_code_draws():
    layer = augment_tf.AugMix(severity=10, width=3)
    operations, parameters, drawn = draw(layer, 4000, 300, 300)
    assert operations.shape == (12_000, 3)
    lengths = Counter((operations != "identity").sum(axis=1).tolist())
    assert chi_square(lengths, {1: 1 / 3, 2: 1 / 3, 3: 1 / 3}) > ALPHA
    first = named(operations[:, 0], parameters[:, 0])
    counts = Counter(name for name, _ in first)
    assert not set(counts) & FACTORS
    for name in ("autocontrast", "equalize", "posterize", "solarize"):
        share = scipy.stats.binomtest(counts[name], 12_000, 1 / 9)
        assert share.pvalue > ALPHA
    # Strengths are uniform from 0.1 to 10, in tenths of the largest.
    shears = np.abs([v for name, v in first if name == "shear_x"]) / 0.3
    uniform = scipy.stats.uniform(0.01, 0.99)
    assert scipy.stats.kstest(shears, uniform.cdf).pvalue > ALPHA
    assert {v for name, v in first if name == "posterize"} == {1, 2, 3, 4}
    angles = {v for name, v in first if name == "rotate"}
    assert angles <= {float(whole) for whole in range(-30, 31)}
    shares = drawn["shares"].numpy()
    assert scipy.stats.kstest(shares, "uniform").pvalue > ALPHA
    np.testing.assert_allclose(drawn["weights"].numpy().sum(axis=1), 1.0)


def test_aug_mix_has_colors_where_they_are_asked_for():
    layer = augment_tf.AugMix(severity=5, all_operations=True)
    operations, parameters, _ = draw(layer, 4000)
    steps = named(operations, parameters)
    assert FACTORS <= {name for name, _ in steps}
    factors = [value for name, value in steps if name in FACTORS]
    # 0.1 + 1.8 times at most half: never signed.
    assert 0.1 < min(factors) < 0.13
    assert 0.98 < max(factors) < 1.0


@pytest.mark.parametrize(
    ("name", "arguments", "complaint"),
    [
        ("RandAugment", {"num_ops": 0}, "num_ops"),
        ("RandAugment", {"magnitude": 31}, "below `num_magnitude_bins`"),
        ("RandAugment", {"interpolation": "cubic"}, "interpolation"),
        ("RandAugment", {"fill": 300}, "fill"),
        ("TrivialAugmentWide", {"num_magnitude_bins": 1}, "bins"),
        ("AutoAugment", {"policy": "svhm"}, "'imagenet', 'cifar10'"),
        ("AugMix", {"severity": 11}, "severity"),
        ("AugMix", {"depth": 0}, "depth"),
        ("AugMix", {"alpha": 0.0}, "alpha"),
    ],
)
def test_wrong_arguments_are_named(name, arguments, complaint):
    with pytest.raises(ValueError, match=complaint):
        getattr(augment_tf, name)(**arguments)
