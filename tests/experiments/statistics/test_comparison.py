"""Comparisons of arms: known answers, references, what must not matter."""

import doctest
import json
import math

import numpy as np
import pytest
from scipy import stats

from experiments.statistics import comparison, variance
from experiments.statistics.comparison import compare_all_pairs, compare_arms

IMAGES = 600


def spread(accuracies, images=IMAGES):
    """Seeds of these accuracies whose errors have nothing in common.

    Each is right on another stretch of the images, so that an image is
    right in about as many seeds as any other, and images add no variance.
    """
    return np.array(
        [
            np.roll(
                np.arange(images) < round(accuracy * images),
                seed * images // len(accuracies),
            )
            for seed, accuracy in enumerate(accuracies)
        ]
    )


def random_study(seed=0, arms=3, seeds=4, images=IMAGES, gain=0.05):
    generator = np.random.default_rng(seed)
    easy = generator.random(images)
    return {
        f"arm {arm}": generator.random((seeds, images)) < easy + gain * arm
        for arm in range(arms)
    }


def width(difference):
    return difference.high - difference.low


def assert_alike(found, expected):
    for one, other in zip(found, expected, strict=True):
        assert one.verdict == other.verdict
        assert (one.arm, one.reference) == (other.arm, other.reference)
        assert one[2:5] == pytest.approx(other[2:5])


def test_an_example_worked_by_hand():
    reference = np.repeat([[1, 1, 0, 0], [1, 0, 0, 0]], 4, axis=1) == 1
    arm = np.repeat([[1, 1, 1, 0], [1, 1, 1, 1]], 4, axis=1) == 1
    (found,) = compare_arms({"plain": reference, "mixed": arm})
    # Both arms: accuracies a quarter apart, so s2 = 1/32; a quarter of the
    # images with variance 1/2 over seeds, so v = 1/8 / 16. Both estimates of
    # S are 1/32. The gains are 0, 1/2, 1, 1/2, on four images each.
    over_seeds = 1 / 32
    over_images = (8 / 4) / 15 / 16 - 1 / 128
    variance = over_seeds + over_images
    degrees = variance**2 / (over_seeds**2 / 2 + over_images**2 / 15)
    reach = 100 * math.sqrt(variance) * stats.t.ppf(0.975, degrees)
    # The median of chi-square with 2 degrees of freedom is 2 ln 2.
    unbiased = math.sqrt(over_seeds / math.log(2) + over_images)
    detectable = 100 * unbiased * stats.t.ppf([0.975, 0.8], degrees).sum()
    assert degrees == pytest.approx(2.067, abs=5e-4)
    assert found.difference == pytest.approx(50)
    assert found.low == pytest.approx(50 - reach)
    assert found.high == pytest.approx(min(100, 50 + reach))
    assert detectable > 100
    assert found.detectable is None
    assert found.verdict == "not_told_apart"
    assert found.covers == "seeds and images"


@pytest.mark.parametrize(
    ("first", "other", "equal_variances"),
    [
        ([0.5, 0.6, 0.7], [0.3, 0.6, 0.9], False),
        ([0.2, 0.9], [0.50, 0.55, 0.6, 0.65, 0.7], False),
        # Pooled, because the noisier arm is the one with more seeds.
        ([0.50, 0.55], [0.2, 0.9, 0.3, 0.8, 0.5], True),
    ],
)
def test_student_and_welch_where_images_add_nothing(
    first, other, equal_variances
):
    (found,) = compare_arms({"a": spread(first), "b": spread(other)}, "a")
    expected = stats.ttest_ind(other, first, equal_var=equal_variances)
    low, high = expected.confidence_interval()
    assert found.low == pytest.approx(max(-100, 100 * low))
    assert found.high == pytest.approx(min(100, 100 * high))


SAMPLES = {
    "reference": [0.50, 0.51, 0.52, 0.53],
    "a": [0.55, 0.56, 0.57, 0.58],
    "noisy": [0.40, 0.50, 0.60, 0.70],
}


def test_dunnetts_test_where_images_add_nothing():
    """The pooled variance is the larger: of "a", which is not noisy."""
    found, _ = compare_arms({k: spread(v) for k, v in SAMPLES.items()})
    control, *others = SAMPLES.values()
    test = stats.dunnett(*others, control=control, rng=0)
    low, high = (100 * bounds[0] for bounds in test.confidence_interval())
    assert found.low == pytest.approx(low, rel=0.002)
    assert found.high == pytest.approx(high, rel=0.002)


def test_tukeys_test_where_images_add_nothing():
    found, *_ = compare_all_pairs({k: spread(v) for k, v in SAMPLES.items()})
    test = stats.tukey_hsd(*SAMPLES.values()).confidence_interval()
    assert (found.arm, found.reference) == ("a", "reference")
    assert found.low == pytest.approx(100 * test.low[1, 0])
    assert found.high == pytest.approx(100 * test.high[1, 0])


def test_all_pairs_are_wider_and_tell_the_same_differences():
    study = random_study(arms=4)
    pairs = compare_all_pairs(study)
    assert [(d.reference, d.arm) for d in pairs] == [
        (f"arm {one}", f"arm {other}")
        for one in range(4)
        for other in range(one + 1, 4)
    ]
    for pair, found in zip(pairs, compare_arms(study), strict=False):
        assert pair.difference == found.difference
        assert pair.variance == found.variance
        assert width(pair) > width(found)
    (pair,) = compare_all_pairs(random_study(arms=2))
    assert_alike([pair], compare_arms(random_study(arms=2)))


@pytest.mark.parametrize("seeds", [1, 2, 5])
def test_paired_t_over_images_where_seeds_add_nothing(seeds):
    """All seeds predict the same, or there is a single one."""
    generator = np.random.default_rng(0)
    first = generator.random(IMAGES) < 0.6
    other = np.where(generator.random(IMAGES) < 0.2, ~first, first)
    (found,) = compare_arms(
        {"a": np.tile(first, (seeds, 1)), "b": np.tile(other, (seeds, 1))}
    )
    test = stats.ttest_rel(other.astype(float), first.astype(float))
    expected = [100 * bound for bound in test.confidence_interval()]
    assert [found.low, found.high] == pytest.approx(expected)


def test_one_seed_allows_no_verdict():
    study = random_study(arms=2)
    right = {"a": study["arm 0"], "b": np.ones((1, IMAGES), bool)}
    for reference in right:
        (found,) = compare_arms(right, reference)
        assert abs(found.difference) > 20
        assert found.low * found.high > 0
        assert found.verdict == "trained_once"
        assert found.covers == "images alone"
        assert found.detectable is None


def test_an_arm_trained_once_leaves_the_others_alone():
    study = random_study()
    once = study | {"arm 2": study["arm 2"][:1]}
    first, last = compare_arms(once)
    assert (first.verdict, last.verdict) == ("not_told_apart", "trained_once")
    assert last.seeds == 1
    (alone,) = compare_arms({k: study[k] for k in ("arm 0", "arm 1")})
    assert first.variance.over_seeds == alone.variance.over_seeds
    # The procedure for equal numbers of seeds, of those that have several.
    equal, _ = compare_arms(study)
    assert width(first) == pytest.approx(width(equal), rel=0.3)
    assert compare_all_pairs(once)[0].verdict == "not_told_apart"


def test_swapped_arms_swap_signs():
    study = random_study(arms=2, gain=0.15)
    (found,) = compare_arms(study)
    (swapped,) = compare_arms(study, "arm 1")
    assert (swapped.arm, swapped.reference) == ("arm 0", "arm 1")
    assert swapped.difference == -found.difference < 0
    assert swapped.low == pytest.approx(-found.high)
    assert swapped.high == pytest.approx(-found.low)
    assert swapped.detectable == pytest.approx(found.detectable)
    assert (found.verdict, swapped.verdict) == ("better", "worse")


def test_orders_do_not_matter():
    study = random_study(arms=4)
    expected = compare_arms(study)
    images = np.random.default_rng(1).permutation(IMAGES)
    assert_alike(
        compare_arms({k: v[::-1, images] for k, v in study.items()}), expected
    )
    turned = compare_arms(dict(reversed(study.items())), "arm 0")
    assert_alike(turned[::-1], expected)


def test_more_noise_is_wider():
    quiet = {"a": spread([0.60, 0.61, 0.62]), "b": spread([0.70, 0.71, 0.72])}
    noisy = quiet | {"b": spread([0.66, 0.71, 0.76])}
    (found,), (wider,) = compare_arms(quiet), compare_arms(noisy)
    assert wider.difference == pytest.approx(found.difference)
    assert width(wider) > 1.5 * width(found)
    assert wider.detectable > 1.5 * found.detectable


def test_gains_on_some_images_and_losses_on_others_are_wider():
    generator = np.random.default_rng(0)
    luck = generator.random((2, 10, 4000))
    swing = np.where(np.arange(4000) % 2, 0.3, -0.3)
    even = {"a": luck[0] < 0.5, "b": luck[1] < 0.5}
    uneven = even | {"b": luck[1] < 0.5 + swing}
    (found,), (wider,) = compare_arms(even), compare_arms(uneven)
    assert width(wider) > 1.1 * width(found)


def test_more_arms_and_more_confidence_are_wider():
    study = random_study(arms=2)
    copies = {f"copy {n}": study["arm 1"] for n in range(5)}
    (found,) = compare_arms(study)
    assert width(compare_arms(study | copies)[0]) > width(found)
    assert width(compare_arms(study, confidence=0.99)[0]) > width(found)


def test_verdicts_follow_the_intervals():
    verdicts = set()
    for seed in range(20):
        study = random_study(seed, arms=4, images=200)
        for found in compare_arms(study, "arm 2"):
            verdicts.add(found.verdict)
            assert found.low <= found.difference <= found.high
            assert (found.verdict == "better") == (found.low > 0)
            assert (found.verdict == "worse") == (found.high < 0)
            assert found.detectable > width(found) / 2
    assert verdicts == {"better", "worse", "not_told_apart"}


def test_arms_with_different_numbers_of_seeds():
    study = random_study(seeds=8)
    study["arm 1"] = study["arm 1"][:2]
    two, eight = compare_arms(study)
    assert two.covers == eight.covers == "seeds and images"
    assert width(two) > width(eight)


@pytest.mark.parametrize("images", [1, 2, 10, 10_000])
@pytest.mark.parametrize("value", [True, False])
def test_equal_predictions_are_no_proof_of_equality(images, value):
    right = np.full((3, images), value)
    (found,) = compare_arms({"a": right, "b": right})
    assert found.difference == 0
    assert found.verdict == "not_told_apart"
    # Statisticians' rule of three: nothing in N cases may be 3 / N.
    assert found.high == -found.low >= 100 * min(1, 3 / images)
    assert found.detectable is None or found.detectable > found.high


@pytest.mark.parametrize("images", [1, 2])
@pytest.mark.parametrize("seeds", [1, 2, 3])
def test_one_or_two_images_prove_nothing(seeds, images):
    wrong = np.zeros((seeds, images), bool)
    (found,) = compare_arms({"a": wrong, "b": ~wrong})
    assert found.difference == 100
    assert found.verdict in ("not_told_apart", "trained_once")
    assert found.low < 0
    assert found.high == 100
    assert found.detectable is None


def test_one_arm_has_nothing_to_be_compared_with():
    assert compare_arms({"a": np.ones((3, 5), bool)}) == []
    assert compare_all_pairs({"a": np.ones((3, 5), bool)}) == []


@pytest.mark.parametrize("arms", [2, 3, 12])
@pytest.mark.parametrize("seeds", [1, 2, 5])
@pytest.mark.parametrize("images", [1, 2, 30])
@pytest.mark.parametrize("share", [0, 0.5, 1])
def test_every_number_is_finite_or_none(arms, seeds, images, share):
    generator = np.random.default_rng(0)
    study = {
        f"arm {arm}": generator.random((seeds, images)) < share
        for arm in range(arms)
    }
    for unequal in (study, study | {"arm 1": study["arm 1"][:1]}):
        everything = [
            *compare_arms(unequal),
            *compare_arms(unequal, placebos=["arm 1"]),
            *compare_all_pairs(unequal),
        ]
        for found in everything:
            assert -100 <= found.low <= found.difference <= found.high <= 100
            assert found.verdict in ("not_told_apart", "trained_once")
            assert found.variance.degrees >= 1
            once = found.verdict == "trained_once"
            assert once == (min(found.seeds, found.reference_seeds) == 1)
            if found.detectable is not None:
                assert not once
                assert 0 < found.detectable <= 100


@pytest.mark.parametrize("seeds", [1, 4])
def test_numbers_are_plain(seeds):
    """A report writes them as JSON."""
    study = random_study(seeds=seeds)
    for found in compare_arms(study) + compare_all_pairs(study):
        numbers = (found.difference, found.low, found.high)
        assert {type(number) for number in numbers} == {float}
        read = json.loads(json.dumps(found.as_json(), allow_nan=False))
        assert read["detectable"] == found.detectable
        assert read["variance"]["degrees"] == found.variance.degrees


def pools(gain=0.0, seeds=5, arms=4):
    """A study whose arm 1 is a placebo, better than it should be by `gain`."""
    study = random_study(arms=arms, seeds=seeds, gain=0)
    extra = np.random.default_rng(9).random((seeds, IMAGES)) < gain
    return study | {"arm 1": study["arm 1"] | extra}


def test_a_placebo_counts_as_the_reference_for_all_others():
    study = pools()
    placebo, *others = compare_arms(study, placebos=["arm 1"])
    alone, *wider = compare_arms(study)
    assert placebo == alone
    assert placebo.verdict == "not_told_apart"
    joined = np.concatenate([study["arm 0"], study["arm 1"]])
    for found, before in zip(others, wider, strict=True):
        assert found.pooled == ("arm 1",)
        assert (found.seeds, found.reference_seeds) == (5, 10)
        gain = study[found.arm].mean() - joined.mean()
        assert found.difference == pytest.approx(100 * gain)
        assert width(found) < width(before)
        assert found.detectable < before.detectable


def test_a_placebo_that_is_told_apart_is_not_pooled():
    study = pools(gain=0.5)
    found = compare_arms(study, placebos=["arm 1"])
    assert found[0].verdict == "better"
    assert found == compare_arms(study)


def test_one_of_two_placebos_that_is_told_apart_keeps_both_out():
    study = pools(gain=0.5)
    found = compare_arms(study, placebos=["arm 1", "arm 2"])
    assert [d.verdict for d in found[:2]] == ["better", "not_told_apart"]
    assert found == compare_arms(study)


def test_a_placebo_trained_once_is_not_pooled():
    study = pools() | {"arm 1": pools()["arm 1"][:1]}
    assert compare_arms(study, placebos=["arm 1"]) == compare_arms(study)


def test_an_arm_beside_a_pooled_placebo_alone():
    _, found = compare_arms(pools(arms=3), placebos=["arm 1"])
    assert found.reference_seeds == 10
    assert math.isfinite(found.detectable)


def test_unequal_numbers_of_seeds_fall_back_to_independent_intervals():
    study = random_study(arms=4, seeds=5)
    unequal = study | {"arm 3": study["arm 3"][:4]}
    for found in compare_arms(unequal):
        spread_out = stats.t.ppf(1 - 0.05 / 6, found.variance.degrees)
        assert width(found) / 2 == pytest.approx(
            spread_out * found.variance.error
        )


RIGHT = np.ones((2, 5), bool)


@pytest.mark.parametrize(
    ("correct", "options", "message"),
    [
        ({}, {}, "at least one arm.*Received: correct={}"),
        ({"a": RIGHT}, {"reference": "c"}, "one of the arms a.*'c'"),
        ({"a": RIGHT, "b": RIGHT}, {"confidence": 95}, "between 0 and 1.*95"),
        ({"a": RIGHT, "b": RIGHT[:, 1:]}, {}, "'a': 5, 'b': 4"),
        (
            {"a": RIGHT, "b": RIGHT},
            {"placebos": ["c"]},
            r"placebos.*b.*\['c'\]",
        ),
        ({"a": RIGHT, "b": RIGHT}, {"placebos": ["a"]}, r"placebos.*\['a'\]"),
        ({"a": RIGHT[0]}, {}, r"for a a boolean.*Received: bool \(5,\)"),
        ({"a": RIGHT[:, :0]}, {}, r"not empty.*Received: bool \(2, 0\)"),
        ({"a": RIGHT[:0]}, {}, r"not empty.*Received: bool \(0, 5\)"),
        ({"a": [RIGHT[0], RIGHT[0, 1:]]}, {}, "Received: object"),
        ({"a": np.full((2, 5), np.nan)}, {}, "Received: float64.*=="),
        ({"a": np.ones((2, 5), int)}, {}, "Received: int"),
    ],
)
def test_wrong_input(correct, options, message):
    with pytest.raises(ValueError, match=message):
        compare_arms(correct, **options)


@pytest.mark.parametrize("module", [comparison, variance])
def test_examples_run(module):
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0
