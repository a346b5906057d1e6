"""The benchmark says so, and fails, where a claim does not hold."""

import importlib.util
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "pipeline.py"


@pytest.fixture
def benchmark(monkeypatch):
    spec = importlib.util.spec_from_file_location("pipeline_benchmark", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


def run(
    benchmark,
    monkeypatch,
    seconds=60,
    first=6000,
    later=70_000,
    gib=2,
    batches=("same", "same", "same"),
):
    """The exit code, with these for the results of the parts."""
    digests = iter(batches)
    measured = {
        "prepare": lambda: (seconds, 1.0),
        "train": lambda: (
            [first, 1, later, later],
            gib,
            "images somewhere",
            next(digests),
        ),
    }
    monkeypatch.setattr(
        benchmark, "apart", lambda function, *_: measured[function.__name__]()
    )
    monkeypatch.setattr(sys, "argv", ["pipeline.py", "--data_dir=data"])
    with pytest.raises(SystemExit) as caught:
        benchmark.main()
    return caught.value.code


def test_claims_that_hold(benchmark, monkeypatch, capsys):
    assert run(benchmark, monkeypatch) == 0
    table = capsys.readouterr().out
    assert "NO" not in table
    # The median of the later epochs.
    assert "70,000" in table


@pytest.mark.parametrize(
    ("measured", "broken"),
    [
        ({"seconds": 181}, 1),
        ({"first": 4999}, 1),
        ({"later": 59_999}, 1),
        # In memory, and where nothing is kept.
        ({"gib": 3.1}, 2),
        ({"batches": ("same", "same", "another")}, 1),
    ],
)
def test_claims_that_do_not(benchmark, monkeypatch, capsys, measured, broken):
    assert run(benchmark, monkeypatch, **measured) == 1
    assert capsys.readouterr().out.count("NO") == broken
