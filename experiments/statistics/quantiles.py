"""Numbers of standard errors that several intervals reach to hold together.

Each function returns a `Reach`: from degrees of freedom to standard errors.
With Phi the normal distribution function, z standard normal, g degrees of
freedom and s^2 = chi2_g / g, the reach c solves:

    independent  t(1 - (1 - confidence) / 2k, g)
    reference    E_s E_z ((Phi((b z + c s) / a) - Phi((b z - c s) / a))^k)
                 = confidence, with a^2 = 1 - r, b^2 = r
    pairs        E_s K E_z ((Phi(z) - Phi(z - sqrt2 c s))^(K - 1))
                 = confidence

References:
    Dunn, "Multiple comparisons among means", 1961, for Bonferroni's
    inequality in intervals.
    Dunnett, "A multiple comparison procedure for comparing several
    treatments with a control", 1955.
    Tukey, "The problem of multiple comparisons", 1953, and Kramer,
    "Extension of multiple range tests to group means with unequal numbers
    of replications", 1956.
"""

import functools
import math

import numpy as np
from numpy.polynomial import Chebyshev
from scipy.optimize import brentq
from scipy.special import chdtri, ndtr, stdtrit

# Trapezoid rules: they converge fast for smooth functions that fade out.
_Z = np.linspace(-8.5, 8.5, 120)
_Z_WEIGHTS = np.exp(-(_Z**2) / 2) / np.exp(-(_Z**2) / 2).sum()
_NODES = 160
# Curves are smooth in 1 / degrees: this degree leaves errors below 1e-6.
_CURVE_DEGREE = 24


def reach_independently(comparisons, confidence):
    """Reach of `comparisons` intervals, whatever they have in common.

    Args:
        comparisons: Number of intervals, at least 1.
        confidence: Of all intervals together, in (0, 1).

    Returns:
        Function from degrees of freedom (> 0) to standard errors, as a float.

    Raises:
        ValueError: if the confidence is not between 0 and 1.

    Example:
        >>> round(reach_independently(1, 0.95)(10), 3)
        2.228
    """
    _check_confidence(confidence)
    tail = (1 - confidence) / (2 * comparisons)
    return lambda degrees: float(stdtrit(degrees, 1 - tail))


def reach_reference(comparisons, confidence, correlation=0.5):
    """Dunnett's two-sided reach of arms that share a reference.

    Args:
        comparisons: Number of arms beside the reference, at least 1.
        confidence: Of all intervals together, in (0, 1).
        correlation: r in (0, 1) of two differences: n_a / (n_a + n_0), 0.5
            if the reference has as many seeds as the arms.

    Returns:
        Function from degrees of freedom (at least 1) to standard errors, as
        a float, accurate to four digits.

    Raises:
        ValueError: if the confidence is not between 0 and 1.

    Example:
        >>> round(reach_reference(3, 0.95)(20), 2)
        2.54
    """
    _check_confidence(confidence)
    curve = _curve(_hold_reference, comparisons, confidence, correlation)
    return lambda degrees: math.exp(curve(1 / degrees))


def reach_pairs(arms, confidence):
    """Tukey's reach of all pairs of arms: the studentized range / sqrt(2).

    Args:
        arms: Number of arms, K, at least 2.
        confidence: Of all intervals together, in (0, 1).

    Returns:
        Function from degrees of freedom (at least 1) to standard errors, as
        a float, accurate to four digits.

    Raises:
        ValueError: if the confidence is not between 0 and 1.

    Example:
        >>> round(reach_pairs(3, 0.95)(20) * 2**0.5, 2)
        3.58
    """
    _check_confidence(confidence)
    curve = _curve(_hold_pairs, arms, confidence)
    return lambda degrees: math.exp(curve(1 / degrees))


def _check_confidence(confidence):
    if not 0 < confidence < 1:
        raise ValueError(
            "Expected a confidence between 0 and 1, such as 0.95. "
            f"Received: confidence={confidence!r}."
        )


def _hold_reference(reach, comparisons, correlation):
    """Probability that all intervals hold, for each reach (n, 1)."""
    common, own = math.sqrt(correlation), math.sqrt(1 - correlation)
    inside = ndtr((common * _Z + reach) / own)
    inside -= ndtr((common * _Z - reach) / own)
    return inside**comparisons @ _Z_WEIGHTS


def _hold_pairs(reach, arms):
    inside = ndtr(_Z) - ndtr(_Z - math.sqrt(2) * reach)
    return arms * (inside ** (arms - 1) @ _Z_WEIGHTS)


@functools.cache
def _curve(hold, count, confidence, *correlation):
    """Logarithm of the reach as a polynomial in 1 / degrees of freedom."""

    def solve(inverse):
        spread, weights = _deviations(inverse)

        def excess(log_reach):
            reach = math.exp(log_reach) * spread[:, None]
            return weights @ hold(reach, count, *correlation) - confidence

        return brentq(excess, -7, 14, xtol=1e-10)

    return Chebyshev.interpolate(np.vectorize(solve), _CURVE_DEGREE, (0, 1))


def _deviations(inverse):
    """Values of s, the square root of chi2_g / g, and their weights."""
    if inverse < 1e-6:
        return np.ones(1), np.ones(1)
    degrees = 1 / inverse
    ends = np.log(chdtri(degrees, [1 - 1e-13, 1e-13]) / degrees) / 2
    log_s = np.linspace(*ends, _NODES)
    log_density = degrees * (log_s - np.exp(2 * log_s) / 2)
    weights = np.exp(log_density - log_density.max())
    return np.exp(log_s), weights / weights.sum()
