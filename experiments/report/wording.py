"""Findings in sentences that claim no more than the numbers hold."""

import math
import os
import unicodedata

from experiments.configs.arms import display_name
from experiments.formatting import counted
from experiments.report.looks import (
    describe_arm,
    describe_nothing,
    describe_reading,
    describe_undecided,
)
from experiments.statistics.power import MOST_SEEDS

LEVEL = "95 % interval"
# No difference is larger.
MOST_POINTS = 100
# Of characters that change no direction, as Unicode names the classes.
_LEFT = {"L", "EN", "ES", "ET", "CS", "NSM", "BN", "S", "WS", "ON", "B", ""}


class Names:
    """Names of arms on the page: their titles, or their short keys.

    Short keys lack what the keys of all arms begin with. They stand for all
    arms if two titles are the same.

    Args:
        names: Of the experiments.
    """

    def __init__(self, names):
        names = list(names)
        shared = os.path.commonprefix(names) if len(names) > 1 else ""
        cut = shared.rfind("_") + 1
        # Of "a_" nothing would be left.
        cut = cut if all(len(name) > cut for name in names) else 0
        self._shown = {name: name[cut:] for name in names}
        titles = {name: display_name(name) for name in names}
        titles = {k: v for k, v in titles.items() if v != k}
        titled = self._shown | titles
        if len(set(titled.values())) == len(titled):
            self._shown = titled

    def __call__(self, name):
        return self._shown.get(name, name)

    def list(self, names):
        """For example "a, b and c"."""
        *others, last = map(self, names)
        return f"{', '.join(others)} and {last}" if others else last


class _SpokenNames(Names):
    """Short names as they stand in sentences."""

    def __call__(self, name):
        return isolated(super().__call__(name))


def build_names(findings):
    """Names of the arms in sentences."""
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
    """The answer of a comparison, in a few sentences.

    If a placebo is told apart from the reference, that comes first, and the
    sentences on other arms say that they are not to be believed.

    Args:
        findings: `findings.Findings`.

    Returns:
        A list of sentences.
    """
    names = build_names(findings)
    lost = list(_describe_lost(findings, names))
    if len(findings.arms) == 1:
        only = findings.arms[0].name
        return [f"{names(only)} alone: nothing to compare.", *lost]
    if findings.is_looked_at and not findings.differences:
        return [describe_nothing(findings.design), *lost]
    if not findings.differences:
        return [
            "The arms judged no image in common: nothing to compare.",
            *lost,
        ]
    alarms = alarm(findings)
    others = [d for d in findings.differences if d not in findings.alarms]
    told = [d for d in others if d.verdict in ("better", "worse")]
    same = [d for d in others if d.verdict == "not_told_apart"]
    alike = [d for d in same if findings.relevance(d)]
    same = [d for d in same if d not in alike]
    once = [d for d in others if d.verdict == "trained_once"]
    doubt = "Not to be believed: " if alarms else ""
    return [
        *alarms,
        *(doubt + _told(findings, names, each) for each in told),
        *([_alike(findings, names, alike)] if alike else []),
        *_describe_same(findings, names, same),
        *([_trained_once(findings, names, once)] if once else []),
        *_describe_incomparable(findings, names),
        *_describe_same_predictions(findings, names),
        *_describe_guessing(findings, names),
        *lost,
    ]


def alarm(findings):
    """Sentences on placebos that are told apart; empty if none is."""
    names = build_names(findings)
    sentences = [
        "No difference of this study is to be believed: "
        f"{names(each.arm)}, which is {names(each.reference)} trained again "
        "with other random numbers, is told apart from it by "
        f"{abs(each.difference):.1f} points ({LEVEL} {_ends(each)})."
        for each in findings.alarms
    ]
    if sentences:
        seeds = min(len(arm.seeds) for arm in findings.arms)
        sentences.append(
            "The reason can be chance, as in up to one sound study in 20; "
            f"too few seeds to know how far trainings vary (here {seeds}); "
            "runs that were made differently, which the warnings name; or a "
            "fault in the code or the data. More seeds tell chance from a "
            "fault."
        )
    return sentences


def _told(findings, names, found):
    verb = "lowers" if found.verdict == "better" else "raises"
    lost = {arm.name for arm in findings.arms if arm.is_decimated}
    caveat = ""
    if lost & {found.arm, found.reference}:
        caveat = ", of the runs that did not fail,"
    sentence = (
        f"{names(found.arm)} {verb} top-1 error{caveat} by "
        f"{abs(found.difference):.1f} points against {names(found.reference)} "
        f"({LEVEL} {_ends(found)}; {_basis(findings, names, found)})"
    )
    if found.arm in findings.settings.confounded:
        count = len(findings.settings.things[found.arm])
        sentence += (
            f", but the two differ in {count} settings, so nothing says which "
            "of them did it"
        )
    if findings.relevance(found):
        sentence += f", but by less than {_points(findings.margin)}"
    return sentence + "."


def _points(margin):
    return f"{margin:g} {'point' if margin == 1 else 'points'}"


def _alike(findings, names, alike):
    reference = names(alike[0].reference)
    arms = names.list(d.arm for d in alike)
    return (
        f"{arms}: no relevant difference from {reference} (within "
        f"+-{_points(findings.margin)})."
    ).replace("+-", "±")


def _describe_same(findings, names, same):
    if findings.is_looked_at:
        return describe_undecided(findings, names, same)
    return [_not_told_apart(names, same)] if same else []


def _not_told_apart(names, same):
    reference = names(same[0].reference)
    are = "are" if len(same) > 1 else "is"
    arms = names.list(d.arm for d in same)
    return (
        f"{arms} {are} not told apart from {reference}: to be found, a "
        f"difference would have to be {detectable_range(same)}."
    )


def verdict(findings, difference):
    """The cell of a table: "better", "not told apart" and the like."""
    words = difference.verdict.replace("_", " ")
    if findings.decision(difference):
        words = describe_arm(findings.design, difference.arm)
    if findings.alarms and difference.verdict in ("better", "worse"):
        words += ", not to be believed"
    return words


def relevance(found):
    """The cell of a table, of what `Findings.relevance` returns."""
    return "not within" if found is None else found.replace("_", " ")


def detectable(difference):
    """The cell of a table: "4.12", "more than 100" or "n/a"."""
    if difference.verdict == "trained_once":
        return "n/a"
    size = difference.detectable
    return "more than 100" if size is None else f"{size:.2f}"


def detectable_range(differences):
    """For example "4.1 to 5.0 points", "9.3 to more than 100 points"."""
    sizes = sorted(
        math.inf if each.detectable is None else each.detectable
        for each in differences
    )
    ends = dict.fromkeys(
        f"{size:.1f}" if size <= MOST_POINTS else "more than 100"
        for size in (sizes[0], sizes[-1])
    )
    return f"{' to '.join(ends)} points"


def _trained_once(findings, names, once):
    single = [
        name
        for each in once
        for name, seeds in (
            (each.reference, each.reference_seeds),
            (each.arm, each.seeds),
        )
        if seeds == 1
    ]
    arms = names.list(dict.fromkeys(single))
    wide = max((d.high - d.low) / 2 for d in once)
    images = counted(findings.images, "image")
    return (
        f"Trained once: no ranking. One training of {arms} does not tell "
        f"what another would give; the {images} alone "
        f"{'leave' if findings.images > 1 else 'leaves'} {wide:.1f} points "
        "either way."
    )


def _describe_incomparable(findings, names):
    reference, *others = (arm.name for arm in findings.arms)
    compared = {each.arm for each in findings.differences}
    arms = [name for name in others if name not in compared]
    if arms:
        yield (
            f"{names.list(arms)} judged no image in common with "
            f"{names(reference)}: not compared."
        )


def _describe_same_predictions(findings, names):
    for (arm, other), seeds in findings.same_predictions.items():
        listed = ", ".join(map(str, seeds))
        yield (
            f"{names(arm)} and {names(other)} made the same predictions with "
            f"{'seed' if len(seeds) == 1 else 'seeds'} {listed}: either what "
            "tells them apart was never applied, or one is a copy."
        )


def _describe_guessing(findings, names):
    arms = [arm.name for arm in findings.arms if arm.signs.guesses]
    if not arms:
        return
    are = "are" if len(arms) > 1 else "is"
    sentence = (
        f"{names.list(arms)} {are} not above naming the commonest class every "
        "time"
    )
    if len(arms) == len(findings.arms):
        sentence += ": this study tells nothing about its arms"
    yield sentence + "."


def _describe_lost(findings, names):
    for arm in findings.arms:
        if arm.lost:
            lost = sum(arm.lost.values())
            yield (
                f"{names(arm.name)}: {lost} of {lost + len(arm.seeds)} runs "
                f"{'is' if lost == 1 else 'are'} not in this comparison "
                f"({_list_lost(arm.lost)})."
            )
    for arm, lost in findings.absent.items():
        yield f"{names(arm)} has no run to compare ({_list_lost(lost)})."
    if findings.planned_reference in findings.absent:
        yield (
            f"{names(findings.planned_reference)} is the reference of this "
            f"study; {names(findings.arms[0].name)} stands in for it."
        )


def _list_lost(lost):
    return ", ".join(f"{count} {kind}" for kind, count in lost.items())


def _ends(found):
    """The ends of the error's decrease, or of its increase."""
    ends = sorted((abs(found.low), abs(found.high)))
    return f"{ends[0]:.1f} to {ends[1]:.1f}"


def _basis(findings, names, found):
    counts = dict.fromkeys((found.seeds, found.reference_seeds))
    seeds = f"{' against '.join(map(str, counts))} seeds"
    if found.pooled:
        seeds += f" with those of {names.list(found.pooled)}"
    return f"{seeds}, {counted(findings.images, 'image')}"


def margin_needs(margin, seeds):
    """The seeds that a difference as large as the margin takes."""
    if seeds is None:
        return (
            f"The margin of {_points(margin)} is out of reach with up to "
            f"{MOST_SEEDS:,} seeds an arm."
        )
    return f"The margin of {_points(margin)} takes {seeds} seeds an arm."


def last_look(power):
    """The differences that the last look of a study detects.

    Args:
        power: `power.Power`.
    """
    size = power.detectable
    sizes = (
        "no difference" if size is None else f"differences of {size:.1f} points"
    )
    return (
        f"The last look, at {power.seeds} seeds an arm, detects {sizes} with "
        "80 % power; earlier ones detect larger differences."
    )


def power(power):
    """The differences that a study of this size detects, and the assumptions.

    Args:
        power: `power.Power`.

    Returns:
        A list of sentences.
    """
    seeds = f"{counted(power.seeds, 'seed')} an arm"
    images, noise = counted(power.images, "image"), power.noise
    if power.seeds < 2:
        line = f"With {seeds} this study ranks nothing"
    elif power.detectable is None:
        line = f"With {seeds} this study detects no difference at all"
    else:
        sizes = dict.fromkeys(
            "more than 100" if each is None else f"{each:.1f}"
            for each in (power.detectable, power.detectable_most)
        )
        line = (
            f"With {seeds} this study detects differences of "
            f"{' to '.join(sizes)} points with 80 % power"
        )
    if power.seeds_for_a_point is None:
        line += (
            f"; 1 point on {images} is out of reach with up to "
            f"{MOST_SEEDS:,} seeds an arm."
        )
    else:
        line += f"; 1 point takes {power.seeds_for_a_point} seeds an arm."
    source = (
        f"As in {noise.runs} finished runs"
        if noise.runs
        else "Assumed, since no arm has two finished runs above guessing"
    )
    return [
        line,
        f"{source}: {power.arms} arms, {images}, accuracy "
        f"{100 * noise.accuracy:.1f} %, a deviation over seeds of "
        f"{noise.seed_deviation:.2f} points beyond that of independent errors.",
    ]


def warnings(findings):
    """Reasons not to believe the answer too quickly."""
    names = build_names(findings)
    settings = findings.settings
    reference = names(findings.arms[0].name)
    yield from describe_reading(findings, names)
    for arm in settings.confounded:
        things = ", ".join(settings.things[arm])
        yield (
            f"More than one thing differs between {reference} and "
            f"{names(arm)}, so their difference has no single cause: {things}."
        )
    if len({tuple(steps) for steps in settings.steps.values()}) > 1 or any(
        len(steps) > 1 for steps in settings.steps.values()
    ):
        listed = [
            f"{names(arm)} {' and '.join(f'{n:,}' for n in steps)}"
            for arm, steps in settings.steps.items()
        ]
        yield (
            "Runs were trained for different numbers of steps, which can "
            f"make a difference by itself: {', '.join(listed)}."
        )
    yield from findings.environments
    for each in findings.doubles:
        yield f"{each.path} is left out: {each.reason}."
    for arm, fields in settings.seeds_differ.items():
        yield f"Seeds of {names(arm)} differ in {', '.join(fields)}."
    yield from _describe_signs(findings, names, reference)


def _describe_signs(findings, names, reference):
    steep = [arm for arm in findings.arms if arm.signs.undertrained]
    if steep:
        pace = max(arm.signs.still_rising for arm in steep)
        sentence = (
            f"Undertrained: {names.list(a.name for a in steep)} still gained "
            f"up to {pace:.1f} points of accuracy over the last fifth of "
            "training. The ranking may turn over with more epochs."
        )
        if findings.is_cosine:
            sentence += (
                " With a cosine schedule the end always rises: a longer "
                "training alone tells."
            )
        yield sentence
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
        if arm.signs.one_class is not None:
            yield (
                f"{names(arm.name)} names the class "
                f"{isolated(arm.signs.one_class)} for nearly all images: it "
                "learned little else."
            )
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
    """The manner in which the best epoch was picked."""
    if any(arm.chosen_on == "val" for arm in findings.arms):
        return (
            "The same of the best epoch, which was picked on the images that "
            "it is judged on: that flatters it."
        )
    return "The same of the best epoch, picked on images held out of training."


def notes(findings):
    """Notes on reading the numbers, in plain words."""
    together = (
        "all arms and looks together: without any effect, at most about one "
        "study in 20 claims one at any look"
        if findings.is_looked_at
        else "all arms together: without any effect, at most about one study "
        "in 20 claims one; with 4 seeds or fewer and a reference much noisier "
        "than the arms, up to one in 12"
    )
    yield (
        "The interval of a difference counts both what varies: other seeds "
        "would have given other networks, and other images other mistakes. "
        f"The {LEVEL}s hold for {together}. Error and accuracy are those "
        f"{judged(findings)}."
    )
    if findings.is_looked_at:
        yield (
            "The reference is trained on with the arms that run on. A "
            "difference compares an arm with as many seeds of the reference, "
            "so it need not be that of two printed errors."
        )
    if any(d.verdict == "trained_once" for d in findings.differences):
        yield (
            "Where an arm was trained once, the interval covers the images "
            "alone and says nothing of other trainings."
        )
    if not findings.is_looked_at:
        yield (
            "Detectable is the difference that a study like this one finds in "
            "about four of five repetitions, with 2 seeds in two of three; a "
            "smaller one may well be there."
        )
    if any(each.pooled for each in findings.differences):
        yield (
            "A placebo is the reference trained again, with other random "
            "numbers. If it is not told apart, its runs count as further runs "
            "of the reference for all other arms. Their differences are "
            "then taken against both, and are not those of two printed errors."
        )
    if findings.margin is not None:
        yield (
            f"A difference of less than {_points(findings.margin)} was said "
            "not to matter. An arm has no relevant difference if its whole "
            "interval lies within that margin."
        )
    if findings.crossed:
        yield (
            "Cross-validated: each seed is trained without one fold of the "
            "images and evaluated on it. The training sets of folds overlap, "
            "so trainings are more alike than independent ones. The intervals "
            "are widened for it. In simulations with trained classifiers at "
            "most about one study in 20 without an effect claimed one."
        )
    yield (
        "The calibration error is the mean distance between confidence and "
        "accuracy in 15 bins of equally many images."
    )
    if any("balanced_error" in arm.figures for arm in findings.arms):
        yield (
            "The balanced error is 100 % less the balanced accuracy, the mean "
            "of the accuracies on each class: a small class weighs as much as "
            "a large one."
        )
    if findings.positive_class is not None:
        yield (
            "Precision, recall and F1 are those of the class "
            f"{isolated(findings.positive_class)}."
        )
