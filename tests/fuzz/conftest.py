"""The command line, called in this process, with training left out."""

import contextlib
import io
import os
from typing import NamedTuple

import kagglehub
import pytest
import requests
from absl.testing import flagsaver

import main
from experiments.runtime import startup
from experiments.runtime.background import Background
from experiments.training import run
from experiments.training.data import (
    build_data_record,
    count_classes,
    count_steps,
)
from pipelines import loading
from pipelines.errors import DataError
from pipelines.image_cache import keep_images
from pipelines.tiny_imagenet import finding


class Outcome(NamedTuple):
    code: int
    said: str
    error: str


class Untrained:
    """Stands in for a run's training; records the data that it gets."""

    def __init__(self, spec, data, augment):
        self.background = Background()
        count_classes(spec.experiment, data)
        self._folder = spec.folder
        self._record = build_data_record(
            spec.experiment,
            data,
            count_steps(spec.experiment.data, data),
        )

    def announce(self):
        self._folder.write_json("data.json", self._record)

    def train(self, request, tracking, report):
        pass

    def wait_for_workers(self):
        pass

    def keep_trainer(self):
        pass

    def end(self):
        self._folder.write_json("metrics.json", {"status": "finished"})


def keep_small_images(folder, parts, size, *budgets):
    """Keeps images of any size as small ones."""
    return keep_images(folder, parts, min(size, 16), *budgets)


class CommandLine:
    """Calls main.py's functions; nothing is downloaded.

    Attributes:
        downloads: What the last call would have downloaded.
    """

    def __init__(self, monkeypatch):
        self.downloads = []
        monkeypatch.setattr(run, "Session", Untrained)
        monkeypatch.setattr(run, "write_outputs", Untrained.end)
        monkeypatch.setattr(loading, "keep_images", keep_small_images)
        monkeypatch.setenv("KERAS_HOME", str(startup._KERAS_HOME))
        monkeypatch.setattr(kagglehub, "dataset_download", self._unreachable)
        monkeypatch.setattr(requests, "head", self._unreachable)
        monkeypatch.setattr(finding, "download", self._download)

    def __call__(self, *arguments):
        """Returns an `Outcome`: done, or refused in one line."""
        self.downloads.clear()
        said, error = io.StringIO(), io.StringIO()
        with (
            flagsaver.flagsaver(),
            contextlib.redirect_stdout(said),
            contextlib.redirect_stderr(error),
        ):
            code = main.call(["main.py", *map(str, arguments)])
        outcome = Outcome(code, said.getvalue(), error.getvalue())
        _check(outcome)
        return outcome

    def _unreachable(self, *arguments, **_):
        self.downloads.append(arguments)
        raise requests.ConnectionError("no network")

    def _download(self, *arguments, **_):
        self.downloads.append(arguments)
        raise DataError("it cannot be downloaded.")


@pytest.fixture(scope="module")
def command_line():
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield CommandLine(monkeypatch)


def _check(outcome):
    """Checks that a command is done, or refused in one line."""
    assert outcome.code in (0, 2), outcome
    if outcome.code == 0:
        assert outcome.error == ""
        return
    assert outcome.error.startswith("error: ")
    assert outcome.error.endswith("\n")
    assert len(outcome.error.splitlines()) == 1, outcome.error
    assert len(outcome.error) < 2000


@pytest.fixture(scope="session")
def snapshot():
    """Function of a folder: {name: content} of all files; None for folders."""

    def take(root):
        return {
            os.path.relpath(path, root): (
                path.read_bytes() if path.is_file() else None
            )
            for path in root.rglob("*")
        }

    return take
