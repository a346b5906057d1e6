"""Measurements go on where they were, and fail one by one."""

import json
import sys

import pytest

from benchmarks.record import Record


def print_number(text):
    return [sys.executable, "-c", f"print({text})"]


def test_a_measurement_is_made_once(tmp_path, capsys):
    path = tmp_path / "new" / "record.json"
    Record(path, {"tiny": True}).run("one", print_number("41 + 1"), int)
    again = Record(path, {"tiny": True})
    again.run("one", print_number("43"), int)
    assert again.cases["one"]["figures"] == 42
    assert {"seconds", "date", "load", "revision"} < set(again.cases["one"])
    assert capsys.readouterr().out.splitlines()[-1] == "one: is there"


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (print_number("1 / 0"), "exit code 1: ZeroDivisionError"),
        (print_number("'odd'"), "cannot read its output: ValueError"),
        (["/not/there"], "cannot read its output: FileNotFoundError"),
        (print_number("__import__('time').sleep(9)"), "more than 0.1 s"),
    ],
)
def test_one_that_fails_costs_a_line_and_is_tried_again(
    command, line, tmp_path
):
    path = tmp_path / "record.json"
    record = Record(path, {})
    record.run("odd", command, int, timeout=0.1 if "0.1" in line else None)
    assert line in record.cases["odd"]["failed"]
    record = Record(path, {})
    assert not record.is_there("odd")
    record.run("odd", print_number("1"), int)
    assert Record(path, {}).is_there("odd")


def test_another_setting_or_damage_is_refused(tmp_path):
    path = tmp_path / "record.json"
    Record(path, {"cores": 2}).run("one", print_number("1"), int)
    with pytest.raises(SystemExit, match="has cores=2, and here it is 4"):
        Record(path, {"cores": 4})
    path.write_text(json.dumps([]))
    with pytest.raises(SystemExit, match="Remove it"):
        Record(path, {"cores": 2})
