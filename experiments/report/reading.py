"""Files of runs, read whole or not at all."""

import csv
import json

from pydantic import TypeAdapter, ValidationError

from experiments.records import HistoryRow, describe, validate

_History = TypeAdapter(list[HistoryRow])


class Unusable(Exception):
    """The reason why a folder is left out.

    Attributes:
        kind: As of `runs.LeftOut`.
    """

    def __init__(self, reason, kind="left out"):
        super().__init__(reason)
        self.kind = kind


def read_json(path, record):
    """The record of a JSON file.

    Args:
        path: Of the file.
        record: A class of `experiments.records`, or dict for the whole content.

    Raises:
        Unusable: if the file is missing, is no JSON object or does not fit.
    """
    try:
        # Editors on Windows write a byte-order mark.
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise Unusable(f"{path.name} is missing") from None
    except (OSError, ValueError, RecursionError):
        raise Unusable(f"{path.name} is damaged") from None
    if not isinstance(content, dict):
        raise Unusable(f"{path.name} is damaged")
    if record is dict:
        return content
    try:
        return validate(content, record)
    except ValueError as error:
        raise Unusable(f"{path.name}: {describe(error)}") from None


def read_added(run, name, record):
    """The record of a file that a finished run was given later.

    Args:
        run: `runs.Run`.
        name: Of the file in its folder.
        record: `Robustness` or `Explanations`.

    Returns:
        The record; None if there is no such file.

    Raises:
        Unusable: if it is damaged, or of other images than the run's.
    """
    if not (run.path / name).exists():
        return None
    found = read_json(run.path / name, record)
    judged_on = run.data.fingerprints.get("val")
    if judged_on is None or found.images.fingerprint != judged_on:
        raise Unusable(f"{name} is of other images than the run")
    return found


def read_history(path):
    """The rows of history.csv, as dictionaries of numbers.

    Raises:
        Unusable: if it is missing, has no epoch, lacks a number or does not
            count its epochs from 0.
    """
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            rows = [
                # An empty cell is of a column that is newer than its row.
                {key: value for key, value in row.items() if value != ""}
                for row in csv.DictReader(file, restkey="further")
            ]
    except FileNotFoundError:
        rows = []
    except (OSError, ValueError, csv.Error):
        raise Unusable("history.csv is damaged") from None
    if not rows:
        raise Unusable("history.csv is missing or has no epoch")
    try:
        found = [
            row.model_dump(exclude_none=True)
            for row in _History.validate_python(rows)
        ]
    except ValidationError as error:
        place, *field = error.errors()[0]["loc"]
        epoch = rows[place].get("epoch")
        raise Unusable(
            f"history.csv has no number for {'.'.join(map(str, field))} in "
            f"epoch {epoch}: {describe(error)}"
        ) from None
    if [row["epoch"] for row in found] != list(range(len(found))):
        raise Unusable("history.csv does not count its epochs 0, 1, 2, ...")
    return found
