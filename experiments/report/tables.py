"""Tables as Markdown and as CSV; a table is a list of equal dictionaries."""

import csv


def markdown_table(table):
    """The lines of a Markdown table; numbers stand on the right."""
    columns = tuple(table[0])
    rows = [columns, *(tuple(map(str, row.values())) for row in table)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(columns))]
    lines = [
        "| "
        + " | ".join(
            cell.ljust(width) if index == 0 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        + " |"
        for row in rows
    ]
    rule = [
        "-" * (width + 1) + (":" if index else "-")
        for index, width in enumerate(widths)
    ]
    lines.insert(1, f"|{'|'.join(rule)}|")
    return lines


def write_csv(table, path):
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, tuple(table[0]))
        writer.writeheader()
        writer.writerows(table)
