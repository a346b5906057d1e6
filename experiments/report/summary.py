"""The end of a study on the screen."""

from experiments.formatting import counted, markdown_table
from experiments.report import wording
from experiments.report.sections import tabulate_differences

# With these, the answer and the path of the page stay on one screen.
_MOST_LINES = 25
_LEAST_ROWS = 3


def summarize(materials):
    """Answers and tables of differences, without what the page adds.

    Args:
        materials: `material.Material`s.

    Returns:
        A text of several lines.
    """
    lines = []
    for material in materials:
        findings = material.findings
        if len(materials) > 1:
            lines += ["", findings.title]
        lines += ["", *wording.answer(findings)]
        warned = len(list(wording.warnings(findings)))
        if warned:
            lines.append(f"The page has {counted(warned, 'warning')}.")
        rows = tabulate_differences(
            findings, findings.differences, material.names
        )
        if rows:
            # The table's head and rule, and what stands below it.
            free = max(_LEAST_ROWS, _MOST_LINES - len(lines) - 8)
            lines += ["", *markdown_table(rows[:free])]
            if len(rows) > free:
                lines.append(f"and {len(rows) - free} more on the page")
    return "\n".join(lines)
