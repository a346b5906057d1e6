"""Reports on runs, from the files in their folders and nothing else."""

import contextlib
import json
import re
from pathlib import Path

import numpy as np

from experiments.errors import ConfigError
from experiments.formatting import counted
from experiments.report import wording
from experiments.report.design import read_designs
from experiments.report.document import Chapter, write_page
from experiments.report.explanations import summarize_explanations
from experiments.report.findings import compute_findings
from experiments.report.groups import group_runs
from experiments.report.material import Material
from experiments.report.published.results import read_published
from experiments.report.right import pack_right
from experiments.report.robustness import summarize_robustness
from experiments.report.runs import LeftOut, read_runs
from experiments.report.sections import build_sections
from experiments.report.summary import summarize
from experiments.run_folder import RunFolder
from pipelines.files.walking import walk

# A folder with any of these holds a run, whole or not.
_FILES = ("metrics.json", "config.json", "history.csv", "predictions.npz")
# What this program writes beside runs, and what follows runs, copies of them.
_OTHERS = ("reports", "describe", "mlflow", "wandb")
_NO_RUNS = "by its name it holds no runs but what is written beside them"


def report_on(runs_dir, margin=None, drawn_previews=False):
    """Compares all runs found below a folder; of several studies, each.

    Args:
        runs_dir: The folder.
        margin, drawn_previews: As of `write_report`.

    Raises:
        ConfigError: if there are none, or none of use.
    """
    paths, not_entered = locate_runs(runs_dir)
    if not paths:
        raise ConfigError(
            f"--report: there are no runs in {runs_dir} (looked for folders "
            f"with {', '.join(_FILES[:-1])} or {_FILES[-1]})."
        )
    write_report(
        paths,
        Path(runs_dir) / "reports" / "all",
        f"Runs in {runs_dir}",
        margin=margin,
        not_entered=not_entered,
        drawn_previews=drawn_previews,
        designs=read_designs(runs_dir),
    )


def locate_runs(runs_dir):
    """Locates the folders of runs below a folder.

    Returns:
        Paths, those near the top first, and `runs.LeftOut`s of the folders
        that were not entered.

    Raises:
        DataError: if a folder cannot be read.
    """
    tree = walk(runs_dir, why_not_enter=_explain_no_runs)
    found = {
        Path(runs_dir, name).parent
        for name in tree.files
        if name.rpartition("/")[2] in _FILES
    }
    left_out = [
        LeftOut(Path(runs_dir, name), reason, kind="folder")
        for name, reason in tree.left_out.items()
        if reason == _NO_RUNS
    ]
    return sorted(found, key=lambda path: (len(path.parts), path)), left_out


def _explain_no_runs(name, inside):
    is_other = name.rpartition("/")[2] in _OTHERS
    # An experiment may have such a name.
    if is_other and not any(each.startswith("seed_") for each in inside):
        return _NO_RUNS
    return None


def write_report(
    paths,
    folder,
    title,
    study=None,
    margin=None,
    not_entered=(),
    drawn_previews=False,
    designs=(),
    quiet=False,
):
    """Writes the page that compares runs.

    index.html and report.md hold all of it; comparison.json every number;
    right.npz the bits that intervals follow from; the tables are in CSV, the
    plots in PNG and SVG.

    Args:
        paths: Folders of runs, or `RunFolder`s.
        folder: The `Path` that the report goes to.
        title: Heading of the report.
        study: Name of the study that the runs are of, the first arm being
            its reference; None: whatever they are of.
        margin: Points of a difference that matters, stated before the first
            run; None: no sentence says that arms are alike.
        not_entered: `runs.LeftOut`s of folders that are no runs.
        drawn_previews: Whether previews show drawn images even if the runs
            have kept some of the study's own.
        designs: `design.Design`s of the study, or of those that the runs may
            be of.
        quiet: Whether nothing is printed.

    Returns:
        A list of `material.Material`s.

    Raises:
        ConfigError: if no run is of use, and why.
    """
    materials, left_out = compare_runs(
        paths, study, margin, drawn_previews, designs
    )
    # Every section shows the same list.
    left_out += not_entered
    # Layers of Keras and KerasCV take long to start for their previews.
    runs = sum(len(each.group.runs) for each in materials)
    if not quiet:
        print(f"comparing and drawing {counted(runs, 'run')}", flush=True)
    # The numbers first: a figure that cannot be drawn must not cost them.
    write_numbers(list_numbers(title, materials, left_out), folder)
    chapters = []
    for number, each in enumerate(materials, 1):
        suffix = f"_{_slug(each.group.title)}_{number}"
        suffix = suffix if len(materials) > 1 else ""
        with naming(folder):
            np.savez_compressed(folder / f"right{suffix}", **pack_right(each))
        sections = build_sections(each)
        chapters.append(Chapter(each.group.title, sections, suffix))
    with naming(folder):
        write_page(title, chapters, folder)
    if not quiet:
        print(summarize(materials), flush=True)
        print(f"\nThe report: {folder / 'index.html'}", flush=True)
    return materials


def write_numbers(numbers, folder):
    """Writes comparison.json and removes tables and figures of before.

    Args:
        numbers: What JSON can hold.
        folder: A `Path`, which is made.

    Raises:
        ConfigError: if it cannot be written.
    """
    text = json.dumps(numbers, indent=2, allow_nan=False)
    with naming(folder):
        _empty(folder)
        (folder / "comparison.json").write_text(text + "\n", "utf-8")


def compare_runs(
    paths, study=None, margin=None, drawn_previews=False, designs=()
):
    """Numbers of the comparison of runs; nothing is written.

    Args:
        paths, study, margin, drawn_previews, designs: As of `write_report`.

    Returns:
        A list of `material.Material`s and a list of `runs.LeftOut`s.

    Raises:
        ConfigError: as `write_report`.
    """
    paths = [p.path if isinstance(p, RunFolder) else Path(p) for p in paths]
    runs, left_out = read_runs(paths)
    order = [path.parent.name for path in paths] if study else ()
    groups, strangers = group_runs(runs, study, left_out, order)
    left_out += strangers
    if not groups:
        reasons = "; ".join(f"{each.path}: {each.reason}" for each in left_out)
        raise ConfigError(f"there is nothing to compare: {reasons}.")
    return [
        Material(
            group,
            compute_findings(group, margin, designs),
            _published(group),
            left_out,
            drawn_previews,
        )
        for group in groups
    ], left_out


@contextlib.contextmanager
def naming(folder):
    """ConfigError with the folder's name for files that cannot be written."""
    try:
        yield
    except OSError as error:
        raise ConfigError(
            f"cannot write the report to {folder}: "
            f"{error.strerror or error}. Choose another --workdir, or move "
            "away what is there."
        ) from error


def _empty(folder):
    """Makes the folder, without tables and figures of an earlier report."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        if old.suffix in (".csv", ".png", ".svg") or old.match("right*.npz"):
            old.unlink()


def _slug(text):
    return re.sub(r"\W+", "-", text)


def _published(group):
    found = {arm.name: read_published(arm.config) for arm in group.arms}
    return {arm: each for arm, each in found.items() if each is not None}


def list_numbers(title, materials, left_out):
    """The content of comparison.json."""
    return {
        "title": title,
        "alarms": [
            sentence
            for each in materials
            for sentence in wording.alarm(each.findings)
        ],
        "groups": [_group(each) for each in materials],
        "differences": [
            {
                "group": each.findings.title,
                "metric": "accuracy",
                **found.as_json(),
                "relevance": each.findings.relevance(found),
                "decision": each.findings.decision(found),
            }
            for each in materials
            for found in each.findings.differences
        ],
        "runs": [
            str(run.path)
            for each in materials
            for arm in each.group.arms
            for run in arm.runs
        ],
        "left_out": [
            {"folder": str(each.path), "reason": each.reason}
            for each in left_out
        ],
    }


def _robustness(group):
    found, _ = summarize_robustness(group)
    return {
        arm: each._asdict()
        | {"figures": {k: v._asdict() for k, v in each.figures.items()}}
        for arm, each in found.items()
    }


def _explanations(group):
    found, _ = summarize_explanations(group)
    return {
        arm: each._asdict()
        | {
            "scores": {
                method: {name: found._asdict() for name, found in both.items()}
                for method, both in each.scores.items()
            }
        }
        for arm, each in found.items()
    }


def _group(material):
    findings = material.findings
    settings, power = findings.settings, findings.power
    return {
        "title": findings.title,
        "placebos": findings.placebos,
        "answer": wording.answer(findings),
        "warnings": list(wording.warnings(findings)),
        "reference": findings.arms[0].name,
        "images": findings.images,
        "cross_validated": findings.crossed,
        "positive_class": findings.positive_class,
        "margin": findings.margin,
        "design": findings.design and findings.design.as_json(),
        "pairs": [each.as_json() for each in findings.pairs],
        "power": power and power.as_json(),
        "robustness": _robustness(material.group),
        "explanations": _explanations(material.group),
        "settings": settings._asdict() | {"confounded": settings.confounded},
        "arms": [
            {
                "name": arm.name,
                "seeds": arm.seeds,
                "lost": arm.lost,
                "epochs": arm.epochs,
                "chosen_on": arm.chosen_on,
                "figures": {k: v._asdict() for k, v in arm.figures.items()},
                "signs": arm.signs._asdict(),
                "confusion": arm.confusion.tolist(),
                "classes": arm.classes and [c._asdict() for c in arm.classes],
            }
            for arm in findings.arms
        ],
    }
