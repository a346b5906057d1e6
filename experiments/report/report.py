"""Compares runs, from the files that they left and nothing else."""

import statistics
from pathlib import Path

from experiments.configs.registry import EXPERIMENTS
from experiments.errors import ConfigError
from experiments.plots.confusion import plot_confusions
from experiments.plots.curves import plot_arms
from experiments.report.comparison import Comparison, published_notes
from experiments.report.counts import plot_data
from experiments.report.judgements import read_judgements
from experiments.report.notes import notes
from experiments.report.published.results import (
    published_curve,
    published_judgements,
    published_row,
)
from experiments.report.tables import markdown_table, write_csv
from experiments.run_folder import RunFolder

_CURVES = ("accuracy", "error", "loss")
# Written only if the runs have what they show.
_SOMETIMES = (
    "classification.csv",
    "differences.csv",
    "confusion.png",
    "counts*.png",
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
        sorted(folders, key=_order),
        Path(runs_dir) / "reports" / "all",
        f"Runs in {runs_dir}",
    )


def _order(folder):
    """Baselines first: the order in which the experiments are listed."""
    known = list(EXPERIMENTS)
    name = folder.read_json("config.json")["name"]
    return known.index(name) if name in known else len(known)


def write_report(folders, path, title):
    """Writes the tables and plots that compare runs.

    comparison.md holds everything; the tables are in comparison.csv,
    classification.csv (metrics with intervals) and differences.csv, the
    plots in accuracy.png, error.png, loss.png, confusion.png and counts.png.
    What the runs' files say nothing of is left out.

    Args:
        folders: `RunFolder`s; runs of one experiment are its seeds. Arms are
            compared with the first one.
        path: The folder that the report goes to.
        title: Heading of the report.
    """
    arms = {}
    for folder in folders:
        name = folder.read_json("config.json")["name"]
        arms.setdefault(name, []).append(folder)
    path.mkdir(parents=True, exist_ok=True)
    for pattern in _SOMETIMES:
        # An earlier report's, of other runs, would seem to be this one's.
        for file in path.glob(pattern):
            file.unlink()
    curves = _published(arms, published_curve)
    matrices = _published(arms, published_judgements)
    table = _table(arms)
    write_csv(table, path / "comparison.csv")
    tables, remarks, judged = _intervals(arms, matrices, path)
    lines = [
        *("", *markdown_table(table), *tables, ""),
        *(
            f"- {note}"
            for note in [*notes(arms, {**curves, **matrices}), *remarks]
        ),
    ]
    histories = {
        name: [folder.history() for folder in runs]
        for name, runs in arms.items()
    }
    for name in _CURVES:
        plot_arms(histories, curves, name, title).savefig(path / f"{name}.png")
    plots = [f"{name}.png" for name in _CURVES]
    if judged:
        plot_confusions(_panels(judged, matrices), title).savefig(
            path / "confusion.png"
        )
        plots.append("confusion.png")
    plots += plot_data(arms, path, title)
    text = "\n".join([f"# {title}", *lines])
    images = "\n\n".join(f"![{Path(name).stem}]({name})" for name in plots)
    (path / "comparison.md").write_text(f"{text}\n\n{images}\n")
    print(f"\n{text}\n\nTables and plots: {path}", flush=True)


def _published(arms, read):
    """{arm: published result} of those arms that have one of this kind."""
    found = {}
    for name, runs in arms.items():
        published = _published_name(runs)
        if published is not None and (result := read(published)) is not None:
            found[name] = result
    return found


def _published_name(runs):
    return runs[0].read_json("config.json")["published"]


def _table(arms):
    table = []
    for name, runs in arms.items():
        table.append(_row(name, runs))
        if (published := _published_name(runs)) is not None:
            table.append(published_row(name, published))
    return table


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
        )
        if _has_top5(runs)
        else "n/a",
        "loss": _spread([f["val_loss"] for f in final], digits=3),
        "best top-1 error %": _spread(
            [_error(m["best"], "val_accuracy") for m in metrics]
        ),
    }


def _has_top5(runs):
    """Among five classes or fewer the right one is always in the top 5."""
    described = filter(None, (folder.data() for folder in runs))
    return all(len(data["class_names"]) > 5 for data in described)


def _error(row, metric):
    return 100 * (1 - row[metric])


def _spread(values, digits=2):
    """Mean, and the standard deviation over seeds where there are several."""
    mean = f"{statistics.mean(values):.{digits}f}"
    if len(values) == 1:
        return mean
    return f"{mean} ± {statistics.stdev(values):.{digits}f}"


def _intervals(arms, matrices, path):
    """Lines of the tables with intervals, their notes, what was judged."""
    judged, remarks = {}, []
    for name, runs in arms.items():
        judgements, left_out = read_judgements(runs)
        if judgements is not None:
            judged[name] = judgements
        if left_out:
            remarks.append(
                "Without intervals, for their predictions.npz does not say "
                "which images and classes they are of, or not those of the "
                f"first seed: {', '.join(map(str, left_out))}."
            )
    if not judged:
        return [], [*remarks, *published_notes(matrices)], judged
    comparison = Comparison(judged, matrices)
    metrics = comparison.metrics_table()
    differences = comparison.differences_table()
    lines = ["", "With 95 % intervals:", "", *markdown_table(metrics)]
    write_csv(metrics, path / "classification.csv")
    if differences:
        lines += ["", "Differences:", "", *markdown_table(differences)]
        write_csv(differences, path / "differences.csv")
    return lines, [*remarks, *comparison.notes()], judged


def _panels(judged, matrices):
    """Confusion matrices; those of several networks are summed."""
    panels = {}
    for name, judgements in judged.items():
        predictions = len(judgements.ids)
        several = predictions > judgements.images
        label = f"{name}, {predictions:,} predictions" if several else name
        panels[label] = judgements
        if name in matrices:
            panels[f"{name}, as published"] = matrices[name]
    return {
        name: (each.labels, each.predicted, each.class_names)
        for name, each in panels.items()
    }
