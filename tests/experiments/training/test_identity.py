"""A run is identified by its config, its images and its environment."""

from dataclasses import replace

import numpy as np
import PIL.Image
import pytest
import tensorflow as tf

from experiments.errors import ConfigError
from experiments.run_folder import RunFolder
from experiments.runtime import machine
from experiments.runtime.environment import (
    list_environment_changes,
    record_environment,
    resolve_environment,
)
from experiments.runtime.workers import Worker
from experiments.training.spec import check_same_run
from tests.experiments.training.short_runs import (
    killed_after,
    make_spec,
    train,
)


@pytest.fixture(scope="module")
def pets(tiny):
    """Two epochs of four steps on eight photographs."""
    data = replace(
        tiny.data,
        name="catsdogs",
        val="test",
        batch_size=2,
        limit_train=None,
        limit_val=None,
    )
    return replace(tiny, data=data, augment=())


@pytest.fixture
def make_photographs(tmp_path):
    """Function that writes bitmaps, all of one size, into a new folder."""

    def make(name, first=0):
        for label in ("cats", "dogs"):
            for number in range(5):
                seed = [label == "dogs", first + number]
                pixels = np.random.default_rng(seed).integers(
                    0, 256, (20, 20, 3), np.uint8
                )
                path = tmp_path / name / label / f"{number}.bmp"
                path.parent.mkdir(parents=True, exist_ok=True)
                PIL.Image.fromarray(pixels).save(path)
        return tmp_path / name

    return make


def files_of(folder):
    return {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_run_goes_on_and_ends_with_its_images_alone(
    pets, make_photographs, tmp_path, capsys
):
    """Images of the same names and sizes are refused, wherever they are."""
    first, second = make_photographs("first"), make_photographs("second", 100)
    with killed_after(step=5):
        train(pets, tmp_path / "runs", data_dir=first)
    for options in ({}, {"allow_moved": True}):
        with pytest.raises(ConfigError, match="another data set: train is "):
            train(pets, tmp_path / "runs", data_dir=second, **options)
    capsys.readouterr()
    folder = train(pets, tmp_path / "runs", data_dir=first)
    assert "resuming after step 4" in capsys.readouterr().out
    assert folder.read_json("environment.json")["earlier_parts"] == []
    before = files_of(folder.path)
    train(pets, tmp_path / "runs", data_dir=make_photographs("copy"))
    assert "finished already" in capsys.readouterr().out
    with pytest.raises(ConfigError) as caught:
        train(pets, tmp_path / "runs", data_dir=second)
    assert str(caught.value).startswith(
        f"{folder.path} was made with another data set: train is "
    )
    # An image that was prepared is changed by another program.
    (image,) = (first / "split_data" / "test" / "cats").iterdir()
    PIL.Image.new("RGB", (20, 20)).save(image)
    with pytest.raises(ConfigError, match="another data set: val is "):
        train(pets, tmp_path / "runs", data_dir=first)
    assert files_of(folder.path) == before


def test_killed_run_goes_on_in_another_environment_if_allowed(
    tiny, tmp_path, capsys
):
    """To mixed precision, whose optimizer has more variables, and back."""
    tiny = replace(tiny, epochs=3, augment=())
    mixed = replace(
        tiny,
        precision="mixed_float16",
        data=replace(tiny.data, augment_on="device"),
    )
    with killed_after(step=5):
        train(tiny, tmp_path)
    with pytest.raises(ConfigError, match="augment_on is 'host' .*allow_moved"):
        train(mixed, tmp_path)
    with killed_after(step=9):
        train(mixed, tmp_path, allow_moved=True)
    assert "resuming after step 4" in capsys.readouterr().out
    with pytest.raises(ConfigError, match="augment_on is 'device' there"):
        train(tiny, tmp_path)
    folder = train(tiny, tmp_path, allow_moved=True)
    assert "resuming after step 8" in capsys.readouterr().out
    environment = folder.read_json("environment.json")
    parts = [*environment["earlier_parts"], environment]
    assert [
        (p["first_step"], p["precision"], p["augment_on"]) for p in parts
    ] == [
        (0, "float32", "host"),
        (4, "mixed_float16", "device"),
        (8, "float32", "host"),
    ]
    assert all(p["devices"] and p["packages"] for p in parts)
    assert len(folder.history()) == 3
    assert folder.read_json("config.json")["precision"] == "auto"
    # It is finished, and its config stays.
    with pytest.raises(
        ConfigError, match="augment_on is 'host' there"
    ) as caught:
        train(mixed, tmp_path, allow_moved=True)
    assert "allow_moved" not in str(caught.value)


@pytest.fixture(scope="module")
def environment(tiny):
    return resolve_environment(tiny, tf.distribute.get_strategy())


def test_automatic_values_are_recorded_as_resolved(environment):
    assert environment["precision"] == "float32"
    assert environment["threads"] >= 1
    assert environment["workers"] == 1
    assert environment["processor"]
    assert environment["packages"]["tensorflow"] == tf.__version__


OTHERS = {
    "precision": ("mixed_bfloat16", "precision=mixed_bfloat16, and this is"),
    "workers": (2, "workers=2, and this is workers=1"),
    "replicas": (8, "replicas=8, and this is replicas=1"),
    "device": ("TPU", "device=TPU, and this is device="),
    "accelerator": ("A100", "accelerator=A100, and this is accelerator="),
    "processor": ("i486", "processor=i486, and this is processor="),
    "augment_on": ("device", "augment_on=device, and this is"),
    "jit_compile": (True, "jit_compile=True, and this is"),
    "onednn": ("-1", "TF_ENABLE_ONEDNN_OPTS=-1, and this is"),
    "threads": (64, "threads=64, and this is threads="),
    "packages": ({"tensorflow": "1.0"}, "packages.tensorflow=1.0, and"),
}


def test_every_field_of_an_environment_is_tried(environment):
    assert set(OTHERS) == set(environment)


@pytest.mark.parametrize("field", OTHERS)
def test_another_environment_is_refused(tiny, tmp_path, environment, field):
    """The same folder on another machine."""
    spec = make_spec(tiny, tmp_path)
    folder = spec.folder
    check_same_run(spec)
    record_environment(folder, environment, 0, [])
    check_same_run(spec)
    there, message = OTHERS[field]
    if field == "packages":
        there = environment[field] | there
    begun = folder.read_json("environment.json") | {field: there}
    folder.write_json("environment.json", begun)
    with pytest.raises(ConfigError) as caught:
        check_same_run(spec)
    assert message in str(caught.value)
    assert "--allow_moved" in str(caught.value)
    assert "\n" not in str(caught.value)
    # Nothing is left to train, or it is allowed.
    check_same_run(spec, finished=True)
    check_same_run(replace(spec, allow_moved=True))
    assert folder.read_json("environment.json") == begun
    record_environment(folder, environment, 4, [])
    moved = folder.read_json("environment.json")
    del begun["earlier_parts"], begun["notes"]
    assert moved["earlier_parts"] == [begun]
    assert (begun["first_step"], moved["first_step"]) == (0, 4)
    assert moved[field] == environment[field]
    # Killed before its first checkpoint, that part has left nothing.
    record_environment(folder, environment, 0, [])
    again = folder.read_json("environment.json")
    assert (again["earlier_parts"], again["first_step"]) == ([], 0)


def test_all_changes_are_named_in_one_line(tiny, tmp_path, environment):
    spec = make_spec(tiny, tmp_path)
    begun = environment | {"threads": 64, "processor": "i486"}
    record_environment(spec.folder, begun, 0, [])
    with pytest.raises(ConfigError) as caught:
        check_same_run(spec)
    threads, processor = environment["threads"], environment["processor"]
    assert (
        "begun with processor=i486, threads=64, and this is "
        f"processor={processor}, threads={threads}, which changes"
    ) in str(caught.value)


def test_other_workers_may_have_another_processor(tmp_path, environment):
    folder = RunFolder(tmp_path)
    begun = environment | {"threads": 64, "processor": "i486"}
    record_environment(folder, begun, 0, [])
    fields = [
        [
            field
            for field, *_ in list_environment_changes(
                folder, environment, Worker(index, 2)
            )
        ]
        for index in range(2)
    ]
    assert fields == [["processor", "threads"], ["threads"]]


def test_another_revision_is_noted_and_not_refused(
    tiny, tmp_path, environment, monkeypatch
):
    spec = make_spec(tiny, tmp_path)
    answers = {"rev-parse": "1" * 40, "status": ""}
    monkeypatch.setattr(machine, "_git", lambda command, *_: answers[command])

    def record(step):
        note = record_environment(spec.folder, environment, step, [])
        content = spec.folder.read_json("environment.json")
        parts = [*content["earlier_parts"], content]
        return note, [(p["first_step"], p["git_revision"][0]) for p in parts]

    assert record(0) == (None, [(0, "1")])
    assert record(4) == (None, [(0, "1")])
    answers |= {"rev-parse": "2" * 40, "status": " M main.py"}
    check_same_run(spec)
    assert record(8) == (
        "goes on with revision 2222222222 with local changes after revision "
        "1111111111",
        [(0, "1"), (8, "2")],
    )
    assert record(12) == (None, [(0, "1"), (8, "2")])


def test_a_damaged_record_of_the_images_is_another_run(tiny, tmp_path):
    folder = RunFolder(tmp_path)
    folder.check_data({"data_set": "1", "train": "2", "val": "3"})
    folder.write_json("data.json", {"name": "shapes"})
    with pytest.raises(ConfigError, match="train is None there and '2' here"):
        folder.check_data({"data_set": "1", "train": "2", "val": "3"})
