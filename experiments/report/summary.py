"""The end of a study on the screen."""

from experiments.formatting import markdown_table
from experiments.report import wording
from experiments.report.sections import tabulate_differences


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
            warnings = "warning" if warned == 1 else "warnings"
            lines.append(f"The page has {warned} {warnings}.")
        rows = tabulate_differences(findings.differences, material.names)
        if rows:
            lines += ["", *markdown_table(rows)]
    return "\n".join(lines)
