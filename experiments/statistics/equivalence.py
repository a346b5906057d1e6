"""Differences beside a margin that was stated before the first run."""


def judge_relevance(difference, margin):
    """Compares the interval of a difference with a margin of relevance.

    There is no further correction: a false result is an interval that
    misses, and the intervals of a study hold together.

    Args:
        difference: `comparison.Difference`.
        margin: Points, more than 0: the smallest difference that matters.

    Returns:
        "no_relevant_difference": low > -margin and high < margin. Two cases
        of it have names of their own: "better_by_less" if also low > 0, and
        "worse_by_less" if also high < 0. None if the interval reaches the
        margin, or if trained once.

    Raises:
        ValueError: if the margin is not more than 0.

    Example:
        >>> import numpy as np
        >>> from experiments.statistics.comparison import compare_arms
        >>> right = np.arange(1000) < np.array([[600], [604], [599]])
        >>> found = compare_arms({"plain": right, "placebo": right})
        >>> judge_relevance(found[0], margin=10)
        'no_relevant_difference'
    """
    if not margin > 0:
        raise ValueError(
            "Expected a margin of more than 0 points, such as 1. "
            f"Received: margin={margin!r}."
        )
    low, high = difference.low, difference.high
    once = difference.verdict == "trained_once"
    if once or low <= -margin or high >= margin:
        return None
    if low > 0:
        return "better_by_less"
    return "worse_by_less" if high < 0 else "no_relevant_difference"
