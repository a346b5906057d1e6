"""Sweeps from the command line: refused, planned, and put together."""

import json

import pytest

import main
from experiments.planning.step_timing import Step, StepTimer
from experiments.report import load
from experiments.runtime.screen import RunProgress

TINY = (
    *("--set", "epochs=1", "--set", "model.name=ResNet4"),
    *("--set", "model.width=4", "--set", "data.image_size=8"),
    *("--set", "data.limit_val=12", "--set", "data.batch_size=12"),
)
DEMO = ("--study=demo", "--arms=baseline,flip", "--jobs=1", "--log=none", *TINY)
SWEEP = ("--sweep", "data.limit_train=12,24")


@pytest.fixture
def call(capsys, monkeypatch, tmp_path):
    """Calls main.py in this process; returns its code and its output."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")

    def call(*arguments):
        monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
        code = main.call(["main.py", *arguments])
        return code, *capsys.readouterr()

    return call


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--sweep", "epochs=1,2"], "--sweep goes with --study"),
        (
            [*DEMO, "--sweep", "epochs=2,3"],
            "--set and --sweep both give epochs",
        ),
        ([*DEMO, *SWEEP, "--budget=2h"], "do not go with a sweep"),
        ([*DEMO, *SWEEP, "--until"], "do not go with a sweep"),
        # A study that is a sweep by itself.
        (["--study=tinyimagenet_init", "--until"], "do not go with a sweep"),
        (
            ["--study=tinyimagenet_init", "--tune=epochs=lin(1, 2)"],
            "do not go with a sweep",
        ),
        (
            [*DEMO, "--sweep", "model.initializer=zeros,nought"],
            "model.initializer=nought",
        ),
        ([*DEMO, "--sweep", "data.limit_train=24,6"], "data.limit_train"),
    ],
)
def test_refused_before_the_first_run(call, tmp_path, arguments, message):
    code, _, error = call(*arguments)
    assert code == 2
    (line,) = error.splitlines()
    assert message in line
    assert not (tmp_path / "runs").exists()


@pytest.fixture
def timed(monkeypatch):
    """Replaces measured steps by fixed ones; a list of their experiments."""
    asked = []

    def time(self, experiment, data):
        asked.append(experiment.name)
        return Step(start=100.0, train=0.5, evaluate=0.25)

    monkeypatch.setattr(StepTimer, "time", time)
    return asked


def test_plan(call, timed, tmp_path):
    code, printed, _ = call(*DEMO, *SWEEP, "--seeds=3", "--plan")
    assert code == 0
    assert len(timed) == 4
    assert "12 of 12 runs are to be made" in printed
    assert (
        "12 runs: 2 arms at 2 values of data.limit_train (12, 24), 3 seeds each"
    ) in printed
    for value in (12, 24):
        line = f"- data.limit_train={value}: 12 images evaluated, detects"
        assert line in printed
    assert not (tmp_path / "runs").exists()


@pytest.fixture
def trained(monkeypatch, make_run, draw_right):
    """Writes the files of runs in place of training; a list of the runs."""
    asked = []

    def run(experiment, *, seed, report, **_):
        asked.append((experiment.name, seed))
        fields = dict(vars(experiment))
        for name in ("name", "summary"):
            del fields[name]
        right = draw_right(50, len(asked), 400)
        folder = make_run(experiment.name, seed, right, **fields)
        report(RunProgress(0, 1))
        return folder

    monkeypatch.setattr("experiments.training.logged_run.run", run)
    # Pages of the values have no figures here, which take seconds to draw.
    monkeypatch.setattr(
        "experiments.report.report.build_sections", lambda _: []
    )
    return asked


def test_a_sweep_in_parts(call, timed, trained, tmp_path):
    """A shard trains its runs, and the command without it writes the page."""
    code, _, _ = call(*DEMO, *SWEEP, "--seeds=2", "--shard=1/2")
    assert code == 0
    runs = [
        (f"demo_{arm}@data.limit_train={count}", seed)
        for seed in (0, 1)
        for count in (12, 24)
        for arm in ("baseline", "flip")
    ]
    assert trained == runs[::2]
    folder = tmp_path / "runs" / "reports" / "demo_sweep_data.limit_train"
    assert not folder.exists()
    trained.clear()
    code, printed, _ = call(*DEMO, *SWEEP, "--seeds=2")
    assert code == 0
    # All values of a seed before the next seed.
    assert trained == runs
    assert "8 runs: 2 arms at 2 values of data.limit_train" in printed
    # One network, whatever the number of images.
    assert len(timed) == 2
    numbers = json.loads((folder / "comparison.json").read_text())
    assert load(folder).model_dump(mode="json") == numbers
    assert numbers["answer"][0] in printed
    first, last = (e["difference"]["difference"] for e in numbers["effects"])
    (change,) = numbers["changes"]
    assert change["contrast"]["points"] == pytest.approx(last - first)
    for value in numbers["values"]:
        assert value["compared"]
        page = (folder / value["page"]).with_name("comparison.json")
        assert len(json.loads(page.read_text())["runs"]) == 4
    for file in ("index.html", "report.md", "effects.csv", "changes.csv"):
        assert (folder / file).is_file()
    assert (folder / "effects.svg").is_file()
