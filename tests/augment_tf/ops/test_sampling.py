"""Distributions of the draws, and their equality under XLA."""

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from augment_tf.ops import sampling

SEED = tf.constant((1, 2))
COUNT = 20_000
ALPHA = 1e-3


def p_value(draws, distribution):
    return scipy.stats.kstest(draws.numpy(), distribution.cdf).pvalue


def test_a_counter_gives_no_seed_twice_in_parallel():
    counter = sampling.SeedCounter(7)
    calls = tf.data.Dataset.range(3000).map(
        lambda _: counter.next(), num_parallel_calls=8
    )
    drawn = sorted(tuple(seed) for seed in calls.as_numpy_iterator())
    assert drawn == [(7, call) for call in range(3000)]


def test_tensors_of_seeds_are_hashed_as_integers_are():
    seeds = [0, -5, 2**31, 2**32, 2**32 + 1, 1 - 2**32, 2**63 - 1, -(2**63)]
    expected = [sampling.to_32_bits(seed) % 2**32 for seed in seeds]
    assert len(set(expected)) == len(seeds)
    for options in ({}, {"jit_compile": True}):
        hashed = tf.function(sampling.tensor_to_32_bits, **options)(
            tf.constant(seeds, tf.int64)
        )
        assert (hashed.numpy().view(np.uint32) == expected).all()
    large = [2**63, 2**64 - 1]
    hashed = sampling.tensor_to_32_bits(tf.constant(large, tf.uint64))
    expected = [sampling.to_32_bits(seed) for seed in large]
    assert hashed.numpy().view(np.uint32).tolist() == expected


def test_uniform():
    draws = sampling.uniform(SEED, (COUNT,), -2.0, 3.0)
    assert draws.dtype == tf.float64
    assert p_value(draws, scipy.stats.uniform(-2.0, 5.0)) > ALPHA


def test_normal():
    assert p_value(sampling.normal(SEED, (COUNT,)), scipy.stats.norm) > ALPHA


@pytest.mark.parametrize("alpha", [0.2, 0.5, 0.7, 1, 2, 8])
def test_beta(alpha):
    draws = sampling.beta(SEED, (COUNT,), alpha)
    assert draws.dtype == tf.float64
    assert p_value(draws, scipy.stats.beta(alpha, alpha)) > ALPHA


@pytest.mark.parametrize("alpha", [1e-300, 1e-3, 1e6])
def test_beta_stays_a_share_for_extreme_alpha(alpha):
    draws = sampling.beta(SEED, (COUNT,), alpha).numpy()
    assert ((draws >= 0.0) & (draws <= 1.0)).all()
    assert abs(draws.mean() - 0.5) < 4 * 0.5 / np.sqrt(COUNT)


def test_small_beta_draws_keep_their_precision():
    draws = sampling.beta(SEED, (COUNT,), 0.05).numpy()
    low = draws[draws < 0.5]
    below = scipy.stats.beta(0.05, 0.05)
    result = scipy.stats.kstest(low, lambda x: 2.0 * below.cdf(x))
    assert result.pvalue > ALPHA


def test_integers_reach_every_value_equally():
    bounds = tf.constant([1, 7], tf.int32)
    draws = sampling.integers(SEED, (COUNT, 2), bounds).numpy()
    assert (draws[:, 0] == 0).all()
    counts = np.bincount(draws[:, 1], minlength=7)
    assert len(counts) == 7
    assert scipy.stats.chisquare(counts).pvalue > ALPHA


@pytest.mark.parametrize("shape", [(5, 7, 3), (1,), (50, 100, 4)])
def test_bytes_are_uniform_in_any_shape(shape):
    draws = sampling.bytes(SEED, tf.constant(shape)).numpy()
    assert draws.shape == shape
    assert draws.dtype == np.uint8
    if draws.size == COUNT:
        counts = np.bincount(draws.ravel(), minlength=256)
        assert scipy.stats.chisquare(counts).pvalue > ALPHA
        correlation = np.corrcoef(draws.ravel()[1:], draws.ravel()[:-1])[0, 1]
        assert abs(correlation) < 4 / np.sqrt(COUNT)


def test_bernoulli():
    draws = sampling.bernoulli(SEED, (COUNT,), 0.3).numpy()
    assert abs(draws.mean() - 0.3) < 4 * np.sqrt(0.21 / COUNT)
    assert not sampling.bernoulli(SEED, (COUNT,), 0.0).numpy().any()
    assert sampling.bernoulli(SEED, (COUNT,), 1.0).numpy().all()


def test_every_permutation_is_equally_likely():
    @tf.function
    def draw(seeds):
        return tf.map_fn(lambda seed: sampling.permutation(seed, 4), seeds)

    draws = draw(sampling.bits(SEED, (4800, 2))).numpy()
    _, counts = np.unique(draws, axis=0, return_counts=True)
    assert len(counts) == 24
    assert scipy.stats.chisquare(counts).pvalue > ALPHA


def test_split_seeds_are_independent():
    one, two = (
        sampling.uniform(seed, (COUNT,)).numpy()
        for seed in sampling.split(SEED, 2)
    )
    assert abs(np.corrcoef(one, two)[0, 1]) < 4 / np.sqrt(COUNT)


def test_xla_draws_the_same():
    def draw(seed):
        return {
            "bytes": sampling.bytes(seed, (1001,)),
            "permutation": sampling.permutation(seed, 1001),
            "integers": sampling.integers(seed, (1001,), 64),
            "uniform": sampling.uniform(seed, (1001,)),
            "normal": sampling.normal(seed, (1001,)),
            "beta": sampling.beta(seed, (1001,), 0.3),
        }

    eager, compiled = draw(SEED), tf.function(draw, jit_compile=True)(SEED)
    for name in ("bytes", "permutation", "integers", "uniform"):
        assert np.array_equal(eager[name], compiled[name])
    for name in ("normal", "beta"):
        np.testing.assert_allclose(
            eager[name], compiled[name], rtol=1e-12, atol=1e-14
        )


@pytest.mark.parametrize("alpha", [0.2, 1.0, 4.0])
def test_dirichlet(alpha):
    draws = sampling.dirichlet(SEED, (COUNT,), 3, alpha)
    assert draws.shape == (COUNT, 3)
    assert draws.dtype == tf.float64
    np.testing.assert_allclose(draws.numpy().sum(axis=1), 1.0)
    for place in range(3):
        marginal = scipy.stats.beta(alpha, 2 * alpha)
        assert p_value(draws[:, place], marginal) > ALPHA


def test_dirichlet_of_extreme_alpha_stays_a_share():
    for alpha in (1e-4, 1e6):
        draws = sampling.dirichlet(SEED, (100,), 3, alpha).numpy()
        np.testing.assert_allclose(draws.sum(axis=1), 1.0)
