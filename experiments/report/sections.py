"""The sections of a report, in their order.

A section is a function of `material.Material` that returns a `Section`, or
None where the runs hold nothing for it; its place is its place in `ORDER`.
"""

from experiments.configs.schema import as_layer
from experiments.formatting import counted, spread_cell
from experiments.plots import forest
from experiments.report import explanations, robustness, wording
from experiments.report import figures as pictures
from experiments.report import provenance as origins
from experiments.report.document import Picture, Section, Table, Text
from experiments.report.headline import ask, headline, list_cards
from experiments.report.looks import describe_looks, tabulate_looks
from experiments.report.material import as_published
from experiments.report.published.results import published_notes

# How many classes are shown that gained most, and that lost most.
_CLASSES = 5


def build_sections(material):
    """The sections that there is something to say in."""
    return [made for make in ORDER if (made := make(material)) is not None]


def answer(material):
    """The question, and everything that there is to see at first."""
    findings = material.findings
    alarm = wording.alarm(findings)
    blocks = [
        Text(ask(findings)),
        Text(alarm, "alarm"),
        Text(headline(findings), "headline"),
        *_show_differences(material),
        Text(wording.answer(findings)[len(alarm) :], "answer"),
        Text(list(wording.warnings(findings)), "warning"),
        *_summarize_arms(material),
    ]
    # Without sentences there is no box.
    blocks = [x for x in blocks if not isinstance(x, Text) or x.sentences]
    return Section("Question and answer", blocks)


def _show_differences(material):
    """The figure of the differences, and its numbers."""
    findings = material.findings
    if findings.differences:
        rows = tabulate_differences(
            findings, findings.differences, material.names
        )
        yield _draw_forest(material, rows)
        yield Table(rows, "differences.csv")


def _summarize_arms(material):
    if not material.findings.differences:
        return
    text = "The arms in the order of the study, which is no ranking."
    if material.findings.pairs:
        text += " All pairs are compared below."
    yield Text([text])
    yield list_cards(material)


def looks(material):
    """The design of a study with looks, and all that they have shown."""
    findings = material.findings
    if not findings.is_looked_at:
        return None
    blocks = [Text(list(describe_looks(findings)))]
    if rows := tabulate_looks(findings, material.names):
        blocks.append(Table(rows, "looks.csv"))
    return Section("Looks", blocks)


def _draw_forest(material, table):
    findings = material.findings
    names, labels = material.names, material.labels
    reference = names(findings.arms[0].name)
    base = findings.arms[0].figures["top1_error"].mean
    seeds = {
        arm.name: [base - e for e in arm.figures["top1_error"].values]
        for arm in findings.arms
    }
    rows = [
        forest.Row(
            labels[each.arm],
            material.colors[labels[each.arm]],
            each.difference,
            each.low,
            each.high,
            seeds[each.arm],
        )
        for each in findings.differences
    ]
    once = [d.arm for d in findings.differences if d.verdict == "trained_once"]
    which = "arms and looks" if findings.is_looked_at else "arms"
    title = f"95 % intervals that hold for all {which} together; a dot a seed"
    if len(once) == len(findings.differences):
        title = "95 % intervals over the images alone: trained once"
    elif once:
        title += (
            f"\n(of {names.list(once)} over the images alone: trained once)"
        )
    if findings.alarms:
        title = f"Not to be believed, as the placebo is told apart\n{title}"
    listed = "; ".join(
        f"{row['arm']} {row['difference, points']} ({row['95 % interval']})"
        for row in table
    )
    return Picture(
        "differences",
        forest.plot_forest(rows, labels[findings.arms[0].name], title),
        f"Differences in top-1 accuracy to {reference}, points: {listed}.",
    )


def tabulate_differences(findings, differences, names):
    """Rows of a table of differences, beside the margin if there is one."""
    margin = findings.margin
    return [
        {
            "arm": names(each.arm),
            "against": names(each.reference),
            "difference, points": f"{each.difference:+.2f}",
            "95 % interval": f"{each.low:+.2f} to {each.high:+.2f}",
            "verdict": wording.verdict(findings, each),
            **(
                {}
                if margin is None
                else {
                    f"beside ±{margin:g}": wording.relevance(
                        findings.relevance(each)
                    )
                }
            ),
            # Of one look it says nothing of the study.
            **(
                {}
                if findings.is_looked_at
                else {"detectable, points": wording.detectable(each)}
            ),
        }
        for each in differences
    ]


def _number(value, digits=2):
    return "n/a" if value is None else f"{value:.{digits}f}"


def pairs(material):
    """All pairs, so that nobody reads a ranking out of the answer."""
    findings = material.findings
    if not findings.pairs:
        return None
    text = (
        "Every two arms beside each other. These intervals hold for all pairs "
        "together (Tukey-Kramer, with the study's own variances), so they are "
        "wider than those above, which hold for the comparisons with "
        f"{material.names(findings.arms[0].name)} alone."
    )
    rows = tabulate_differences(findings, findings.pairs, material.names)
    return Section("All pairs", [Text([text]), Table(rows, "pairs.csv")], True)


def settings(material):
    """A row an arm, with what it adds to the reference."""
    findings, names = material.findings, material.names
    if len(findings.arms) == 1:
        return None
    table = findings.settings.table
    reference = findings.arms[0].name
    rows = [
        {
            "arm": names(arm.name),
            "key": arm.name,
            "differs in": _describe_changes(table, arm.name, reference),
        }
        for arm in findings.arms
    ]
    blocks = [Table(rows, "settings.csv")]
    if findings.design is None or not findings.design.is_tuned:
        blocks.append(Text(["Nothing was tuned for any arm."]))
    return Section("What differed", blocks)


def _describe_changes(table, arm, reference):
    if arm == reference:
        return "the reference"
    changes = [
        _describe_change(field, values[reference], values[arm])
        for field, values in table.items()
        if values[arm] != values[reference]
    ]
    return "; ".join(changes) or "nothing but its random numbers"


def _describe_change(field, value, other):
    """For example "+ CutMix(alpha=1.0)", "epochs 20, not 10"."""
    if field != "augment":
        return f"{field} {_show(other)}, not {_show(value)}"
    layers, others = (
        [str(as_layer(x)) for x in y or []] for y in (value, other)
    )
    rest = list(others)
    removed = []
    for each in layers:
        if each in rest:
            rest.remove(each)
        else:
            removed.append(each)
    if not removed or not rest:
        parts = [f"+ {each}" for each in rest] + [f"- {e}" for e in removed]
        if parts:
            return ", ".join(parts)
    return f"{_show(other)}, not {_show(value)}"


def _show(value):
    """For example "RandomCrop(padding=8), RandomFlip()"."""
    if not isinstance(value, list):
        return "none" if value is None else str(value)
    return ", ".join(str(as_layer(each)) for each in value) or "none"


_COLUMNS = {
    "top1_error": ("top-1 error, %", 2),
    "balanced_error": ("balanced error, %", 2),
    "top5_error": ("top-5 error, %", 2),
    "train_error": ("top-1 error on plain train images, %", 1),
    "loss": ("loss", 3),
    "calibration_error": ("calibration error, %", 2),
    "precision": ("precision, %", 2),
    "recall": ("recall, %", 2),
    "f1": ("F1, %", 2),
    "seconds": ("seconds", 0),
    "images_per_second": ("images/s", 0),
}


_CHOSEN = {
    "chosen_top1_error": ("top-1 error, %", 2),
    "chosen_top5_error": ("top-5 error, %", 2),
    "chosen_loss": ("loss", 3),
}


def results(material):
    findings = material.findings
    text = [
        f"Mean ± standard deviation over seeds, {wording.judged(findings)}, "
        f"on {counted(findings.images, 'image')}."
    ]
    if material.published:
        text.append("Rows marked as published were not measured here.")
        text += published_notes(
            material.published, wording.build_names(findings)
        )
    blocks = [Text(text), Table(_figures(material, _COLUMNS), "comparison.csv")]
    if any("chosen_top1_error" in arm.figures for arm in findings.arms):
        blocks += [
            Text([wording.chosen(findings)]),
            Table(_figures(material, _CHOSEN), "chosen_epoch.csv"),
        ]
    return Section("Results", blocks)


def _figures(material, columns):
    """Rows of a table, an arm each, and its published result."""
    findings, names = material.findings, material.names
    measured = {key for arm in findings.arms for key in arm.figures}
    columns = {k: v for k, v in columns.items() if k in measured}
    rows = []
    for arm in findings.arms:
        rows.append(
            {
                "arm": names(arm.name),
                "seeds": len(arm.seeds),
                "epochs": "-".join(map(str, arm.epochs)),
                **{
                    title: spread_cell(arm.figures.get(key), digits)
                    for key, (title, digits) in columns.items()
                },
            }
        )
        if arm.name in material.published:
            rows.append(_published_row(material, arm.name, columns))
    return rows


def _published_row(material, arm, columns):
    published = material.published[arm]
    return {
        "arm": as_published(material, arm, material.names(arm)),
        "seeds": 1,
        "epochs": str(published.epochs),
        **{
            title: _number(published.figures.get(key), digits)
            for key, (title, digits) in columns.items()
        },
    }


def classes(material):
    findings, names = material.findings, material.names
    compared = [arm for arm in findings.arms if arm.classes]
    if not compared or findings.crossed or not findings.images:
        return None
    reference = wording.build_names(findings)(findings.arms[0].name)
    rows = []
    for arm in compared:
        few = len(arm.classes) <= 2 * _CLASSES
        shown = (
            arm.classes
            if few
            else [*arm.classes[:_CLASSES], *arm.classes[-_CLASSES:]]
        )
        rows += [
            {
                "arm": names(arm.name),
                "class": each.class_name,
                "predictions": f"{each.images:,}",
                "difference, points": f"{each.difference:+.1f}",
            }
            for each in shown
        ]
    text = (
        f"Where the arms differ most from {reference}, in accuracy on the "
        "images of one class. Exploratory: of many classes some differ by "
        "chance."
    )
    return Section("Classes", [Text([text]), Table(rows, "classes.csv")], True)


def reading(material):
    return Section(
        "How to read this", [Text(list(wording.notes(material.findings)))], True
    )


def power(material):
    found = material.findings.power
    if found is None:
        return None
    return Section("What this study can show", [Text(wording.power(found))])


ORDER = (
    answer,
    looks,
    pairs,
    settings,
    results,
    pictures.draw_curves,
    pictures.draw_accuracy,
    pictures.previews,
    pictures.image_counts,
    classes,
    pictures.confusions,
    pictures.calibrations,
    robustness.section,
    explanations.section,
    origins.origins,
    reading,
    power,
)
