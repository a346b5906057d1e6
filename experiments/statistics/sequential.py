"""Looks at a study while its seeds come in: levels, decisions.

A study that is compared after each seed and stopped at the first claim makes
several times as many false claims as its intervals promise. Here the looks
are fixed before the first run, and the intervals of all arms and looks hold
together. With k arms beside the reference, looks
at n_1 < ... < n_L seeds and the error probability alpha:

    spent   A(n) = (alpha / k) (n / n_L)^2
    limits  z_l solves P(|W(t_i)| < z_i sqrt(t_i) for all i < l,
                         |W(t_l)| >= z_l sqrt(t_l)) = A(n_l) - A(n_(l-1)),
            with t = n / n_L and a Brownian motion W
    level   a_l = 2 Phi(-z_l)

The interval of an arm at a look is D -/+ t(1 - a_l / 2, g) sqrt(V), see
`comparison.compare_arms` and `cross_validation.compare_folds`.

References:
    Lan and DeMets, "Discrete sequential boundaries for clinical trials",
    1983, for spending, and Kim and DeMets, "Design and analysis of group
    sequential tests based on the type I error spending rate function", 1987,
    for powers of n.
    Armitage, McPherson and Rowe, "Repeated significance tests on accumulating
    data", 1969, for the recursion over looks.
    Lan, Simon and Halperin, "Stochastically curtailed tests in long-term
    clinical trials", 1982, for conditional power.
"""

import functools
import math
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri, stdtrit

from experiments.statistics.comparison import CONFIDENCE, Difference
from experiments.statistics.equivalence import judge_relevance

ALPHA = round(1 - CONFIDENCE, 10)
LOOKS = (3, 5, 8, 12)
LEAST_SEEDS = 2
# An arm is given up if its chances of a claim are all below this.
FUTILE = 0.1
# Points of the grid, an odd number for Simpson's rule.
_POINTS = 1501
# In standard deviations, beyond any limit.
_FAR = 38.0


class Looks(NamedTuple):
    """The looks of a study, fixed before its first run.

    Attributes:
        seeds: n_1 < ... < n_L, numbers of seeds of each arm that still runs.
        comparisons: k, the number of arms beside the reference.
        margin: Points of a difference that matters, or None.
        alpha: Of all looks and arms together.
    """

    seeds: tuple
    comparisons: int
    margin: float | None = None
    alpha: float = ALPHA

    @property
    def levels(self):
        """a_l of each look."""
        return compute_levels(self.seeds, self.comparisons, self.alpha)


class Result(NamedTuple):
    """One arm at one look.

    Attributes:
        decision: As `decide` returns it.
        difference: `comparison.Difference` with the interval of the look;
            None if arm and reference had no runs to compare.
    """

    decision: str
    difference: Difference | None


class Look(NamedTuple):
    """A look that was taken.

    Attributes:
        seeds: Of each arm that ran until then.
        level: a_l.
        results: {arm: `Result`} of these arms, without the reference.
    """

    seeds: int
    level: float
    results: dict[str, Result]


@functools.cache
def compute_levels(seeds, comparisons, alpha=ALPHA):
    """Levels of the looks of one arm.

    Args:
        seeds: Tuple of ascending numbers of seeds.
        comparisons: k, at least 1.
        alpha: In (0, 1).

    Returns:
        A tuple of the error probabilities a_l.

    Raises:
        ValueError: if the seeds are not ascending numbers from 2 on.

    Example:
        >>> [round(level, 6) for level in compute_levels((3, 5, 8, 12), 1)]
        [0.003125, 0.006742, 0.017179, 0.038815]
    """
    steps = np.diff(seeds, prepend=LEAST_SEEDS - 1)
    if not len(seeds) or (steps < 1).any():
        raise ValueError(
            "Expected as looks ascending numbers of seeds from "
            f"{LEAST_SEEDS} on, such as (3, 5, 8, 12). Received: {seeds!r}."
        )
    times = np.array(seeds) / seeds[-1]
    spent = np.diff(alpha / comparisons * times**2, prepend=0)
    limits = [-math.sqrt(times[0]) * ndtri(spent[0] / 2)]
    grid, weights = _divide(limits[0])
    density = _normal(grid, math.sqrt(times[0]))
    for step, probability in zip(np.diff(times), spent[1:], strict=True):
        deviation = math.sqrt(step)
        mass = weights * density
        given = grid, mass, deviation, probability
        limits.append(brentq(_exceed, 0, _FAR, given, xtol=1e-13))
        after, weights = _divide(limits[-1])
        density = _normal(after[:, None] - grid, deviation) @ mass
        grid = after
    return tuple((2 * ndtr(-np.array(limits) / np.sqrt(times))).tolist())


def _exceed(limit, grid, mass, deviation, probability):
    """Probability to leave (-limit, limit) in a step, minus `probability`."""
    beyond = ndtr((grid - limit) / deviation)
    beyond += ndtr((-grid - limit) / deviation)
    return mass @ beyond - probability


def _divide(limit):
    """Points in [-limit, limit] and their weights by Simpson's rule."""
    grid = np.linspace(-limit, limit, _POINTS)
    weights = np.full(_POINTS, 2.0)
    weights[1::2] = 4
    weights[[0, -1]] = 1
    return grid, weights * (grid[1] - grid[0]) / 3


def _normal(values, deviation):
    density = np.exp(-((values / deviation) ** 2) / 2)
    return density / (deviation * math.sqrt(2 * math.pi))


def decide(difference, look, looks):
    """Decides on an arm after a look.

    In this order, with the margin m if there is one:

    - "better" or "worse": the interval leaves out 0;
    - "no_relevant_difference": the interval is inside (-m, m);
    - "cannot_be_told": it is the last look; or arm or reference was trained
      less than twice; or at the last look, if the difference stays as it is,
      both claims have a probability below 0.1. With J = 1 / V,
      V_L = S n_l / n_L + I and c = t(1 - a_L / 2, f n_L / n_l), these are

          Phi((|D| J_L - c sqrt(J_L)) / sqrt(J_L - J_l))
          P(|D_L| < m - c sqrt(V_L)), D_L normal with mean D and
          variance V_l - V_L

    - "runs_on": otherwise.

    Giving up spends no error probability: training on all the same makes no
    more false claims.

    Args:
        difference: `comparison.Difference` at the look's level, or None.
        look: Place of the look in `looks.seeds`.
        looks: `Looks`.

    Returns:
        One of the words above.
    """
    if difference is None or difference.verdict == "trained_once":
        return "cannot_be_told"
    if difference.verdict != "not_told_apart":
        return difference.verdict
    if looks.margin is not None and judge_relevance(difference, looks.margin):
        return "no_relevant_difference"
    last = len(looks.seeds) - 1
    if look == last or max(_claim_later(difference, look, looks)) < FUTILE:
        return "cannot_be_told"
    return "runs_on"


def _claim_later(difference, look, looks):
    """Probabilities of both claims at the last look."""
    variance = difference.variance
    share = looks.seeds[look] / looks.seeds[-1]
    later = variance._replace(over_seeds=variance.over_seeds * share)
    now, then = variance.error, later.error
    degrees = variance.degrees_over_seeds / share
    reach = stdtrit(degrees, 1 - looks.levels[-1] / 2) * then
    size = abs(difference.difference)
    # Standard deviation of the last look's difference, given today's.
    deviation = max(math.sqrt(max(0, now**2 - then**2)), 1e-12)
    # By information, the deviation of D_L is smaller by then / now.
    told = ndtr((size - reach) / (deviation * then / now))
    room = (looks.margin or 0) - reach
    if room <= 0:
        return told, 0.0
    return told, ndtr((room - size) / deviation) - ndtr(
        (-room - size) / deviation
    )
