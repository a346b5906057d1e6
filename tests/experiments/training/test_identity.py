"""A run is its config, its images, and what else changes its numbers."""

from dataclasses import replace

import numpy as np
import PIL.Image
import pytest
import tensorflow as tf

from experiments.errors import ConfigError
from experiments.run_folder import RunFolder
from experiments.runtime.environment import (
    check_same_numbers,
    environment,
    surroundings,
)
from experiments.training import callbacks
from experiments.training.run import run
from pipelines.location import Location


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


class Killed(BaseException):
    pass


@pytest.fixture
def kill_after(monkeypatch):
    """Function that trains until an epoch is done, and then no further."""

    def train_until(epoch, *arguments, **options):
        finish_epoch = callbacks.Checkpoints.on_epoch_end

        def die(self, done, logs=None):
            finish_epoch(self, done, logs)
            if done == epoch:
                raise Killed

        with monkeypatch.context() as patch:
            patch.setattr(callbacks.Checkpoints, "on_epoch_end", die)
            with pytest.raises(Killed):
                train(*arguments, **options)

    return train_until


def train(experiment, workdir, data_dir="unused", strategy=None, **options):
    return run(
        experiment,
        seed=0,
        workdir=workdir,
        location=Location(data_dir),
        strategy=strategy or tf.distribute.get_strategy(),
        **options,
    )


def files_of(folder):
    return {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_finished_run_is_of_its_images_alone(
    pets, make_photographs, tmp_path, capsys
):
    """Not of others of the same names and sizes, wherever they are."""
    first = make_photographs("first")
    folder = train(pets, tmp_path / "runs", first)
    before = files_of(folder.path)
    train(pets, tmp_path / "runs", make_photographs("copy"))
    assert "finished already" in capsys.readouterr().out
    with pytest.raises(ConfigError) as caught:
        train(pets, tmp_path / "runs", make_photographs("second", 100))
    assert str(caught.value).startswith(
        f"{folder.path} was made with another data set: train is "
    )
    # What was prepared is changed behind the program's back.
    (image,) = (first / "split_data" / "test" / "cats").iterdir()
    PIL.Image.new("RGB", (20, 20)).save(image)
    with pytest.raises(ConfigError, match="another data set: val is "):
        train(pets, tmp_path / "runs", first)
    assert files_of(folder.path) == before


def test_what_was_prepared_from_other_images_is_not_used(
    pets, make_photographs, tmp_path
):
    first = make_photographs("first")
    train(pets, tmp_path / "runs", first)
    make_photographs("first", 100)
    with pytest.raises(Exception, match="not from what is in"):
        train(pets, tmp_path / "more", first)


def test_killed_run_goes_on_with_its_images_alone(
    pets, make_photographs, tmp_path, kill_after, capsys
):
    first, second = make_photographs("first"), make_photographs("second", 100)
    kill_after(0, pets, tmp_path / "runs", first)
    with pytest.raises(ConfigError, match="another data set: train is "):
        train(pets, tmp_path / "runs", second)
    with pytest.raises(ConfigError, match="another data set: train is "):
        train(pets, tmp_path / "runs", second, allow_moved=True)
    capsys.readouterr()
    folder = train(pets, tmp_path / "runs", first)
    assert "resuming after step 4" in capsys.readouterr().out
    assert folder.read_json("environment.json")["earlier_parts"] == []


def test_killed_run_goes_on_in_other_surroundings_if_allowed(
    tiny, tmp_path, kill_after, capsys
):
    """To mixed precision, whose optimizer has more variables, and back."""
    mixed = replace(
        tiny,
        precision="mixed_float16",
        data=replace(tiny.data, augment_on="device"),
    )
    long = {"epochs": 3}
    tiny, mixed = replace(tiny, **long), replace(mixed, **long)
    kill_after(0, tiny, tmp_path)
    with pytest.raises(ConfigError, match="augment_on is 'host' .*allow_moved"):
        train(mixed, tmp_path)
    kill_after(1, mixed, tmp_path, allow_moved=True)
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
    # It is finished, and what it is stays.
    with pytest.raises(
        ConfigError, match="augment_on is 'host' there"
    ) as caught:
        train(mixed, tmp_path, allow_moved=True)
    assert "allow_moved" not in str(caught.value)


OTHERS = {
    "precision": ("mixed_bfloat16", "precision=mixed_bfloat16, and this is"),
    "workers": (2, "workers=2, and this is workers=1"),
    "replicas": (8, "replicas=8, and this is replicas=1"),
    "device": ("TPU", "device=TPU, and this is device="),
    "augment_on": ("device", "augment_on=device, and this is"),
    "jit_compile": (True, "jit_compile=True, and this is"),
    "onednn": ("-1", "TF_ENABLE_ONEDNN_OPTS=-1, and this is"),
    "threads": (64, "threads=64, and this is threads="),
    "packages": ({"tensorflow": "1.0"}, "packages.tensorflow=1.0, and"),
}


def test_every_surrounding_is_tried(tiny):
    assert set(OTHERS) == set(surroundings(tiny, tf.distribute.get_strategy()))


@pytest.mark.parametrize("field", OTHERS)
def test_other_surroundings_are_refused(tiny, tmp_path, field):
    """As they would be on another machine."""
    here = surroundings(tiny, tf.distribute.get_strategy())
    folder = RunFolder(tmp_path)
    check_same_numbers(folder, here)
    folder.write_json("environment.json", environment(folder, here, 0))
    check_same_numbers(folder, here)
    there, message = OTHERS[field]
    if field == "packages":
        there = here[field] | there
    begun = folder.read_json("environment.json") | {field: there}
    folder.write_json("environment.json", begun)
    with pytest.raises(ConfigError) as caught:
        check_same_numbers(folder, here)
    assert message in str(caught.value)
    assert "--allow_moved" in str(caught.value)
    assert folder.read_json("environment.json") == begun
    moved = environment(folder, here, 4)
    del begun["earlier_parts"]
    assert moved["earlier_parts"] == [begun]
    assert (begun["first_step"], moved["first_step"]) == (0, 4)
    assert moved[field] == here[field]
    # Killed before its first checkpoint, that part has left nothing.
    again = environment(folder, here, 0)
    assert (again["earlier_parts"], again["first_step"]) == ([], 0)


def test_run_of_an_earlier_version_goes_on(tiny, tmp_path):
    """It has not written down all that it was made in."""
    folder = RunFolder(tmp_path)
    folder.write_json("environment.json", {"precision": "float32"})
    here = surroundings(tiny, tf.distribute.get_strategy())
    check_same_numbers(folder, here)
    assert environment(folder, here, 4)["earlier_parts"] == []
    folder.write_json("data.json", {"name": "shapes"})
    folder.check_data({"data_set": "1", "train": "2", "val": "3"})


def test_run_that_cannot_begin_leaves_nothing(tiny, tmp_path):
    """So that the command, once corrected, is not of another config."""
    wrong = replace(tiny, data=replace(tiny.data, batch_size=97))
    with pytest.raises(ConfigError, match="batch_size=97 is larger"):
        train(wrong, tmp_path / "runs")
    assert not (tmp_path / "runs").exists()
    train(tiny, tmp_path / "runs")
