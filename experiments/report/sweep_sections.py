"""The sections of a sweep's page, and its sentences."""

from experiments.configs.variants import show_value
from experiments.formatting import counted
from experiments.plots import effects as plots
from experiments.plots import style
from experiments.plots.names import drawable
from experiments.report import wording
from experiments.report.document import Picture, Section, Table, Text
from experiments.report.settings import differing_fields
from experiments.statistics.comparison import CONFIDENCE


def build_sections(found, lacking, expected=()):
    """The `Section`s of the page.

    Args:
        found: `effects.Effects`.
        lacking: {place of a point: reason} of those that are not compared.
        expected: Further fields that are to differ between values.
    """
    names, fields = wording.Names(found.arms), " and ".join(found.fields)
    reference, *others = map(names, found.arms)
    question = (
        f"Does {fields} change what {' or '.join(others)} gain"
        f"{'s' if len(others) == 1 else ''}, against {reference}?"
    )
    blocks = [Text([question])] if others else []
    if short := list(_build_headline(found, names)):
        blocks.append(Text(short, "headline"))
    if found.effects:
        blocks.append(_draw_effects(found, names))
    blocks.append(Text(list(describe_changes(found)), "answer"))
    if warned := list(_warn(found, lacking, expected)):
        blocks.append(Text(warned, "warning"))
    return [
        Section("Question and answer", blocks),
        *_build_effects(found),
        *_build_changes(found, names),
        _build_pages(found),
        Section("How to read this", [Text(list(_explain(found)))], True),
    ]


def _build_headline(found, names):
    """The answer in a few words; none if a placebo is told apart."""
    if any(each.findings.alarms for each in found.materials.values()):
        return
    by_answer = {}
    for each in _select_changes(found):
        key = each.field, each.contrast.verdict
        by_answer.setdefault(key, []).append(wording.isolated(names(each.arm)))
    for (field, verdict), arms in sorted(by_answer.items(), key=_has_no_claim):
        *first, last = arms
        listed = f"{', '.join(first)} and {last}" if first else last
        if verdict == "changes":
            verb = "gain" if first else "gains"
            yield f"What {listed} {verb} depends on {field}."
        else:
            yield (
                f"{listed}: this study cannot tell a dependence on {field} "
                "from chance."
            )


def _has_no_claim(item):
    (_, verdict), _ = item
    return verdict != "changes"


def _select_changes(found):
    """The pair of values that says most, an arm and field; claims first."""
    chosen = {}
    for each in found.changes:
        chosen.setdefault((each.arm, each.field), []).append(each)
    largest = [max(each, key=_rank) for each in chosen.values()]
    return sorted(largest, key=_rank, reverse=True)


def describe_changes(found):
    """A sentence on how each arm's effect changes, the claims first."""
    if len(found.arms) == 1:
        yield "One arm alone: there is no effect that could change."
        return
    names = wording.Names(found.arms)
    selected = _select_changes(found)
    for each in selected:
        yield _describe_change(found, each, names)
    compared = {each.arm for each in selected}
    for arm in found.arms[1:]:
        if arm not in compared:
            yield (
                f"{wording.isolated(names(arm))}: there are no two values to "
                "compare."
            )


def _rank(change):
    contrast = change.contrast
    return contrast.verdict == "changes", abs(contrast.points)


def _describe_change(found, change, names):
    contrast = change.contrast
    first, last = map(show_value, (change.first, change.last))
    verbs = ["gains" if each >= 0 else "loses" for each in change.effects]
    second = f" {verbs[1]}" if verbs[0] != verbs[1] else ""
    others = [field for field in found.fields if field != change.field]
    mean = f", on average over {others[0]}" if others else ""
    sentence = (
        f"{wording.isolated(names(change.arm))} {verbs[0]} "
        f"{abs(change.effects[0]):.1f} points with {change.field}={first} "
        f"and{second} {abs(change.effects[1]):.1f} with {last}{mean}"
    )
    if contrast.verdict == "trained_once":
        return f"{sentence}: trained once, which tells no change from chance."
    count = len(found.fields[change.field])
    along = ""
    if change.scale != "pairs" and count > 2:
        over = "the logarithm of the value" if change.scale == "log" else "it"
        along = f" along a line over {over}"
    elif count > 2:
        along = ", the largest of any two values"
    verdict = (
        "is not chance"
        if contrast.verdict == "changes"
        else "cannot be told from chance"
    )
    return (
        f"{sentence}; the change{along}, {contrast.points:+.1f} points "
        f"({contrast.low:+.1f} to {contrast.high:+.1f}), {verdict}."
    )


def _warn(found, lacking, expected):
    for place, reason in lacking.items():
        yield f"{found.points[place].title} is not compared: {reason}"
    for place, material in found.materials.items():
        point, findings = found.points[place], material.findings
        for sentence in wording.alarm(findings)[:1]:
            yield f"{point.title}: {sentence}"
        if findings.arms[0].name != point.reference.name:
            yield (
                f"{point.title} is not compared: its reference has no run of "
                "use."
            )
        elif warned := len(list(wording.warnings(findings))):
            yield f"The page of {point.title} has {counted(warned, 'warning')}."
    yield from _describe_other_fields(found, expected)


def _describe_other_fields(found, expected):
    """Fields of the reference that follow the value, as in recipes that fit."""
    configs = [
        arm.config
        for place, material in found.materials.items()
        for arm in material.group.arms
        if arm.name == found.points[place].reference.name
    ]
    others = dict.fromkeys(
        field
        for config in configs[1:]
        for field in differing_fields(configs[0], config)
        if field not in (*found.fields, *expected, "augment")
    )
    if others:
        yield (
            f"With {' and '.join(found.fields)}, the recipe changes "
            f"{', '.join(others)}, too, in all arms alike; --set keeps a field "
            "as it is."
        )


def tabulate_effects(found):
    """Rows of a table, one for each arm at each value."""
    names = wording.Names(found.arms)
    reference = names(found.arms[0])
    return [
        {
            **{
                field: show_value(value)
                for field, value in found.points[each.place].values.items()
            },
            "arm": names(each.arm),
            f"error of {reference}, %": f"{each.reference_error:.2f}",
            "error of the arm, %": f"{each.error:.2f}",
            "difference, points": f"{each.difference.difference:+.2f}",
            "95 % interval": f"{each.difference.low:+.2f} to "
            f"{each.difference.high:+.2f}",
            "verdict": wording.verdict(
                found.materials[each.place].findings, each.difference
            ),
        }
        for each in found.effects
    ]


def _draw_effects(found, names):
    listed = "; ".join(
        f"{', '.join(row[field] for field in found.fields)}: {row['arm']} "
        f"{row['difference, points']} ({row['95 % interval']})"
        for row in tabulate_effects(found)
    )
    return Picture(
        "effects",
        _draw(found, names),
        f"Differences in top-1 accuracy to {names(found.arms[0])}, points, by "
        f"{' and '.join(found.fields)}: {listed}.",
    )


def _build_effects(found):
    if found.effects:
        yield Section(
            "Effects", [Table(tabulate_effects(found), "effects.csv")]
        )


def _draw(found, names):
    field, *others = found.fields
    labels = drawable(names(arm) for arm in found.arms)
    arms = dict(zip(found.arms, labels, strict=True))
    colors = style.assign_colors(labels)
    panels = {}
    # A panel for each value of the other field, if there is one.
    for other in found.fields[others[0]] if others else [None]:
        fixed = {others[0]: other} if others else {}
        title = ", ".join(f"{f}={show_value(v)}" for f, v in fixed.items())
        panels[title] = [
            _build_line(found, arm, arms[arm], colors[arms[arm]], field, fixed)
            for arm in found.arms[1:]
        ]
    return plots.plot_effects(
        panels,
        found.places[field],
        list(map(show_value, found.fields[field])),
        found.scale(field),
        field,
        labels[0],
        "95 % intervals that hold for all arms and values together",
    )


def _build_line(found, arm, label, color, field, fixed):
    of_arm = [
        each
        for each in found.effects
        if each.arm == arm
        and fixed.items() <= found.points[each.place].values.items()
    ]
    values = found.fields[field]
    return plots.Line(
        label,
        color,
        [
            values.index(found.points[each.place].values[field])
            for each in of_arm
        ],
        [each.difference.difference for each in of_arm],
        [each.difference.low for each in of_arm],
        [each.difference.high for each in of_arm],
    )


def _build_changes(found, names):
    if not found.changes:
        return
    rows = [
        {
            "arm": names(each.arm),
            "field": each.field,
            "from": show_value(each.first),
            "to": show_value(each.last),
            "change, points": f"{each.contrast.points:+.2f}",
            "95 % interval": f"{each.contrast.low:+.2f} to "
            f"{each.contrast.high:+.2f}",
            "verdict": each.contrast.verdict.replace("_", " "),
        }
        for each in found.changes
    ]
    yield Section("Changes", [Table(rows, "changes.csv")])


def _build_pages(found):
    rows = [
        {
            **{field: show_value(v) for field, v in point.values.items()},
            "page": f"{point.folder}/index.html",
            "runs": len(found.materials[place].group.runs)
            if place in found.materials
            else 0,
        }
        for place, point in enumerate(found.points)
    ]
    return Section("Pages of the values", [Table(rows)])


def _explain(found):
    count = len(found.points)
    level = 100 * (1 - (1 - CONFIDENCE) / count)
    yield (
        "At each value all arms, the reference among them, are trained with "
        "this value, and each value has a page of its own. Arms that are the "
        "same at several values are trained once for all of them. The "
        "intervals of effects hold for all arms and values together: those of "
        f"one value at {level:.4g} %, as there are {count}. Intervals on the "
        "pages of the values hold for that page alone and are narrower."
    )
    if any(found.scale(field) != "pairs" for field in found.fields):
        yield (
            "A change is the difference in effect between the smallest and the "
            "largest value, by a straight line through the effects of all "
            "values: over the logarithm where positive numbers are at least 3 "
            "times apart. An effect that rises and falls again shows in the "
            "plot, not in the line."
        )
    yield (
        f"The intervals of {counted(len(found.changes), 'change')} hold "
        "together. They count seeds and images, as those of effects do. In "
        "simulations, sweeps in which no effect changes claimed a change in "
        "at most about one of 20."
    )
