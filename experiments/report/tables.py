"""Tables as Markdown and as CSV; a table is a list of equal dictionaries."""

import csv
import re


def plain(text):
    """Escaped, so that Markdown shows it as it is, on one line."""
    text = re.sub(r"([\\`*<>\[\]$|])", r"\\\1", str(text))
    text = re.sub(r"(?<!\w)_|_(?!\w)", r"\\_", text)
    return " ".join(text.split())


def is_number(cell):
    """Whether a cell belongs on the right: "12.5", "1 ± 2", "n/a"."""
    return bool(re.match(r"[+-]?[\d.,]+( |$)|n/a$", str(cell)))


def markdown_table(rows):
    """The lines of a Markdown table; numbers stand on the right."""
    columns = tuple(rows[0])
    cells = [
        [plain(cell) for cell in row]
        for row in (columns, *(row.values() for row in rows))
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    right = [all(is_number(row[name]) for row in rows) for name in columns]

    def line(row):
        padded = [
            cell.rjust(width) if on_right else cell.ljust(width)
            for cell, width, on_right in zip(row, widths, right, strict=True)
        ]
        return f"| {' | '.join(padded)} |"

    rule = "|".join(
        "-" * (width + 1) + (":" if on_right else "-")
        for width, on_right in zip(widths, right, strict=True)
    )
    header, *body = map(line, cells)
    return [header, f"|{rule}|", *body]


def write_csv(rows, path):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, tuple(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
