"""Sentences and a table on the design of a study and its looks."""


def describe_arm(design, arm):
    """The decision on an arm after its last look, in words."""
    number, result = design.results[arm]
    return describe_decision(result.decision, number, design.looks)


def describe_decision(decision, number, looks):
    """A decision in words, such as "runs on to 5 seeds".

    Args:
        decision: As `statistics.sequential.decide` returns it.
        number: Place of the look.
        looks: `Looks`.
    """
    if decision == "runs_on":
        return f"runs on to {looks.seeds[number + 1]} seeds"
    if decision == "cannot_be_told":
        return f"cannot be told within {looks.seeds[-1]} seeds"
    if decision == "no_relevant_difference":
        points = "point" if looks.margin == 1 else "points"
        return f"no relevant difference (within ±{looks.margin:g} {points})"
    return decision


def describe_reading(findings, names):
    """Sentences on a study that was read before its seeds were complete."""
    design = findings.design
    if design is None or design.looks is not None:
        return
    if (design.first_seeds or design.seeds) < design.seeds:
        yield (
            f"Extended: {design.first_seeds} seeds an arm were planned at "
            f"first, and {design.seeds} later. If their results asked for "
            "more, intervals miss more often than they say; --until is the "
            "way to choose the number by results."
        )
    made = {
        arm.name: len(arm.seeds)
        + sum(n for kind, n in arm.lost.items() if kind != "unfinished")
        for arm in findings.arms
    }
    short = {arm: n for arm, n in made.items() if n < design.seeds}
    if short:
        counts = dict.fromkeys((min(short.values()), max(short.values())))
        yield (
            f"Read early: {design.seeds} seeds an arm were planned, and "
            f"{names.list(short)} {'have' if len(short) > 1 else 'has'} "
            f"{' to '.join(map(str, counts))} so far. Whoever reads a study "
            "after each seed and stops at the first claim makes 10 to 24 % "
            "false claims, not 5 %; --until is the way to stop early."
        )


def describe_looks(findings):
    """Sentences on a study that is looked at while its seeds come in."""
    looks, taken = findings.design.looks, findings.design.taken
    *others, last = map(str, looks.seeds)
    listed = f"{', '.join(others)} and {last}" if others else last
    levels = ", ".join(f"{100 * (1 - level):.2f} %" for level in looks.levels)
    yield (
        f"Before the first run, looks were fixed at {listed} seeds. Each has "
        f"its own level ({levels}), so that the intervals of all looks and "
        f"arms hold together in {100 * (1 - looks.alpha):.0f} % of studies. "
        f"{len(taken)} of {len(looks.seeds)} were taken. An arm that is "
        "decided is trained no further; its verdict and its interval are "
        "those of that look."
    )
    yield (
        "Differences at an early stop are on average too large: by 2 to 6 %, "
        "and by 2 to 15 % among claims, if the effect is one that 8 seeds "
        "detect. Claims of smaller effects are far too large, as in any study."
    )


def tabulate_looks(findings, names):
    """Rows of a table, one for each arm at each look."""
    design = findings.design
    return [
        {
            "arm": names(arm),
            "seeds": look.seeds,
            "level of the interval": f"{100 * (1 - look.level):.2f} %",
            **_describe_difference(result.difference),
            "decision": describe_decision(
                result.decision, number, design.looks
            ),
        }
        for number, look in enumerate(design.taken)
        for arm, result in look.results.items()
    ]


def _describe_difference(difference):
    if difference is None or difference.verdict == "trained_once":
        return {"difference, points": "n/a", "interval": "n/a"}
    return {
        "difference, points": f"{difference.difference:+.2f}",
        "interval": f"{difference.low:+.2f} to {difference.high:+.2f}",
    }


def describe_undecided(findings, names, differences):
    """Sentences on arms whose last interval has 0 in it, as often as alike.

    Args:
        findings: `findings.Findings`.
        names: Function from an arm to its name in sentences.
        differences: Of these arms.
    """
    by_decision = {}
    for each in differences:
        words = describe_arm(findings.design, each.arm)
        by_decision.setdefault(words, []).append(each)
    for words, alike in by_decision.items():
        intervals = ", ".join(f"{d.low:+.1f} to {d.high:+.1f}" for d in alike)
        yield (
            f"{names.list(d.arm for d in alike)}: {words}, against "
            f"{names(alike[0].reference)} (difference in accuracy {intervals} "
            "points)."
        )


def describe_nothing(design):
    """A sentence on a study with looks that has no difference to show."""
    if design.taken:
        return "No arm has enough finished runs beside the reference's."
    first = design.looks.seeds[0]
    return f"Nothing is compared before the first look, at {first} seeds."
