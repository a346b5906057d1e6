"""What a folder tells a tool, in the flat form that tools have for it."""

from typing import NamedTuple

from experiments.configs.schema import Layer

# Of a finished run; the rest is large, or what the program itself goes on from.
_FILES = (
    "config.json",
    "data.json",
    "environment.json",
    "history.csv",
    "metrics.json",
    "plots/*",
)


class Record(NamedTuple):
    """What a run of a tool is called, and what it is about.

    Attributes:
        title: Such as "demo_salmix, seed 0".
        group: What belongs together: an arm, or the report of a study.
        settings: {field: value} of the config, as `--set` names fields, with
            the seed; the layers in one line.
        surroundings: {name: value} of environment.json.
    """

    title: str
    group: str
    settings: dict
    surroundings: dict


def record_of(folder):
    """The `Record` of a `RunFolder`, which has config.json."""
    config = folder.read_json("config.json")
    layers = [str(Layer(**each)) for each in config["augment"]]
    return Record(
        title=f"{config['name']}, seed {config['seed']}",
        group=config["name"],
        settings=flat(config | {"augment": " + ".join(layers) or "none"}),
        surroundings=flat(folder.read_json("environment.json") or {}),
    )


def results_of(folder):
    """{name: number} of metrics.json, such as "final.val_accuracy"."""
    return {
        name: value
        for name, value in flat(folder.metrics() or {}).items()
        if isinstance(value, int | float)
    }


def files_of(folder):
    """Names of the files of a finished run that say what came of it."""
    return sorted(
        str(path.relative_to(folder.path))
        for name in _FILES
        for path in folder.path.glob(name)
    )


def flat(content, before=""):
    """Nested dictionaries as one.

    Example:

    >>> from experiments.tracking.record import flat
    >>> flat({"epochs": 2, "data": {"name": "shapes"}})
    {'epochs': 2, 'data.name': 'shapes'}
    """
    found = {}
    for key, value in content.items():
        if isinstance(value, dict):
            found |= flat(value, f"{before}{key}.")
        else:
            found[f"{before}{key}"] = value
    return found
