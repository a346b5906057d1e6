"""Trials of settings: their points, and the expected error of the best."""

from typing import Any, NamedTuple

import numpy as np
from scipy.special import comb
from scipy.stats import qmc


def draw_points(dimensions, count):
    """Draws points of a space that cover it evenly, always the same ones.

    They are the first of a scrambled Halton sequence: the first N of more
    points are the points of N trials.

    Args:
        dimensions: List of `experiments.configs.variants.Dimension`s.
        count: Number of points.

    Returns:
        A list of {field: value}.

    References:
        Bergstra and Bengio, Random Search for Hyper-Parameter Optimization,
        JMLR 2012; Bousquet et al., Critical Hyper-Parameters: No Random, No
        Cry, 2017, https://arxiv.org/abs/1706.03200
    """
    sequence = qmc.Halton(len(dimensions), scramble=True, seed=0)
    return [
        {
            each.field: each.locate(share)
            for each, share in zip(dimensions, shares, strict=True)
        }
        for shares in sequence.random(count)
    ]


def compute_expected_best(errors, with_replacement=False):
    """Computes the expected lowest error of n trials, for n from 1 to N.

    Args:
        errors: N numbers, one a trial.
        with_replacement: False: of n of these trials, all sets of n alike
            (Tang et al.), which is unbiased. True: of n draws from these
            trials (Dodge et al., as published), which is too high for n near
            N.

    Returns:
        Float array (N,).

    References:
        Dodge et al., Show Your Work, EMNLP 2019,
        https://arxiv.org/abs/1909.03004
        Tang et al., Showing Your Work Doesn't Always Work, ACL 2020,
        https://arxiv.org/abs/2004.13705

    Example:

    >>> from experiments.statistics.tuning import compute_expected_best
    >>> compute_expected_best([30.0, 10.0, 20.0]).round(1).tolist()
    [20.0, 13.3, 10.0]
    """
    errors = np.sort(np.asarray(errors, float))
    count = len(errors)
    ranks = np.arange(count)
    trials = np.arange(1, count + 1)[:, None]
    if with_replacement:
        above = ((count - ranks) / count) ** trials
        weights = above - ((count - ranks - 1) / count) ** trials
    else:
        # The other n - 1 trials rank above the lowest.
        weights = comb(count - 1 - ranks, trials - 1) / comb(count, trials)
    return weights @ errors


class Lead(NamedTuple):
    """Arm with the lowest expected error for some numbers of trials.

    Attributes:
        arm: Its name.
        first, last: Numbers of trials, both included.
    """

    arm: Any
    first: int
    last: int


def list_leads(errors):
    """Lists the arms that lead, each with its numbers of trials.

    Args:
        errors: {arm: N numbers, one a trial}; the same N.

    Returns:
        A list of `Lead`s. If arms are equal, the first leads.

    Example:

    >>> from experiments.statistics.tuning import list_leads
    >>> list_leads({"plain": [20, 21, 22], "mixed": [15, 30, 40]})
    [Lead(arm='plain', first=1, last=1), Lead(arm='mixed', first=2, last=3)]
    """
    arms = list(errors)
    best = np.array([compute_expected_best(errors[arm]) for arm in arms])
    leads = []
    # Rounded, or the order of equal sums would decide.
    for number, place in enumerate(best.round(9).argmin(0), 1):
        if leads and leads[-1].arm == arms[place]:
            leads[-1] = leads[-1]._replace(last=number)
        else:
            leads.append(Lead(arms[place], number, number))
    return leads
