"""Findings in sentences that claim no more than the numbers hold."""

import os
import unicodedata

from experiments.quantities import counted

LEVEL = "95 % interval"
# Of characters that change no direction, as Unicode names the classes.
_LEFT = {"L", "EN", "ES", "ET", "CS", "NSM", "BN", "S", "WS", "ON", "B", ""}


class Names:
    """Short names of arms: without what the names of all begin with.

    Args:
        names: Of the experiments.
    """

    def __init__(self, names):
        names = list(names)
        shared = os.path.commonprefix(names) if len(names) > 1 else ""
        cut = shared.rfind("_") + 1
        # Of "a_" nothing would be left.
        self._cut = cut if all(len(name) > cut for name in names) else 0

    def __call__(self, name):
        return name[self._cut :]

    def list(self, names):
        """For example "a, b and c"."""
        *others, last = map(self, names)
        return f"{', '.join(others)} and {last}" if others else last


class _SpokenNames(Names):
    """Short names as they stand in sentences."""

    def __call__(self, name):
        return isolated(super().__call__(name))


def names_of(findings):
    """How sentences call the arms."""
    return _SpokenNames(arm.name for arm in findings.arms)


def isolated(name):
    """A name that leaves the order of what stands around it alone.

    Names that are written from right to left would draw the numbers beside
    them to their other side; Unicode's isolates, which nobody sees, keep them
    apart.
    """
    if all(unicodedata.bidirectional(each) in _LEFT for each in name):
        return name
    return f"\N{FIRST STRONG ISOLATE}{name}\N{POP DIRECTIONAL ISOLATE}"


def answer(findings):
    """What the comparison says, in a few sentences.

    Args:
        findings: `findings.Findings`.

    Returns:
        A list of sentences.
    """
    names = names_of(findings)
    if len(findings.arms) == 1:
        return [f"{names(findings.arms[0].name)} alone: nothing to compare."]
    if not findings.images:
        return ["The arms judged no image in common: nothing to compare."]
    told = [d for d in findings.differences if d.verdict in ("better", "worse")]
    same = [d for d in findings.differences if d.verdict == "not_told_apart"]
    once = [d for d in findings.differences if d.verdict == "trained_once"]
    return [
        *(_told(findings, names, each) for each in told),
        *([_not_told_apart(names, same)] if same else []),
        *([_trained_once(findings, names, once)] if once else []),
    ]


def _told(findings, names, found):
    what = "lowers" if found.verdict == "better" else "raises"
    sentence = (
        f"{names(found.arm)} {what} top-1 error by "
        f"{abs(found.difference):.1f} points against {names(found.reference)} "
        f"({LEVEL} {_ends(found)}; {_basis(findings, found)})"
    )
    if found.arm in findings.settings.confounded:
        count = len(findings.settings.things[found.arm])
        sentence += (
            f", but the two differ in {count} settings, so nothing says which "
            "of them did it"
        )
    return sentence + "."


def _not_told_apart(names, same):
    reference = names(same[0].reference)
    are = "are" if len(same) > 1 else "is"
    arms = names.list(d.arm for d in same)
    sizes = sorted({f"{d.detectable:.1f}" for d in same}, key=float)
    return (
        f"{arms} {are} not told apart from {reference}: this study would "
        f"detect {' to '.join(dict.fromkeys((sizes[0], sizes[-1])))} points."
    )


def _trained_once(findings, names, once):
    arms = names.list(
        dict.fromkeys(arm.name for arm in findings.arms if len(arm.seeds) == 1)
    )
    wide = max((d.high - d.low) / 2 for d in once)
    return (
        f"Trained once: no ranking. One training of {arms} does not tell "
        f"what another would give; the {findings.images:,} images alone leave "
        f"{wide:.1f} points either way."
    )


def _ends(found):
    """Of the error's decrease, or of its increase."""
    ends = sorted((abs(found.low), abs(found.high)))
    return f"{ends[0]:.1f} to {ends[1]:.1f}"


def _basis(findings, found):
    counts = [
        len(arm.seeds)
        for arm in findings.arms
        if arm.name in (found.arm, found.reference)
    ]
    seeds = " and ".join(map(str, dict.fromkeys(counts)))
    return f"{seeds} seeds, {findings.images:,} images"


def power(power):
    """What a study of that size shows, and from what that is expected.

    Args:
        power: `power.Power`.

    Returns:
        A list of sentences.
    """
    seeds = f"{counted(power.seeds, 'seed')} an arm"
    images, noise = f"{power.images:,} images", power.noise
    if power.seeds < 2:
        line = f"With {seeds} this study ranks nothing"
    elif power.detectable is None:
        line = f"With {seeds} this study detects no difference at all"
    else:
        line = (
            f"With {seeds} this study detects differences of at least "
            f"{power.detectable:.1f} points with 80 % power"
        )
    needed = power.seeds_for_a_point
    if needed is None:
        line += f"; no number of seeds finds 1 point on {images}."
    else:
        line += f"; 1 point takes {needed} seeds an arm."
    source = (
        f"As in {noise.runs} finished runs"
        if noise.runs
        else "Assumed, since no arm has two finished runs"
    )
    return [
        line,
        f"{source}: {power.arms} arms, {images}, accuracy "
        f"{100 * noise.accuracy:.1f} %, a deviation over seeds of "
        f"{noise.seed_deviation:.2f} points beyond that of independent errors.",
    ]


def warnings(findings):
    """What should keep a reader from believing the answer too quickly."""
    names = names_of(findings)
    settings = findings.settings
    reference = names(findings.arms[0].name)
    for arm in settings.confounded:
        things = ", ".join(settings.things[arm])
        yield (
            f"More than one thing differs between {reference} and "
            f"{names(arm)}, so their difference has no single cause: {things}."
        )
    if len(set(settings.steps.values())) > 1:
        listed = [f"{names(arm)} {n:,}" for arm, n in settings.steps.items()]
        yield (
            "The arms were trained for different numbers of steps, which can "
            f"make a difference by itself: {', '.join(listed)}."
        )
    yield from findings.remarks
    for arm, fields in settings.seeds_differ.items():
        yield f"Seeds of {names(arm)} differ in {', '.join(fields)}."
    steep = [arm for arm in findings.arms if arm.signs.undertrained]
    if steep:
        pace = max(arm.signs.still_rising for arm in steep)
        yield (
            f"Undertrained: {names.list(a.name for a in steep)} still gained "
            f"up to {pace:.1f} points of accuracy over the last fifth of "
            "training. The ranking may turn over with more epochs."
        )
    hungry = [arm for arm in findings.arms if arm.signs.fits_less]
    if hungry:
        least = max(arm.signs.fits_less_by for arm in hungry)
        fit = "fit up to" if len(hungry) > 1 else "fits"
        yield (
            f"{names.list(arm.name for arm in hungry)} {fit} {least:.0f} "
            f"points fewer of the plain training images than {reference}: "
            "more epochs may favor what is trained on harder images."
        )
    for arm in findings.arms:
        if arm.signs.diverged:
            seeds = ", ".join(map(str, arm.signs.diverged))
            yield (
                f"{names(arm.name)} ended above the loss of guessing with "
                f"seed {seeds}: it diverged or did not learn; a lower "
                "optimizer.learning_rate may help."
            )


def judged(findings):
    """The epoch whose network is compared."""
    if findings.judged == "best":
        return "of the epoch that is best on held-out images"
    if findings.judged == "ema":
        return "of the averaged weights of the last epoch"
    return "of the last epoch"


def chosen(findings):
    """How the epoch was picked whose figures stand beside the last one's."""
    if any(arm.chosen_on == "val" for arm in findings.arms):
        return (
            "The same of the best epoch, which was picked on the images that "
            "it is judged on: that flatters it."
        )
    return "The same of the best epoch, picked on images held out of training."


def notes(findings):
    """How to read the numbers, in plain words."""
    yield (
        "The interval of a difference counts both what varies: other seeds "
        "would have given other networks, and other images other mistakes. "
        f"The {LEVEL}s hold for all arms together: without any effect, at "
        "most about one study in 20 claims one. Error and accuracy are those "
        f"{judged(findings)}."
    )
    if any(d.verdict == "trained_once" for d in findings.differences):
        yield (
            "Where an arm was trained once, the interval covers the images "
            "alone and says nothing of other trainings."
        )
    yield (
        "Detectable is the difference that a study like this one finds in "
        "four of five repetitions; a smaller one may well be there."
    )
    if findings.crossed:
        yield (
            "Cross-validated: each seed is trained without one fold of the "
            "images and judged on it. The training sets of folds overlap, "
            "for which nothing is corrected, so many folds make intervals "
            "look narrower than they are."
        )
    yield (
        "The calibration error is the mean distance between confidence and "
        "accuracy in 15 bins of equally many images."
    )
    if findings.positive_class is not None:
        yield (
            "Precision, recall and F1 are those of the class "
            f"{isolated(findings.positive_class)}."
        )
