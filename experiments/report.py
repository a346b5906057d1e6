"""Compares runs, from the files that they left and nothing else."""

import csv
import statistics
from pathlib import Path

from experiments.config import differences
from experiments.curves import plot_arms
from experiments.errors import ConfigError
from experiments.run_folder import RunFolder

_PUBLISHED = Path(__file__).parent / "published"
_PLOTS = ("accuracy", "error", "loss")
_COLUMNS = (
    "experiment",
    "seeds",
    "epochs",
    "top-1 error %",
    "top-5 error %",
    "loss",
    "best top-1 error %",
)


def report_on(runs_dir):
    """Compares all runs found below a folder.

    Raises:
        ConfigError: if there are none.
    """
    # One study's folder, or one run's own, will do as well.
    found = sorted(Path(runs_dir).glob("**/seed_*/metrics.json"))
    folders = [RunFolder(path.parent) for path in found]
    # A run that failed in its first epoch has nothing to compare.
    folders = [folder for folder in folders if folder.history()]
    if not folders:
        raise ConfigError(
            f"--report: there are no runs in {runs_dir} (looked for "
            "EXPERIMENT/seed_N/metrics.json with an epoch done)."
        )
    write_report(
        folders, Path(runs_dir) / "reports" / "all", f"Runs in {runs_dir}"
    )


def write_report(folders, path, title):
    """Writes comparison.md, comparison.csv and the overlaid plots.

    Args:
        folders: `RunFolder`s; runs of one experiment are its seeds.
        path: The folder that the report goes to.
        title: Heading of the report.
    """
    arms = {}
    for folder in folders:
        name = folder.read_json("config.json")["name"]
        arms.setdefault(name, []).append(folder)
    published = {
        name: rows for name, runs in arms.items() if (rows := _published(runs))
    }
    table = []
    for name, runs in arms.items():
        table.append(_row(name, runs))
        if name in published:
            table.append(_published_row(name, published[name]))
    text = "\n".join(
        [f"# {title}", "", *_markdown(table), "", *_notes(arms, published)]
    )
    path.mkdir(parents=True, exist_ok=True)
    (path / "comparison.md").write_text(text + "\n")
    with open(path / "comparison.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, _COLUMNS)
        writer.writeheader()
        writer.writerows(table)
    histories = {
        name: [folder.history() for folder in runs]
        for name, runs in arms.items()
    }
    for name in _PLOTS:
        plot_arms(histories, published, path / f"{name}.png", name, title)
    print(f"\n{text}\n\nTable and plots: {path}", flush=True)


def _row(name, runs):
    metrics = [folder.metrics() for folder in runs]
    final = [m["final"] for m in metrics]
    done = sorted({m["epochs_done"] for m in metrics})
    return {
        "experiment": name,
        "seeds": len(runs),
        "epochs": "-".join(map(str, done)),
        "top-1 error %": _spread([_error(f, "val_accuracy") for f in final]),
        "top-5 error %": _spread(
            [_error(f, "val_top5_accuracy") for f in final]
        ),
        "loss": _spread([f["val_loss"] for f in final], digits=3),
        "best top-1 error %": _spread(
            [_error(m["best"], "val_accuracy") for m in metrics]
        ),
    }


def _error(row, metric):
    return 100 * (1 - row[metric])


def _spread(values, digits=2):
    """Mean, and the standard deviation over seeds where there are several."""
    mean = f"{statistics.mean(values):.{digits}f}"
    if len(values) == 1:
        return mean
    return f"{mean} ± {statistics.stdev(values):.{digits}f}"


def _published(runs):
    """The published curve that belongs to an experiment, or None."""
    name = runs[0].read_json("config.json")["published"]
    if name is None:
        return None
    with open(_PUBLISHED / f"{name}.csv", newline="") as file:
        return [
            {key: float(value) for key, value in row.items()}
            for row in csv.DictReader(file)
        ]


def _published_row(name, rows):
    last = rows[-1]
    best = min(row["val_top1_error"] for row in rows)
    return {
        "experiment": f"{name}, as published",
        "seeds": 1,
        "epochs": len(rows),
        "top-1 error %": f"{last['val_top1_error']:.2f}",
        "top-5 error %": f"{last['val_top5_error']:.2f}",
        "loss": f"{last['val_loss']:.3f}",
        "best top-1 error %": f"{best:.2f}",
    }


def _markdown(table):
    rows = [_COLUMNS, *(tuple(map(str, row.values())) for row in table)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(_COLUMNS))]
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


def _notes(arms, published):
    """What a reader must know to read the table right."""
    notes = [
        "Errors and loss are those of the last epoch on the validation "
        "images, mean ± standard deviation over seeds. The best epoch was "
        "picked on the same images, so it flatters.",
    ]
    if published:
        notes.append(
            "Rows and curves marked as published were not measured here."
        )
    configs = {
        name: [folder.read_json("config.json") for folder in runs]
        for name, runs in arms.items()
    }
    for name, (first, *others) in configs.items():
        fields = _differing(first, others)
        if fields:
            notes.append(f"Seeds of {name} differ in {', '.join(fields)}.")
    first, *others = [runs[0] for runs in configs.values()]
    fields = _differing(first, others)
    if others:
        notes.append(f"The experiments differ in: {', '.join(fields)}.")
    if len(fields) > 1:
        notes.append(
            "More than one thing differs, so a difference between the rows "
            "has no single cause."
        )
    unfinished = [
        str(folder.path)
        for runs in arms.values()
        for folder in runs
        if not folder.is_finished()
    ]
    if unfinished:
        notes.append(f"Not finished: {', '.join(unfinished)}.")
    return [f"- {note}" for note in notes]


def _differing(first, others):
    """Fields in which any of the other configs differs from the first."""
    labels = ("name", "summary", "published")
    return sorted(
        {
            # One more or other layer is one thing that differs.
            "augment" if field.startswith("augment.") else field
            for other in others
            for field, _, _ in differences(first, other)
            if field not in labels
        }
    )
