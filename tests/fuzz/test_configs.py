"""Random settings: taken as they are given, or refused before anything."""

import ast
import dataclasses
import datetime
import io
import itertools
import json
import os
import shutil
import types
import typing
from typing import Literal

import numpy as np
import PIL.Image
import pytest
from annotated_types import Ge, Gt, Le, Lt
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from experiments.configs.schema import Experiment

# As many fixed cases as of the day's seed. A failure repeats with the seed that
# it prints: AUGMENT_TF_FUZZ_SEED=N pytest tests/fuzz/test_configs.py
EXAMPLES = 60
SEED = int(
    os.environ.get("AUGMENT_TF_FUZZ_SEED")
    or datetime.date.today().strftime("%Y%m%d")
)
CLASSES = ("cats", "dogs", "50% of $A_\u732b")
# Of each class; a fifth is drawn for test.
EACH = 10
JUNK = (
    *("", " ", "x", "nan", "inf", "-inf", "1e999", "[1]", "{}", "{[]: 1}"),
    *("true", "False", "9" * 400, "1__0", "(" * 300, "1\n2", "'", "\u732b"),
    *("lambda: 0", "__import__('os')", "1,2", "None", "none", "-0.0", "1j"),
)
# Values that the images decide upon.
STRINGS = {
    "data.name": ("image_folder",) * 8 + ("catsdogs", "photos"),
    "data.train": ("train", "all", "train_aug", "holdout"),
    "data.val": ("test", "validation", "all", "occluded"),
    "data.selection": ("none", "test", "train", "nothing"),
    "data.labels": ("none", "folders", "folders", "labels.csv", "0.png:1"),
    "model.initializer": ("he_normal", "glorot_uniform", "identity", "x"),
    "model.head_initializer": ("zeros", "he_normal", "orthogonal", "1"),
    "model.head_bias_initializer": ("zeros", "linear_uniform", "y"),
    "positive_class": ("none", *CLASSES, "birds"),
    "published": ("none", "catsdogs_original", "nobody"),
}


class Setting(typing.NamedTuple):
    """A `--set`; `right`: it must be taken. None: that depends on the rest."""

    field: str
    text: str
    right: bool | None


def list_fields(config, prefix=""):
    """(name, type with its range) of all fields below a config's class."""
    hints = typing.get_type_hints(config, include_extras=True)
    for field in dataclasses.fields(config):
        kind = hints[field.name]
        if dataclasses.is_dataclass(kind):
            yield from list_fields(kind, f"{prefix}{field.name}.")
        elif field.name not in ("name", "summary") or prefix == "data.":
            yield prefix + field.name, kind


def draw_texts(kind):
    """Strategy of (text, True if a field of this kind takes it)."""
    if typing.get_origin(kind) in (types.UnionType, typing.Union):
        first, second = typing.get_args(kind)
        if typing.get_origin(second) is Literal:
            words = st.sampled_from(typing.get_args(second))
            return draw_texts(first) | words.map(lambda text: (text, True))
        (kind,) = (k for k in (first, second) if k is not type(None))
        none = st.tuples(st.sampled_from(("none", "None")), st.just(True))
        rest = draw_texts(kind).filter(lambda pair: pair[0].lower() != "none")
        return none | rest
    if typing.get_origin(kind) is Literal:
        options = typing.get_args(kind)
        return st.sampled_from(options).map(lambda text: (text, True)) | junk()
    if typing.get_origin(kind) is tuple:
        each = [draw_texts(part) for part in typing.get_args(kind)]
        return st.tuples(*each).map(
            lambda pairs: (
                ",".join(text for text, _ in pairs),
                all(right for _, right in pairs) or None,
            )
        )
    if kind is bool:
        right = st.sampled_from(("true", "False"))
        wrong = st.sampled_from(("1", "0", "yes", "", "[]", "none"))
        return right.map(lambda t: (t, True)) | wrong.map(lambda t: (t, False))
    return numbers(*typing.get_args(kind))


def junk():
    return st.sampled_from(JUNK).map(lambda text: (text, False))


def numbers(base, *limits):
    """Draws numbers below, at, in and above the range."""
    bounds = {type(limit): dataclasses.astuple(limit)[0] for limit in limits}
    low, high = (
        bounds.get(Ge, bounds.get(Gt)),
        bounds.get(Le, bounds.get(Lt)),
    )
    step = 1 if base is int else max(abs(high), 1) * 1e-6
    inside = (low, high)
    if base is float:
        inside = (low + (Gt in bounds) * step, high - (Lt in bounds) * step)
    right = [*inside, inside[0] + (1 if base is int else step)]
    wrong = [low - step, high + step, high * 10, -high * 2]
    wrong += [low] if Gt in bounds else []
    wrong += [high] if Lt in bounds else []
    wrong += ["2.5"] if base is int else []
    texts = junk().filter(lambda pair: pair[0] != "-0.0")
    few = st.integers(1, 40).filter(lambda n: inside[0] <= n <= inside[1])
    known = [(value, True) for value in right]
    known += [(value, False) for value in wrong]
    return (
        st.sampled_from(known).map(lambda pair: (str(pair[0]), pair[1]))
        | (few.map(lambda n: (str(n), True)) if inside[1] >= 1 else texts)
        | texts
    )


FIELDS = {
    field: kind
    for field, kind in list_fields(Experiment)
    if field not in ("augment", "data.offline")
}


@st.composite
def assignments(draw):
    field = draw(st.sampled_from(sorted(FIELDS)))
    if field in STRINGS:
        return Setting(field, draw(st.sampled_from(STRINGS[field])), None)
    return Setting(field, *draw(draw_texts(FIELDS[field])))


LAYERS = st.sampled_from(
    [
        Setting("augment.RandomErasing.probability", "0.25", True),
        Setting("augment.RandomErasing.probability", "1.5", False),
        Setting("augment.RandomErasing.probability", "nan", False),
        Setting("augment.RandomErasing.scale", "(0.5, 0.1)", False),
        Setting("augment.RandomErasing.scale", "[0.02, 0.1]", True),
        Setting("augment.RandomErasing.ratio", "{}", False),
        Setting("augment.RandomErasing.count", "0", False),
        Setting("augment.RandomErasing.fill", "noise", True),
        Setting("augment.RandomErasing.fill", "plaid", False),
        Setting("augment.RandomErasing.size", "3", False),
        Setting("augment.Erasing.scale", "3", False),
        Setting("augment", "none", False),
        Setting("augment.RandomErasing", "none", False),
    ]
)
WRONG_FIELDS = st.sampled_from(
    [
        Setting("data.batchsize", "3", False),
        Setting("optimizer", "sgd", False),
        Setting("epochs.more", "3", False),
        Setting("data.offline.count", "3", False),
        Setting("name", "mine", False),
        Setting("", "", False),
        Setting("__class__", "int", False),
    ]
)
FLAGS = st.lists(
    st.sampled_from(
        [
            ("--seed=0", True),
            (f"--seed={2**63 - 1}", True),
            (f"--seed={2**63}", False),
            ("--seed=-1", False),
            ("--seed=x", False),
            ("--seed=", False),
            ("--strategy=default", True),
            ("--strategy=many", False),
            ("--on_bad_image=skip", True),
            ("--on_bad_image=", False),
            ("--allow_overlap", True),
            ("--set=epochs", False),
            ("--sett=epochs=1", False),
            ("more", False),
            ("--plan", False),
            ("--study=demo", False),
            ("--data_dir=$NOT_SET_ANYWHERE", False),
        ]
    ),
    max_size=1,
)


@pytest.fixture(scope="module")
def place(tmp_path_factory, command_line):
    """A folder with images that are prepared, so that settings alone matter."""
    base = tmp_path_factory.mktemp("fuzz")
    seeds = itertools.count()
    for name in CLASSES:
        (base / "data" / name).mkdir(parents=True)
        for number in range(EACH):
            pixels = np.random.default_rng(next(seeds)).integers(
                0, 256, (9, 8, 3), np.uint8
            )
            buffer = io.BytesIO()
            PIL.Image.fromarray(pixels).save(buffer, "PNG")
            path = base / "data" / name / f"{number}.png"
            path.write_bytes(buffer.getvalue())
    for copy in ("false", "true"):
        done = command_line(
            "--prepare=image_folder",
            f"--data_dir={base / 'data'}",
            f"--set=data.copy={copy}",
        )
        assert done.code == 0
    return base


COMMANDS = given(
    chosen=st.lists(
        assignments() | assignments() | LAYERS | WRONG_FIELDS,
        max_size=3,
        unique_by=lambda each: each.field,
    ),
    given_flags=st.just([]) | st.just([]) | FLAGS,
)
OPTIONS = {
    "max_examples": EXAMPLES,
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
}


@settings(derandomize=True, **OPTIONS)
@COMMANDS
def test_any_settings_are_taken_or_refused(
    chosen, given_flags, place, command_line, snapshot
):
    check_command(chosen, given_flags, place, command_line, snapshot)


@seed(SEED)
@settings(database=None, **OPTIONS)
@COMMANDS
def test_settings_of_the_day_are_taken_or_refused(
    chosen, given_flags, place, command_line, snapshot
):
    print(f"AUGMENT_TF_FUZZ_SEED={SEED}")
    check_command(chosen, given_flags, place, command_line, snapshot)


def check_command(chosen, given_flags, place, command_line, snapshot):
    """Runs one command; it is done, or refused and leaves no trace."""
    layers = any(each.field.startswith("augment.Random") for each in chosen)
    if layers:
        # Tried on images of this size, which takes its time.
        chosen = [each for each in chosen if "_size" not in each.field]
    arm = "demo_random_erase" if layers else "demo_baseline"
    before = kept(snapshot(place))
    base = ["data.name=image_folder", "data.val=test", "data.batch_size=8"]
    outcome = command_line(
        f"--experiment={arm}",
        f"--data_dir={place / 'data'}",
        f"--workdir={place / 'runs'}",
        *(f"--set={setting}" for setting in base),
        *(f"--set={each.field}={each.text}" for each in chosen),
        *(flag for flag, _ in given_flags),
    )
    try:
        wrong = [each for each in chosen if each.right is False]
        wrong += [flag for flag, right in given_flags if not right]
        if wrong:
            assert outcome.code == 2, wrong
        if outcome.code == 2:
            assert kept(snapshot(place)) == before
        else:
            (folder,) = (place / "runs" / arm).iterdir()
            check_run(folder, chosen)
    finally:
        shutil.rmtree(place / "runs", ignore_errors=True)
        shutil.rmtree(place / "data_prepared" / "cache", ignore_errors=True)


def kept(files):
    """Drops decoded images, which serve every config."""
    return {
        name: content
        for name, content in files.items()
        if not name.startswith("data_prepared/cache")
    }


def check_run(folder, chosen):
    """Checks that a run has the settings and the images they ask for."""
    config = json.loads((folder / "config.json").read_text())
    for setting in chosen:
        if setting.right and not setting.field.startswith("augment"):
            value = config
            for key in setting.field.split("."):
                value = value[key]
            assert value == parse(setting.text), setting
    data, record = (
        config["data"],
        json.loads((folder / "data.json").read_text()),
    )
    if data["name"] != "image_folder" or data["folds"] is not None:
        return
    images = {"train": 8, "test": 2, "validation": 2, "all": 10}
    for split, limit in (
        ("train", data["limit_train"]),
        ("val", data["limit_val"]),
    ):
        there = images[data[split]] * len(record["class_names"])
        counts = record["splits"][data[split]]
        if data["val"] != data["train"]:
            assert sum(counts.values()) == min(limit or there, there)
            assert max(counts.values()) - min(counts.values()) <= 1
    few = data.get("classes") or len(CLASSES)
    assert len(record["class_names"]) == few
    assert set(record["class_names"]) <= set(CLASSES)
    used = sum(record["splits"][data["train"]].values())
    whole, rest = divmod(used, data["batch_size"])
    if data["steps_per_epoch"] is not None:
        assert record["steps_per_epoch"] == data["steps_per_epoch"]
    elif data["val"] != data["train"]:
        more = rest > 0 and not data["drop_remainder"]
        assert record["steps_per_epoch"] == whole + more


def parse(text):
    words = {"true": True, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
    return list(value) if isinstance(value, tuple) else value
