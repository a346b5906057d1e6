"""The script for a day with a GPU, on a CPU and with tiny sizes."""

import json
import sys

import pytest

from benchmarks import gpu_day, gpu_parts, record

RIGHT = {
    "devices": {"device": "GPU", "training": "1 replica on GPU"},
    f"step/{gpu_day.FAIR}/float32/XLA": {"images_per_second": 100},
    f"step/{gpu_day.FAIR}/mixed_float16/XLA": {"images_per_second": 250},
    "repeat": {"largest_difference": 0.0},
    "study/one": {"verdicts": gpu_day.TRUTH},
    "accuracy/float32": {"top1_error": 48.6},
}
WRONG = {
    "devices": {"device": "CPU", "training": "1 replica on CPU"},
    f"step/{gpu_day.FAIR}/mixed_float16/XLA": {"images_per_second": 90},
    "repeat": {"largest_difference": 1e-7},
    "study/one": {"verdicts": gpu_day.TRUTH | {"demo_flip": "better"}},
    "accuracy/float32": {"top1_error": 60.0},
}


def list_holding(figures):
    return [holds for _, holds, _ in gpu_day.list_checks(figures)]


def test_all_that_is_expected_holds():
    assert list_holding(RIGHT) == [True] * 5


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_figure_is_found(name):
    found = list_holding(RIGHT | {name: WRONG[name]})
    assert found.count(False) == 1


def test_checks_of_what_was_not_measured_are_left_out():
    assert list_holding({}) == []


def test_steps_are_timed_with_images_on_the_device():
    found = gpu_parts.time_steps(
        tiny=True,
        precision="float32",
        mode="plain",
        arm="baseline",
        augment_on="device",
    )
    assert found["images_per_second"] * found["step_seconds"] == pytest.approx(
        8
    )


def test_hours_follow_from_the_speed():
    # 100 epochs of 90,000 images and a third of 20,000.
    hours = gpu_day.estimate_hours(gpu_day.FAIR, 1000)
    assert hours == pytest.approx(100 * 96_666.7 / 1000 / 3600)


def test_each_measurement_is_a_row_or_a_line(tmp_path, monkeypatch, capsys):
    speeds = {"images_per_second": 10, "step_seconds": 0.1, "first_seconds": 1}

    def call(_, case, *options):
        assert options == ("--tiny",)
        slow = {"images_per_second": 8, "step_seconds": 0.125}
        figures = speeds | (slow if "salmix" in case else {})
        code = f"print('a line'); print({json.dumps(figures)!r})"
        if case.endswith("cutmix"):
            code = "raise SystemExit('no memory')"
        return [sys.executable, "-c", code]

    monkeypatch.setattr(record, "python", call)
    options = ["--tiny", "--only", "augment/host", f"--json={tmp_path}/x.json"]
    assert gpu_day.main(options) == 1
    output = capsys.readouterr().out
    (row,) = (each for each in output.splitlines() if "| host/salmix" in each)
    assert "20.0 %" in row
    assert "failed: augment/host/cutmix: exit code 1: no memory" in output
    # Once it succeeds, all is well; the rest is not measured again.
    monkeypatch.setattr(
        record, "python", lambda *_: call("", "again", "--tiny")
    )
    assert gpu_day.main(options) == 0
    assert capsys.readouterr().out.count("is there") == len(gpu_day.ARMS)
