"""Published results that stand beside the measured ones."""

import csv
import json
from pathlib import Path

import numpy as np

from experiments.errors import ConfigError
from experiments.report.judgements import Judgements

_FOLDER = Path(__file__).parent


def published_curve(name):
    """Rows with epoch, val_top1_error, val_top5_error, val_loss; or None."""
    path = _FOLDER / f"{name}.csv"
    if not path.is_file():
        return None
    with open(path, newline="") as file:
        return [
            {key: float(value) for key, value in row.items()}
            for row in csv.DictReader(file)
        ]


def published_judgements(name):
    """The published confusion matrix, image by image; or None.

    Which image is which was not published. The images of a class stand in
    the order of the class that was predicted, the right one first: so two
    published arms agree on as many images as their matrices allow, and
    differ as little as they can.
    """
    content = _content(name)
    if content is None:
        return None
    labels, predicted = [], []
    for label, row in enumerate(content["confusion"]):
        others = [index for index in range(len(row)) if index != label]
        for index in (label, *others):
            labels += [label] * row[index]
            predicted += [index] * row[index]
    return Judgements(
        class_names=tuple(content["class_names"]),
        positive_class=content["positive_class"],
        ids=np.array([f"{index:06}" for index in range(len(labels))]),
        labels=np.array(labels),
        predicted=np.array(predicted),
    )


def published_row(arm, name):
    """A row of the report's first table.

    Raises:
        ConfigError: if there is no such published result.
    """
    row = {"experiment": f"{arm}, as published", "seeds": 1}
    if rows := published_curve(name):
        last = rows[-1]
        best = min(row["val_top1_error"] for row in rows)
        return row | {
            "epochs": len(rows),
            "top-1 error %": f"{last['val_top1_error']:.2f}",
            "top-5 error %": f"{last['val_top5_error']:.2f}",
            "loss": f"{last['val_loss']:.3f}",
            "best top-1 error %": f"{best:.2f}",
        }
    if judgements := published_judgements(name):
        error = 100 * (1 - judgements.metrics["accuracy"])
        return row | {
            "epochs": _content(name)["epochs"],
            "top-1 error %": f"{error:.2f}",
            "top-5 error %": "n/a",
            "loss": "n/a",
            "best top-1 error %": "n/a",
        }
    raise ConfigError(
        f"published={name}: expected {name}.csv or {name}.json in {_FOLDER}, "
        "which is not there; set it to none."
    )


def _content(name):
    path = _FOLDER / f"{name}.json"
    return json.loads(path.read_text()) if path.is_file() else None
