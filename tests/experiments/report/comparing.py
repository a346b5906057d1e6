"""Comparisons of run folders, and changes to the files of these."""

import json

import numpy as np

from experiments.report.document import Table, Text
from experiments.report.report import compare_runs


def compare(*folders, margin=None):
    """The `Material` of the one comparison that the runs allow."""
    (material,), _ = compare_runs(folders, "mine", margin)
    return material


def find_in(*folders, margin=None):
    """The `Findings` of the one comparison that the runs allow."""
    return compare(*folders, margin=margin).findings


def change(folder, file, **fields):
    """Changes fields of a JSON file of a run; returns the folder."""
    content = json.loads((folder / file).read_text())
    (folder / file).write_text(json.dumps(content | fields))
    return folder


def fail(folder):
    """Turns a run into one whose training failed."""
    return change(folder, "metrics.json", status="failed", error="loss is nan")


def change_arrays(folder, **arrays):
    """Changes arrays of predictions.npz; None removes one."""
    with np.load(folder / "predictions.npz") as file:
        content = dict(file) | arrays
    content = {k: v for k, v in content.items() if v is not None}
    np.savez(folder / "predictions.npz", **content)


def get_table(section, file):
    """The rows of a section's table, as {arm: row}."""
    (rows,) = (
        each.rows
        for each in section.blocks
        if isinstance(each, Table) and each.file == file
    )
    return {row["arm"]: row for row in rows}


def get_text(section):
    """All sentences of a section."""
    return " ".join(
        sentence
        for block in section.blocks
        if isinstance(block, Text)
        for sentence in block.sentences
    )
