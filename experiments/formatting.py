"""Numbers with units, and tables as Markdown and CSV.

A table is a list of equal dictionaries.

Names are what people call their folders: whatever a text holds, it is shown
and never read as markup or as a formula.
"""

import csv
import re

# Names of files need not be text; what is not stands as its code.
UNPRINTABLE = "backslashreplace"
# For example "+1.20", "-3.1 to +0.5".
_NUMBERS = re.compile(r"[+-]?[\d.,]+( (±|to) [+-]?[\d.,]+)?")


def plain(text):
    """Escaped, so that Markdown shows it as it is, on one line."""
    text = " ".join(str(text).split())
    text = re.sub(r"([\\`*<>\[\]$|&~])", r"\\\1", text)
    text = re.sub(r"(?<!\w)_|_(?!\w)", r"\\_", text)
    # Where a line begins with them, headings, rules and lists do.
    return re.sub(r"^(\d*)([#+=.)-])(?!\d)", r"\1\\\2", text)


def is_number(cell):
    """True for a cell that belongs on the right: "12.5", "1 ± 2", "n/a"."""
    return bool(re.match(r"[+-]?[\d.,]+( |$)|n/a$", str(cell)))


def spread_cell(spread, digits):
    """For example "12.30 ± 0.45", of a `findings.Spread` or None."""
    if spread is None:
        return "n/a"
    mean = f"{spread.mean:,.{digits}f}"
    if spread.deviation is None:
        return mean
    return f"{mean} ± {spread.deviation:,.{digits}f}"


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
    """Writes a table as CSV in UTF-8.

    A text that spreadsheets would run as a formula begins with an apostrophe.
    """
    with open(path, "w", newline="", encoding="utf-8", errors=UNPRINTABLE) as f:
        writer = csv.writer(f)
        for row in (rows[0], *(row.values() for row in rows)):
            writer.writerow([_harmless(str(cell)) for cell in row])


def _harmless(cell):
    begins = re.match(r"[=+\-@\t\r]", cell)
    return f"'{cell}" if begins and not _NUMBERS.fullmatch(cell) else cell


def counted(count, thing):
    """For example "1 epoch", "1,200 images"."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def duration(seconds):
    """For example "45 s", "3.2 min", "25 min", "3.5 h"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    number, unit = seconds / 60, "min"
    if seconds >= 5400:
        number, unit = seconds / 3600, "h"
    return f"{number:.{0 if number >= 9.95 else 1}f} {unit}"


def flatten(content, before=""):
    """Merges nested dictionaries into one.

    Example:

    >>> from experiments.formatting import flatten
    >>> flatten({"epochs": 2, "data": {"name": "shapes"}})
    {'epochs': 2, 'data.name': 'shapes'}
    """
    found = {}
    for key, value in content.items():
        if isinstance(value, dict):
            found |= flatten(value, f"{before}{key}.")
        else:
            found[f"{before}{key}"] = value
    return found
