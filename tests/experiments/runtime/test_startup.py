"""A user's settings of Keras change no run, and a line names them."""

import json
import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.runtime import startup

ROOT = Path(__file__).parents[3]
SHOW = """
from experiments.runtime import startup
from experiments.runtime.startup import start_tensorflow
start_tensorflow()
import keras
from keras.src.backend import config
print(keras.backend.backend(), keras.config.floatx(), keras.config.epsilon(),
      keras.config.image_data_format(), keras.config.dtype_policy().name,
      config.max_epochs(), config.max_steps_per_epoch())
"""
NORMAL = "tensorflow float32 1e-07 channels_last float32 None None"


def started(home, **variables):
    """The lines that a start prints, the last one with Keras's settings."""
    environment = {k: v for k, v in os.environ.items() if "KERAS" not in k}
    done = subprocess.run(
        [sys.executable, "-c", SHOW],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=environment | {"HOME": str(home)} | variables,
    )
    assert done.returncode == 0, done.stderr
    # On a busy machine even importing is announced.
    lines = done.stdout.splitlines()
    return [line for line in lines if line != "  importing TensorFlow ..."]


@pytest.mark.parametrize("settings", [None, "{"])
def test_nothing_is_printed_if_nothing_is_overridden(
    tmp_path, monkeypatch, capsys, settings
):
    path = tmp_path / ".keras" / "keras.json"
    if settings is not None:
        path.parent.mkdir()
        path.write_text(settings)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KERAS_HOME", "")
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    startup._override_keras_settings()
    assert capsys.readouterr().out == ""
    assert os.environ["KERAS_HOME"].endswith("keras_home")
    assert path.exists() == (settings is not None)


def test_settings_in_the_users_home(tmp_path):
    path = tmp_path / ".keras" / "keras.json"
    path.parent.mkdir()
    # Keras itself would not start with these.
    settings = (
        '{"floatx": "float8", "image_data_format": "channels_first", '
        '"epsilon": 0.001, "backend": "torch"}'
    )
    path.write_text(settings)
    note, found = started(tmp_path)
    assert found == NORMAL
    assert (
        f"not used here: floatx in {path}=float8, image_data_format in "
        f"{path}=channels_first, epsilon in {path}=0.001, backend in "
        f"{path}=torch;"
    ) in note
    assert path.read_text() == settings


def test_variables(tmp_path):
    home = tmp_path / "elsewhere"
    home.mkdir()
    (home / "keras.json").write_text(json.dumps({"floatx": "float64"}))
    note, found = started(
        tmp_path,
        KERAS_HOME=str(home),
        KERAS_BACKEND="jax",
        KERAS_MAX_EPOCHS="1",
        KERAS_MAX_STEPS_PER_EPOCH="2",
        TF_USE_LEGACY_KERAS="1",
    )
    assert found == NORMAL
    for part in (
        "KERAS_BACKEND=jax",
        "KERAS_MAX_EPOCHS=1",
        "KERAS_MAX_STEPS_PER_EPOCH=2",
        "TF_USE_LEGACY_KERAS=1",
        f"floatx in {home}/keras.json=float64",
    ):
        assert part in note


def test_a_user_without_a_home_is_no_error(monkeypatch):
    """As in a container: no HOME, and no entry for the user's number."""

    def find_nobody(number):
        raise KeyError(number)

    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setenv("KERAS_HOME", "")
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    monkeypatch.setattr(pwd, "getpwuid", find_nobody)
    startup._override_keras_settings()
    assert os.environ["KERAS_HOME"].endswith("keras_home")


def test_names_are_utf8_in_every_locale(tmp_path):
    """The names of data, of runs and of the screen are the same ones."""
    done = subprocess.run(
        [sys.executable, "main.py", f"--report={tmp_path / 'кошки'}"],
        cwd=ROOT,
        capture_output=True,
        env=os.environ
        | {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    )
    assert done.returncode == 2
    assert f"no runs in {tmp_path / 'кошки'}" in done.stderr.decode()
