"""The short answer of a comparison, and a card an arm."""

from experiments.formatting import counted, duration
from experiments.report import wording
from experiments.report.document import Card, Cards

_VERBS = {"better": "lowers", "worse": "raises"}
_ENDINGS = {
    "alike": "no difference that matters",
    "open": "this study cannot tell",
    "runs_on": "not decided yet",
    "trained_once": "trained once, so this study cannot tell",
}


def ask(findings):
    """The question of a comparison and its size, in words for everyone."""
    names = wording.build_names(findings)
    reference, *others = findings.arms
    tried = [arm for arm in others if arm.name not in findings.placebos]
    sentences = []
    if others:
        *first, last = (names(arm.name) for arm in tried or others)
        either = f"{', '.join(first)} or {last}" if first else last
        sentences.append(
            f"Does {either} help, against {names(reference.name)}?"
        )
    counts = [len(arm.seeds) for arm in findings.arms]
    seeds = " to ".join(map(str, dict.fromkeys((min(counts), max(counts)))))
    times = {"1": "once", "2": "twice"}.get(seeds, f"{seeds} times")
    each = "each " if others else ""
    sentences.append(
        f"{counted(len(counts), 'arm')}, {each}trained {times} from other "
        f"random numbers and evaluated on {counted(findings.images, 'image')}. "
        "The error is the share of images that are named wrongly; a point is "
        "one image in a hundred."
    )
    return sentences


def headline(findings):
    """The answer in a few words, in the order of the arms.

    Arms that are not told apart get no number, so that nobody ranks them.

    Args:
        findings: `findings.Findings`.

    Returns:
        A list of sentences; empty if the answer is as short, or if a placebo
        is told apart.
    """
    if findings.alarms or not findings.differences:
        return []
    if all(arm.signs.guesses for arm in findings.arms):
        return ["This study tells nothing: no arm has learned its classes."]
    names = wording.build_names(findings)
    groups = {}
    for each in findings.differences:
        groups.setdefault(_group(findings, each), []).append(each)
    sentences = [
        _tell(findings, names, groups[verdict], verb)
        for verdict, verb in _VERBS.items()
        if verdict in groups
    ]
    for group, ending in _ENDINGS.items():
        if group in groups:
            arms = names.list(each.arm for each in groups[group])
            sentences.append(f"{arms}: {ending}.")
    if "placebo" in groups:
        sentences.append(_describe_placebos(names, groups["placebo"]))
    return sentences


def _group(findings, difference):
    if difference.verdict != "not_told_apart":
        return difference.verdict
    if difference.arm in findings.placebos:
        return "placebo"
    if findings.relevance(difference):
        return "alike"
    runs_on = findings.decision(difference) == "runs_on"
    return "runs_on" if runs_on else "open"


def _tell(findings, names, differences, verb):
    """For example "A lowers the error by 3.2 points and B by 2.1 points."."""
    verbs = [f" {verb} the error", *[""] * (len(differences) - 1)]
    *first, last = (
        f"{names(each.arm)}{verb} by {abs(each.difference):.1f} points"
        f"{_limit(findings, each)}"
        for each, verb in zip(differences, verbs, strict=True)
    )
    listed = f"{', '.join(first)} and {last}" if first else last
    return f"{listed}, against {names(differences[0].reference)}."


def _limit(findings, difference):
    lost = {arm.name for arm in findings.arms if arm.is_decimated}
    limits = []
    if lost & {difference.arm, difference.reference}:
        limits.append("of the runs that did not fail")
    if difference.arm in findings.settings.confounded:
        count = len(findings.settings.things[difference.arm])
        limits.append(f"with {count} settings changed at once")
    if findings.relevance(difference):
        limits.append("less than was said to matter")
    return f" ({'; '.join(limits)})" if limits else ""


def _describe_placebos(names, differences):
    are = "are" if len(differences) > 1 else "is"
    return (
        f"{names.list(each.arm for each in differences)}, which {are} "
        f"{names(differences[0].reference)} trained again, {are} not told "
        "apart from it, as it should be."
    )


def list_cards(material):
    """The `Cards` of a comparison, in the order of its arms.

    Args:
        material: `material.Material`.
    """
    findings = material.findings
    differences = {each.arm: each for each in findings.differences}
    reference, *_ = findings.arms
    return Cards(
        [
            Card(
                material.names(arm.name),
                material.colors[material.labels[arm.name]],
                "reference"
                if arm is reference
                else _verdict(findings, differences.get(arm.name)),
                "reference"
                if arm is reference
                else _kind(findings, differences.get(arm.name)),
                _figures(material, arm, differences.get(arm.name)),
            )
            for arm in findings.arms
        ]
    )


def _verdict(findings, difference):
    if difference is None:
        return "not compared"
    if findings.relevance(difference) == "no_relevant_difference":
        return "no relevant difference"
    return wording.verdict(findings, difference)


def _kind(findings, difference):
    if difference is None or findings.alarms:
        return "open"
    group = _group(findings, difference)
    return group if group in ("better", "worse", "alike") else "open"


def _figures(material, arm, difference):
    """{title: (text, further text)} of a card."""
    found = {}
    if error := arm.figures.get("top1_error"):
        further = "" if error.deviation is None else f"± {error.deviation:.2f}"
        found["top-1 error"] = f"{error.mean:.2f} %", further
    if difference is not None:
        title = f"points against {material.names(difference.reference)}"
        interval = f"{difference.low:+.2f} to {difference.high:+.2f}"
        found[title] = f"{difference.difference:+.2f}", interval
    if seconds := arm.figures.get("seconds"):
        further = (
            ""
            if seconds.deviation is None
            else f"± {duration(seconds.deviation)}"
        )
        found["time of a training"] = duration(seconds.mean), further
    if arm.lost:
        lost = sum(arm.lost.values())
        found["runs lost"] = f"{lost} of {lost + len(arm.seeds)}", ""
    return found
