"""Tools are chosen by name, and may fail."""

import sys

import pytest

from experiments.errors import ConfigError
from experiments.tracking.tools import CLASSES, KEEPERS, choose_tools
from experiments.tracking.tracking import catch_up, track_run


def test_names_of_tools(monkeypatch):
    assert choose_tools(None) == ("tensorboard",)
    assert choose_tools(["none"]) == choose_tools([]) == ()
    assert choose_tools(["tensorboard"] * 2) == ("tensorboard",)
    for wrong in (["tensorbord"], ["none", "tensorboard"], [""]):
        with pytest.raises(ConfigError, match="expects tensorboard, mlflow"):
            choose_tools(wrong)
    for name in KEEPERS:
        # As if its package were not there.
        monkeypatch.setitem(sys.modules, name, None)
        with pytest.raises(ConfigError, match=f"requirements-{name}.txt"):
            choose_tools(["tensorboard", name])


def test_a_tool_that_fails_is_told_later(copied, monkeypatch, capsys):
    told, works = [], True

    class Tool:
        place = None

        def __init__(self, folder, record):
            assert record["title"] == "tiny, seed 3"
            assert record["settings"]["seed"] == 3
            assert record["settings"]["data.name"] == "shapes"
            assert record["settings"]["augment"] == "RandomFlip() + CutMix()"

        def begin(self, identity):
            return identity or "new"

        def add(self, rows):
            if not works:
                raise ConnectionError("no route\nto host")
            told.extend(row["epoch"] for row in rows)

        def end(self, status, results, files):
            if status == "finished":
                told.append((results["final.epoch"], files))

    monkeypatch.setitem(CLASSES, "tensorboard", Tool)
    (copied / "tracking.json").unlink()
    (row,) = copied.history()
    with track_run(copied, ["tensorboard"]) as tracking:
        tracking.follow()
        works = False
        copied.write_history([row, row | {"epoch": 1}])
        tracking.follow()
        tracking.follow()
    assert told == [0]
    (line,) = capsys.readouterr().out.splitlines()
    assert "TensorBoard failed, and the run goes on without" in line
    assert "ConnectionError: no route to host" in line
    assert not copied.read_json("tracking.json")["tensorboard"]["ended"]
    works = True
    catch_up(copied, ["tensorboard"])
    catch_up(copied, ["tensorboard"])
    assert told[:2] == [0, 1]
    (end,) = told[2:]
    assert end[0] == 0
    assert {"history.csv", "plots/confusion.png"} <= set(end[1])
