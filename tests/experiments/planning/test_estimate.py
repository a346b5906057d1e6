"""Plans and dry runs: their numbers; they leave nothing behind."""

import functools
import re
from dataclasses import replace

import pytest
import tensorflow as tf

from experiments.configs.schema import layer
from experiments.designs.fixed import Fixed
from experiments.designs.until import Until
from experiments.errors import ConfigError
from experiments.formatting import duration
from experiments.planning import estimate
from experiments.planning.estimate import (
    estimate_left,
    estimate_run,
    plan_study,
)
from experiments.planning.step_timing import Step, StepTimer
from experiments.planning.trial import dry_run
from experiments.report.report import write_report
from experiments.statistics.noise import ACCURACY, assume_noise
from experiments.statistics.power import compute_detectable
from experiments.statistics.sequential import Looks
from experiments.training.disk import shutil
from models import build_network
from pipelines.location import Location


@pytest.fixture
def steps(monkeypatch):
    """Replaces measured steps by fixed ones; a list of what was asked for."""
    asked = []

    def time(self, experiment, data):
        asked.append((experiment.name, len(data.train.labels)))
        return Step(start=100.0, train=0.5, evaluate=0.25)

    monkeypatch.setattr(StepTimer, "time", time)
    return asked


@pytest.fixture
def make_plan(tmp_path, tiny, capsys):
    def make(
        arms=("baseline", "other"), seeds=3, jobs=None, looks=None, **changes
    ):
        experiment = replace(tiny, **changes)
        experiments = [replace(experiment, name=name) for name in arms]
        made = {"seeds": range(seeds), "workdir": tmp_path / "runs"}
        design = Fixed("mine", experiments, **made)
        if looks is not None:
            design = Until("mine", experiments, looks, **made)
        plan_study(
            design,
            location=Location(tmp_path / "data"),
            strategy=tf.distribute.get_strategy(),
            jobs=jobs,
        )
        return capsys.readouterr().out

    return make


def table(text):
    header, _, *rows = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in text.splitlines()
        if line.startswith("|")
    ]
    return [dict(zip(header, row, strict=True)) for row in rows]


def test_steps_and_time_add_up(make_plan, steps, tmp_path):
    text = make_plan(epochs=20)
    # 96 images in batches of 24, 20 epochs; 42 are two batches, each epoch
    # and once at the end: 100 + 80 * 0.5 + 42 * 0.25 seconds.
    for row in table(text):
        assert row["to be made"] == "3"
        assert row["train images"] == "96"
        assert row["val images"] == "42"
        assert row["steps of a run"] == "80"
        assert row["ms a step"] == "500"
        assert row["images/s"] == "48"
        assert row["a run takes"] == duration(150.5)
    total = f"6 of 6 runs are to be made: 480 steps, about {duration(903)}."
    assert total in text
    assert "Timed here and now on 1 replica on CPU" in text
    assert steps == [("baseline", 96), ("other", 96)]
    assert not list(tmp_path.iterdir())


def test_side_by_side_steps_are_timed_in_a_process_and_times_divided(
    make_plan, monkeypatch
):
    def time(experiments, counts, jobs, threads):
        assert (len(experiments), len(counts), jobs, threads) == (2, 2, 4, 1)
        return [Step(start=100.0, train=0.5, evaluate=0.25)] * 2

    monkeypatch.setattr(estimate, "time_side_by_side", time)
    text = make_plan(epochs=20, jobs=4)
    assert f"480 steps, about {duration(903 / 4)}." in text
    assert "CPU, in 4 processes at once, as the runs train: each arm's" in text
    # No more processes than runs.
    assert f"about {duration(2 * 150.5 / 2)}." in make_plan(
        seeds=1, epochs=20, jobs=4
    )


def test_detectable_difference_is_stated_with_its_assumptions(make_plan, steps):
    text = make_plan(seeds=5)
    found = re.search(
        r"With 5 seeds an arm this study detects differences of (\S+) points "
        r"with 80 % power; 1 point on 42 images is out of reach with up to "
        r"1,000 seeds an arm\.",
        text,
    )
    assert 10 < float(found[1]) < 40
    assert (
        "Assumed, since no arm has two finished runs above guessing: 2 arms"
        in text
    )
    assert "ranks nothing" in make_plan(seeds=1)
    assert "80 % power" not in make_plan(arms=("alone",))


def test_looks_have_the_fewest_and_the_most_runs(make_plan, steps):
    looks = Looks((3, 5, 8), 1)
    text = make_plan(seeds=8, looks=looks)
    a_run = 100 + 8 * 0.5 + 6 * 0.25
    assert (
        "- Looks at 3, 5, 8 seeds: at least 6 and at most 16 runs in all, "
        f"about {duration(6 * a_run)} to {duration(16 * a_run)}."
    ) in text
    (points,) = re.findall(
        r"The last look, at 8 seeds an arm, detects differences of (\S+) "
        "points with 80 % power",
        text,
    )
    of_study = functools.partial(
        compute_detectable,
        *(2, 8, 42, ACCURACY),
        seed_deviation=assume_noise(96).seed_deviation,
    )
    of_a_look = of_study(confidence=1 - looks.levels[-1])
    assert float(points) == pytest.approx(of_a_look, abs=0.051)
    assert of_a_look > of_study()


def test_finished_runs_are_not_made_again_and_give_the_noise(
    make_plan, make_run, draw_right, steps
):
    for seed in range(2):
        for name in ("baseline", "other"):
            make_run(name, seed, draw_right(60, seed))
    # Of another config: neither finished nor of this noise.
    make_run("other", 2, draw_right(0, 2), epochs=7)
    text = make_plan()
    assert [row["finished"] for row in table(text)] == ["2", "2"]
    assert "2 of 6 runs are to be made" in text
    assert "As in 4 finished runs: 2 arms, 42 images, accuracy 60.0 %" in text


def test_the_report_ends_with_the_same_lines(
    make_plan, make_run, draw_right, steps, tmp_path
):
    """Once runs are finished, on the images of all of them."""
    folders = [
        make_run(name, seed, draw_right(60, seed, images=42))
        for seed in range(3)
        for name in ("baseline", "other")
    ]
    page = tmp_path / "page"
    write_report(folders, page, "Study mine", study="mine")
    *_, detects, assumed, help_ = [
        line for line in make_plan().splitlines() if line.startswith("- ")
    ]
    planned = [detects, assumed]
    assert detects.startswith("- With 3 seeds an arm this study detects")
    assert help_.startswith("- Would help: ")
    assert (page / "report.md").read_text().splitlines()[-2:] == planned


def test_batches_larger_than_the_data_are_refused(make_plan, steps, tiny):
    data = replace(tiny.data, batch_size=97)
    with pytest.raises(ConfigError, match="97 is larger than the 96 training"):
        make_plan(data=data)


@pytest.mark.parametrize(
    ("changes", "val", "selection", "evaluations"),
    [
        ({}, 42, 0, 2 * 2 + 2),
        ({}, 48, 1, 2 * (2 + 1) + 2),
        ({"ema": 0.9}, 49, 24, 2 * (2 * 3 + 1) + 3),
    ],
)
def test_evaluated_batches(tiny, changes, val, selection, evaluations):
    """In batches of 24: after each of 2 epochs, and val at the end."""
    step = Step(start=1.0, train=2.0, evaluate=0.5)
    found = estimate_run(replace(tiny, **changes), 4, val, selection, step)
    assert (found.steps, found.evaluations) == (8, evaluations)
    assert found.seconds == 1 + 8 * 2 + evaluations * 0.5


def try_out(experiments, workdir):
    return dry_run(
        experiments,
        seeds=range(3),
        workdir=workdir,
        location=Location("unused"),
        strategy=tf.distribute.get_strategy(),
    )


def test_time_and_disk_of_all_runs(tiny, tmp_path, capsys):
    on_device = replace(
        tiny,
        name="on_device",
        ema=0.9,
        epochs=5,
        augment=(layer("MixUp"),),
        data=replace(tiny.data, augment_on="device"),
    )
    first, second = try_out([tiny, on_device], tmp_path / "runs")
    # 96 images in batches of 24; 42 in two, after each epoch and at the end.
    assert (first.run.steps, first.run.evaluations) == (8, 6)
    assert (second.run.steps, second.run.evaluations) == (20, 22)
    for trial in (first, second):
        step = trial.run.step
        assert 0 < step.train < step.start
        assert 0 < step.evaluate < step.start
        assert 0 <= trial.waiting <= 1
    # The averages are in three checkpoints and two more networks.
    network = build_network(tiny.model, image_size=16, classes=6)
    assert second.bytes == first.bytes + 4 * 4 * network.count_params()
    printed = capsys.readouterr().out
    assert "6 runs: about" in printed
    row = table(printed)[1]
    assert (row["arm"], row["steps of a run"]) == ("on_device", "20")
    assert row["a run takes"] == duration(second.run.seconds)
    assert row["waiting"] == f"{second.waiting:.0%}"
    assert row["disk of a run"] == f"{second.bytes / 2**30:.2f} GiB"
    assert not list(tmp_path.iterdir())


def test_a_disk_that_is_too_small_is_said_before(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(
        shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(9, 8, 1)
    )
    with pytest.raises(ConfigError, match="take about .* free for .*Free some"):
        try_out([tiny], tmp_path / "runs")
    assert not list(tmp_path.iterdir())


def test_the_time_of_what_is_left(tiny, tmp_path, steps):
    def estimate(other=tiny.model, **changes):
        return estimate_left(
            [tiny, replace(tiny, name="other", model=other)],
            seeds=range(3),
            workdir=tmp_path / "runs",
            location=Location(tmp_path / "data"),
            strategy=tf.distribute.get_strategy(),
            **changes,
        )

    whole = estimate()
    # Tracing counts once, as runs share it.
    assert 100 < whole < 200
    assert 100 / 2 < estimate(jobs=2) < whole
    # Of each network of a sweep.
    wide = replace(tiny.model, width=8)
    assert estimate(wide) == pytest.approx(whole + 100)
