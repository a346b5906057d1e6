"""Signs that a run, an arm or a comparison is not to be trusted."""

from typing import NamedTuple

import numpy as np
from scipy import stats

from experiments.history import (
    STEEP,
    compute_guessing_loss,
    estimate_rise_error,
    still_rising,
)
from experiments.metrics import locate_dominant_class
from experiments.statistics.variance import satterthwaite
from pipelines.config import compare_configs

# Points of accuracy on plain training images that an arm lacks against the
# reference, from which on it is likely to need more epochs than that.
_FITS_LESS = 10.0
_LEVEL = 0.05
_SEVERAL = 2
# Images by which an accuracy is off, as far as its last digit tells.
_ROUNDING = 0.5
# What of environment.json changes numbers; augment_on stands in the config,
# and so among the settings.
_FIELDS = (
    "precision",
    "device",
    "accelerator",
    "processor",
    "replicas",
    "workers",
    "threads",
    "jit_compile",
    "onednn",
)


class Signs(NamedTuple):
    """Signs in the curves and the predictions of an arm.

    Attributes:
        still_rising: Points of validation accuracy that another fifth of the
            training would bring at the pace of the last one, the mean over
            seeds; None if fewer than five epochs tell.
        undertrained: True if that is more than a point, and more than chance
            explains.
        diverged: Seeds whose training loss ended above that of guessing.
        fits_less_by: Points of accuracy on plain training images below the
            reference's; None if that was not measured.
        fits_less: True if that is more than 10.
        guesses: True if the accuracy is not above naming the commonest class
            every time, with 97.5 % confidence.
        one_class: The class that nearly all predictions name, or None.
    """

    still_rising: float | None
    undertrained: bool
    diverged: tuple
    fits_less_by: float | None
    fits_less: bool
    guesses: bool
    one_class: str | None


def read_signs(group, arm):
    """The `Signs` of an arm of a `groups.Group`."""
    rising, error, degrees = _estimate_rise(arm)
    steep = rising is not None and rising > STEEP
    if steep:
        level = _LEVEL / len(group.arms)
        steep = rising > stats.t.ppf(1 - level, degrees) * error
    fits, others = _plain_accuracy(arm), _plain_accuracy(group.reference)
    less = None if fits is None or others is None else others - fits
    predictions = group.predictions(arm)
    return Signs(
        still_rising=rising,
        undertrained=bool(steep),
        diverged=tuple(
            run.seed
            for run in arm.runs
            if run.history[-1]["loss"] > guessing_loss(run)
        ),
        fits_less_by=less,
        fits_less=less is not None and less > _FITS_LESS,
        guesses=bool(predictions and _guesses(group, predictions)),
        one_class=_dominant_class(predictions) if predictions else None,
    )


def guessing_loss(run):
    """Cross-entropy of predicting each class with its share, in nats."""
    counts = list((run.data.splits.get(run.data.train) or {}).values())
    if not any(counts):
        counts = [1] * len(run.predictions.class_names)
    return compute_guessing_loss(counts, run.config["label_smoothing"])


def _estimate_rise(arm):
    """`still_rising`, its standard error, and its degrees of freedom."""
    found = [still_rising(run.history) for run in arm.runs]
    if None in found:
        return None, None, None
    mean, seeds = float(np.mean(found)), len(found)
    if seeds >= _SEVERAL:
        # Seeds that agree to the image do so by chance.
        images = min(len(run.predictions.labels) for run in arm.runs)
        deviation = max(np.std(found, ddof=1), 100 * _ROUNDING / images)
        return mean, float(deviation / seeds**0.5), seeds - 1
    # One seed does not tell what others would show.
    (run,) = arm.runs
    images = len(run.predictions.labels)
    return mean, estimate_rise_error(run.history, images), np.inf


def _plain_accuracy(arm):
    """Percent of plain training images that an arm has right, or None."""
    found = [run.metrics.plain_train for run in arm.runs]
    if None in found:
        return None
    return float(100 * np.mean([each.accuracy for each in found]))


def _guesses(group, predictions):
    """True if the lower end of the accuracy is not above guessing."""
    labels = np.concatenate([each.labels for each in predictions])
    common = np.bincount(labels).max() / len(labels)
    mean = np.mean([each.right.mean() for each in predictions])
    images = len(set().union(*(each.ids.tolist() for each in predictions)))
    parts = [(mean * (1 - mean) / images, max(1, images - 1))]
    variance, degrees = _pool_seed_variance(group)
    if degrees:
        parts.append((variance / len(predictions), degrees))
    variance, degrees = satterthwaite(*parts)
    return mean - stats.t.ppf(0.975, degrees) * np.sqrt(variance) <= common


def _pool_seed_variance(group):
    """Variance of the accuracy over seeds and its degrees, of all arms."""
    arms = [
        [each.right.mean() for each in group.predictions(arm)]
        for arm in group.arms
    ]
    degrees = sum(max(0, len(each) - 1) for each in arms)
    squares = sum(np.var(each) * len(each) for each in arms if each)
    return squares / max(1, degrees), degrees


def _dominant_class(predictions):
    names = predictions[0].class_names
    predicted = np.concatenate([each.predicted for each in predictions])
    labels = np.concatenate([each.labels for each in predictions])
    index = locate_dominant_class(labels, predicted)
    if index is None:
        return None
    return names[index] if index < len(names) else f"output {index}"


def same_predictions(group):
    """Pairs of arms whose runs of one seed made the same predictions.

    Args:
        group: `groups.Group`.

    Returns:
        {(arm, other arm): [seeds]}.
    """
    by_digest = {}
    for arm in group.arms:
        for run in arm.runs:
            by_digest.setdefault(run.digest, []).append((arm.name, run.seed))
    pairs = {}
    for (first, seed), *others in by_digest.values():
        for other, its in others:
            if seed == its:
                pairs.setdefault((first, other), []).append(seed)
    return {pair: sorted(seeds) for pair, seeds in pairs.items()}


def compare_environments(group):
    """Sentences on runs that moved, that leak, or were made unlike others.

    Args:
        group: A `groups.Group`.

    Yields:
        Sentences.
    """
    for run in group.runs:
        yield from _describe_moves(run)
    overlaps = dict.fromkeys(
        overlap for run in group.runs for overlap in run.data.overlaps
    )
    for overlap in overlaps:
        yield f"Judged on images of the training, as allowed: {overlap}."
    unlike = list(_list_unlike(group))
    if unlike:
        yield (
            "Runs were made in different environments, which changes numbers: "
            f"{'; '.join(unlike)}."
        )


def _describe_moves(run):
    parts = [*run.environment.earlier_parts, run.environment]
    for before, after in zip(parts, parts[1:], strict=False):
        changed = ", ".join(
            f"{field} from {old} to {new}"
            for field, old, new in compare_configs(
                _comparable(before), _comparable(after)
            )
        )
        if changed:
            yield (
                f"{run.name}, seed {run.seed}, was trained in another "
                f"environment from step {after.first_step} on: {changed}."
            )


def _comparable(part):
    """{field: value} of an environment, of all that changes numbers."""
    found = {name: getattr(part, name) for name in _FIELDS}
    found |= part.packages
    if part.git_revision:
        changes = " and changes" if part.git_changes else ""
        found["revision"] = part.git_revision[:10] + changes
    return {k: v for k, v in found.items() if v is not None}


def _list_unlike(group):
    found = {}
    for arm in group.arms:
        for run in arm.runs:
            for field, value in _comparable(run.environment).items():
                arms = found.setdefault(field, {}).setdefault(str(value), {})
                arms[arm.name] = arms.get(arm.name, 0) + 1
    sizes = {arm.name: len(arm.runs) for arm in group.arms}
    for field, values in found.items():
        if len(values) > 1:
            listed = ", ".join(
                f"{value} in {_list_arms(arms, sizes)}"
                for value, arms in values.items()
            )
            yield f"{field} is {listed}"


def _list_arms(counts, sizes):
    if len(counts) > 4:
        return f"{sum(counts.values())} runs"
    return " and ".join(
        arm if count == sizes[arm] else f"{count} of {sizes[arm]} runs of {arm}"
        for arm, count in counts.items()
    )
