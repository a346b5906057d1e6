"""A plan: its numbers, and that it leaves nothing behind."""

import re
from dataclasses import replace

import pytest
import tensorflow as tf

from experiments.configs.schema import layer
from experiments.errors import ConfigError
from experiments.planning import plan
from experiments.planning.plan import plan_study
from experiments.planning.step_timing import Step, StepTimer
from experiments.quantities import duration
from experiments.study import run_study
from pipelines.location import Location


@pytest.fixture
def steps(monkeypatch):
    """What steps are said to take, without taking any; which were asked."""
    asked = []

    def time(self, experiment, data):
        asked.append((experiment.name, len(data.train.labels)))
        return Step(start=100.0, train=0.5, evaluate=0.25)

    monkeypatch.setattr(StepTimer, "time", time)
    return asked


@pytest.fixture
def make_plan(tmp_path, tiny, capsys):
    def make(arms=("baseline", "other"), seeds=3, **changes):
        experiment = replace(tiny, **changes)
        plan_study(
            "mine",
            [replace(experiment, name=name) for name in arms],
            seeds=range(seeds),
            workdir=tmp_path / "runs",
            location=Location(tmp_path / "data"),
            strategy=tf.distribute.get_strategy(),
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


def test_detectable_difference_is_stated_with_its_assumptions(make_plan, steps):
    text = make_plan(seeds=5)
    found = re.search(
        r"With 5 seeds an arm this study detects differences of (\S+) points "
        r"with 80 % power; 1 point on 42 images is out of reach with up to "
        r"1,000 seeds an arm\.",
        text,
    )
    assert 10 < float(found[1]) < 40
    assert "Assumed, since no arm has two finished runs: 2 arms, 42" in text
    assert "ranks nothing" in make_plan(seeds=1)
    assert "80 % power" not in make_plan(arms=("alone",))


def test_finished_runs_are_not_made_again_and_tell_the_noise(
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


def test_the_report_ends_with_the_same_line(
    make_plan, make_run, draw_right, steps, tmp_path, tiny
):
    """Once all is trained, on the images that all runs judged."""
    for seed in range(3):
        for name in ("baseline", "other"):
            make_run(name, seed, draw_right(60, seed, images=42))
    run_study(
        "mine",
        [replace(tiny, name=name) for name in ("baseline", "other")],
        seeds=range(3),
        workdir=tmp_path / "runs",
        location=Location(tmp_path / "data"),
        strategy=tf.distribute.get_strategy(),
    )
    report = (tmp_path / "runs/reports/mine/report.md").read_text()
    planned = [
        line for line in make_plan().splitlines() if line.startswith("- ")
    ][-2:]
    assert planned[0].startswith("- With 3 seeds an arm this study detects")
    assert report.splitlines()[-2:] == planned


def test_batches_larger_than_the_data_are_refused(make_plan, steps, tiny):
    data = replace(tiny.data, batch_size=97)
    with pytest.raises(ConfigError, match="97 is larger than the 96 training"):
        make_plan(data=data)


@pytest.mark.parametrize("augment_on", ["host", "device"])
def test_steps_are_measured(tiny, tmp_path, monkeypatch, augment_on):
    monkeypatch.setattr("experiments.training.timing._SECONDS", 0.05)
    timer = StepTimer(tf.distribute.get_strategy())
    data = replace(tiny.data, augment_on=augment_on)
    arms = [
        replace(tiny, data=data),
        # The same but for what a step does not know of.
        replace(tiny, data=data, name="placebo", seed_offset=1000, epochs=9),
        replace(tiny, data=data, augment=(layer("CutMix"),)),
    ]
    counts = plan.count_images(data, Location(tmp_path))
    first, placebo, other = (
        timer.time(arm, plan.stand_in(data, counts)) for arm in arms
    )
    assert first is placebo
    assert other is not first
    assert first.start > first.train > 0
    assert first.evaluate > 0
