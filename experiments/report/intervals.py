"""95 % intervals for what was measured on a limited number of images.

How sure a figure is depends on the number of images, not on the number of
predictions. Three networks that judge the same 28 images say little more
about other images than one network does. So an image is drawn with all its
predictions, or not at all, and `images` below always counts distinct images.
If the repetitions of an image do differ, the intervals are too wide rather
than too narrow in Wilson's case, and just right in the bootstrap's.

None of this covers what another training would give: that is what the
deviation over seeds is for.
"""

import math

import numpy as np
import scipy.stats

CONFIDENCE = 0.95
_RESAMPLES = 9999
# Values drawn at a time: 4 MB, whatever the number of images.
_BATCH = 500_000


def wilson_interval(proportion, images):
    """Wilson's score interval of a proportion.

    scipy.stats.binomtest has it for whole counts. Over several repetitions
    an image can be right in two cases of three, so the count may be a
    fraction here; for whole counts both agree.

    Args:
        proportion: In [0, 1]; the mean over repetitions, if there are any.
        images: Number of distinct images, more than 0; may be a fraction.

    Returns:
        (low, high), in [0, 1].

    References:
        Wilson, "Probable inference, the law of succession, and statistical
        inference", 1927.

    Example:
        wilson_interval(16 / 28, 28)  # (0.39, 0.73)
    """
    z = scipy.stats.norm.ppf((1 + CONFIDENCE) / 2)
    scale = 1 + z**2 / images
    center = (proportion + z**2 / (2 * images)) / scale
    variance = proportion * (1 - proportion) / images
    reach = z / scale * math.sqrt(variance + z**2 / (4 * images**2))
    return max(0.0, center - reach), min(1.0, center + reach)


def bootstrap_intervals(statistic, values, widest, seed=0):
    """Bootstrap intervals of statistics of means over images.

    Each resample draws whole images, with replacement. Put the values of two
    arms on the same images side by side, and the difference between them is
    a paired one. The interval is the percentile interval, expanded for small
    numbers of images: without it, intervals from 28 images are too narrow.

    Args:
        statistic: From the columns' means over images, float (columns,
            resamples), to the statistics, float (statistics, resamples).
        values: Float (images, columns): what is known of each image, such
            as the share of its predictions that are right.
        widest: (low, high) that the statistics can have at all: the answer
            when there are fewer than two images.
        seed: Of the resamples; the same seed gives the same intervals.

    Returns:
        Float (statistics, 2): low and high.

    References:
        Hesterberg, "What teachers should know about the bootstrap", 2015,
        for the expanded percentile interval.

    Example:
        # The difference in accuracy between two arms.
        bootstrap_intervals(lambda mean: mean[1:] - mean[:1],
                            np.stack([first_right, second_right], axis=1),
                            widest=(-1, 1))
    """
    images = len(values)
    columns = np.ascontiguousarray(np.asarray(values, float).T)
    if images < 2:
        return np.tile(np.asarray(widest, float), (len(statistic(columns)), 1))
    result = scipy.stats.bootstrap(
        (np.arange(images),),
        # take() is several times faster than indexing with brackets.
        lambda drawn, axis: statistic(columns.take(drawn, 1).mean(axis)),
        n_resamples=_RESAMPLES,
        batch=max(1, _BATCH // (images * len(columns))),
        vectorized=True,
        method="percentile",
        confidence_level=_expanded(images),
        rng=np.random.default_rng(seed),
    )
    return np.stack(result.confidence_interval, axis=-1)


def _expanded(images):
    """The level at which the percentile interval is as wide as Student's."""
    tail = scipy.stats.t.ppf((1 - CONFIDENCE) / 2, images - 1)
    return 1 - 2 * scipy.stats.norm.cdf(tail * math.sqrt(images / (images - 1)))
