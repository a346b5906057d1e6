"""Imports go one way."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# From the bottom to the top: a room may import from itself and from rooms of
# earlier lines; rooms in one line know nothing of each other. What has no room
# of its own is in its package's, at the bottom.
ROOMS = [
    line.split()
    for line in """
    augment_tf models pipelines experiments
    pipelines.config pipelines.errors pipelines.location pipelines.progress
    pipelines.batches pipelines.files pipelines.subsets
    pipelines.augly pipelines.image_cache pipelines.overlaps pipelines.shapes \
        pipelines.tfds
    pipelines.folders pipelines.tiny_imagenet
    pipelines.loading
    experiments.errors experiments.formatting experiments.history \
        experiments.records experiments.statistics
    experiments.configs experiments.metrics
    experiments.run_folder experiments.plots
    experiments.runtime experiments.tracking
    experiments.training
    experiments.report experiments.ray_launcher
    experiments.planning experiments.analysis experiments.designs \
        experiments.checks
    experiments.study
    experiments.commands
    main
    """.strip().splitlines()
]
ROOM_LEVEL = {name: level for level, row in enumerate(ROOMS) for name in row}
FILES = sorted(
    path.relative_to(ROOT)
    for folder in ("augment_tf", "models", "pipelines", "experiments")
    for path in (ROOT / folder).rglob("*.py")
) + [Path("main.py")]


def room(module):
    """The room that a module is in; None for what is not of this project."""
    parts = module.split(".")
    for length in (2, 1):
        name = ".".join(parts[:length])
        if name in ROOM_LEVEL:
            return name
    return None


def imported(path):
    """Modules of this project that a file imports, wherever in it."""
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            # `from experiments import commands` names a module, too.
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=str)
def test_no_arrow_runs_back_up(path):
    own = room(".".join(path.with_suffix("").parts))
    for module in imported(path):
        other = room(module)
        assert other in (None, own) or ROOM_LEVEL[other] < ROOM_LEVEL[own], (
            f"{path} imports {module}: {own} stands not above {other}"
        )


def test_the_test_sees_arrows():
    """Arrows of each kind are seen, wherever they stand in the file."""
    found = set(imported(Path("experiments/commands/data.py")))
    assert "experiments.configs.registry" in found
    assert "pipelines.loading" in found
    assert room("experiments.report.groups") == "experiments.report"
    assert room("numpy.random") is None
