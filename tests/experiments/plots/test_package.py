"""Figures are drawn under any backend, and their examples run."""

import doctest
import importlib
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

from experiments import plots

ROOT = Path(__file__).parents[3]
MODULES = [each.name for each in pkgutil.iter_modules(plots.__path__)]

DRAW_EVERYTHING = """
import numpy as np
from experiments.plots import calibration, confusion, counts, curves, forest
from experiments.plots import images, sizes

row = {"epoch": 0, "val_accuracy": 0.5, "accuracy": 0.5}
for number, figure in enumerate([
    confusion.plot_confusion([0, 1], [0, 0], "ab", "Title"),
    counts.plot_counts({"train": {"a": 1}}, "Title"),
    counts.plot_counts({"train": dict.fromkeys(range(99), 1)}, "Title"),
    curves.plot_run([row | {"loss": 1.0, "val_loss": 1.0}]),
    curves.plot_arms({"a": [[row]]}, {}, "error", "Title"),
    images.plot_batch(np.zeros((2, 8, 8, 3)), np.eye(2), "ab"),
    sizes.plot_sizes({"train": np.ones((3, 2))}, "Title"),
    forest.plot_forest([forest.Row("a", "red", 1, 0, 2, [1])], "b", "Title"),
    calibration.plot_calibration({"$a$": ([0.5], [1])}, {"$a$": "red"}, ""),
]):
    figure.savefig(f"{number}.png")
"""


def python(*arguments, cwd, backend):
    environment = {"MPLBACKEND": backend, "PYTHONPATH": str(ROOT)}
    # No display either.
    inherited = {k: v for k, v in os.environ.items() if k != "DISPLAY"}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        env=inherited | environment,
    )


def test_no_backend_is_needed(tmp_path):
    # Nor are a user's own settings asked, such as for LaTeX.
    (tmp_path / "matplotlibrc").write_text("text.usetex: True\n")
    done = python("-c", DRAW_EVERYTHING, cwd=tmp_path, backend="tkagg")
    assert done.returncode == 0, done.stderr
    assert len(list(tmp_path.glob("*.png"))) == 9


def test_the_command_line_draws_with_any_backend(tmp_path, make_run):
    make_run("arm")
    done = python(
        str(ROOT / "main.py"),
        f"--report={tmp_path / 'runs'}",
        cwd=tmp_path,
        # Matplotlib refuses it on import.
        backend="nonsense",
    )
    assert done.returncode == 0, done.stderr
    drawn = {path.stem for path in tmp_path.rglob("*.png")}
    assert drawn >= {"accuracy", "error", "loss"}


def test_documentation_runs():
    results = [
        doctest.testmod(importlib.import_module(f"experiments.plots.{name}"))
        for name in MODULES
    ]
    assert sum(result.attempted for result in results) > 0
    assert sum(result.failed for result in results) == 0
