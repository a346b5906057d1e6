"""Tutorials run from their first cell to their last, on tiny data."""

import re
import shlex
from pathlib import Path

import jupytext
import nbclient
import pytest

ROOT = Path(__file__).parents[2]
COMMAND = re.compile(r"^!python (main\.py (?:.*\\\n)*.*)$", re.MULTILINE)
TINY = (
    *("--set", "model.name=ResNet4", "--set", "model.width=4"),
    *("--set", "data.image_size=16", "--set", "data.batch_size=16"),
    *("--set", "epochs=1", "--set", "optimizer.warmup_epochs=0"),
    *("--set", "data.limit_train=48", "--set", "data.limit_val=96"),
)


@pytest.fixture
def execute(tmp_path, monkeypatch):
    """Executes a tutorial in a copy of the project's folder.

    Args:
        name: Of its file in docs/tutorials.
        replaced: {text: shorter text}, of which each has to occur.

    Returns:
        The cells with code, with their outputs.
    """
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "jupyter"))
    for each in ("main.py", "augment_tf", "experiments", "models", "pipelines"):
        (tmp_path / each).symlink_to(ROOT / each)
    folder = tmp_path / "docs" / "tutorials"
    folder.mkdir(parents=True)

    def execute(name, replaced):
        text = (ROOT / "docs" / "tutorials" / name).read_text()
        for old, new in replaced.items():
            assert old in text
            text = text.replace(old, new)
        notebook = jupytext.reads(text, fmt="md:myst")
        cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
        for cell in cells:
            cell.source = COMMAND.sub(_call_in_kernel, cell.source)
        nbclient.NotebookClient(
            notebook, timeout=600, resources={"metadata": {"path": folder}}
        ).execute()
        return cells

    return execute


def _call_in_kernel(match):
    """A process for each command would import TensorFlow each time."""
    name, *given = shlex.split(match[1].replace("\\\n", ""))
    arguments = [name, *TINY, *given]
    if "--study=demo" in arguments:
        arguments += ["--jobs=1", "--log=none"]
    return f"import main\nassert main.call({arguments}) == 0"


def read_printed(cell):
    return "".join(
        output.text for output in cell.outputs if output.output_type == "stream"
    )


def find_cell(cells, text):
    """The one cell with this text in its code."""
    (cell,) = (cell for cell in cells if text in cell.source)
    return cell


def count_pictures(cells):
    outputs = [output for cell in cells for output in cell.outputs]
    return sum("image/png" in output.get("data", ()) for output in outputs)


def test_layers_in_your_own_fit(execute):
    cells = execute(
        "layers_in_fit.md",
        {"IMAGES, EPOCHS = 1200, 6": "IMAGES, EPOCHS = 96, 1"},
    )
    assert count_pictures(cells) == 6
    repeated = read_printed(find_cell(cells, "np.array_equal"))
    assert re.findall(r"\w+$", repeated, re.M) == ["True", "False"]
    trained = read_printed(find_cell(cells, ".fit("))
    assert re.findall(
        r"^(\w+) +training images [\d.]+% +test", trained, re.M
    ) == [
        "plain",
        "augmented",
    ]
    predicted = read_printed(find_cell(cells, ".predict("))
    assert predicted.count("predicted") == 6


def test_does_it_help(execute, tmp_path):
    cells = execute(
        "does_it_help.md",
        # tests/experiments/designs trains studies with looks.
        {"--seeds=3": "--seeds=2", "--max_seeds=5": "--max_seeds=5 --plan"},
    )
    assert count_pictures(cells) == 2
    once = read_printed(find_cell(cells, "'--seeds=1'"))
    assert "trained once" in once
    answer = read_printed(find_cell(cells, "'--seeds=2'"))
    assert re.search(r"^\| Random Erasing +\| Baseline ", answer, re.M)
    rows = re.findall(
        r"^(\w+) +(\S+) points  \((\S+) to (\S+)\)  (\w+)$",
        read_printed(find_cell(cells, "load(")),
        re.M,
    )
    assert [row[0] for row in rows] == ["demo_random_erase", "demo_placebo"]
    for _, difference, low, high, verdict in rows:
        assert float(low) <= float(difference) <= float(high)
        assert verdict in ("better", "worse", "not_told_apart")
    assert "detects" in read_printed(find_cell(cells, "'--seeds=5'"))
    assert "3, 5" in read_printed(find_cell(cells, "'--until'"))
    assert (tmp_path / "runs/tutorial/reports/demo/index.html").is_file()
