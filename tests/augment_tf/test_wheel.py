"""Wheel and source distribution: the library, and nothing else."""

import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from importlib.metadata import version
from pathlib import Path

import keras
import numpy as np
import pytest

import augment_tf

ROOT = Path(__file__).parents[2]
FILES = ("pyproject.toml", "MANIFEST.in", "README.md", "LICENSE")
FOLDERS = ("augment_tf", "models", "pipelines", "experiments", "tests")
SAVE_AND_LOAD = """
import sys
import augment_tf
import keras
import numpy as np

layer = augment_tf.GridMask(rotation=30, seed=1)
model = keras.Sequential([keras.Input((8, 8, 3)), layer])
model.save(sys.argv[1])
model = keras.models.load_model(sys.argv[1])
np.save(sys.argv[2], model(np.full((2, 8, 8, 3), 255.0), training=True))
print(augment_tf.__file__)
"""


@pytest.fixture(scope="module")
def distributions(tmp_path_factory):
    """Folder with a source distribution, and a wheel made of it.

    Made of a copy, as setuptools leaves folders behind.
    """
    for package in ("build", "twine"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is missing: install requirements-dev.txt")
    if int(version("setuptools").split(".")[0]) < 77:
        pytest.skip("setuptools is older than 77: install requirements-dev.txt")
    source, built = (tmp_path_factory.mktemp(name) for name in ("a", "b"))
    for name in FILES:
        shutil.copy(ROOT / name, source)
    for name in FOLDERS:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, source / name, ignore=ignored)
    options = ("--no-isolation", "--outdir", built, source)
    subprocess.run(
        [sys.executable, "-m", "build", *options],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return built


@pytest.fixture
def wheel(distributions):
    (path,) = distributions.glob("*.whl")
    return path


@pytest.fixture
def metadata(wheel):
    with zipfile.ZipFile(wheel) as file:
        (name,) = (n for n in file.namelist() if n.endswith("METADATA"))
        return file.read(name).decode()


def test_they_hold_the_library_alone(distributions, wheel):
    expected = (ROOT / "augment_tf").rglob("*.py")
    expected = [str(path.relative_to(ROOT)) for path in expected]
    expected = sorted([*expected, "augment_tf/py.typed"])
    names = zipfile.ZipFile(wheel).namelist()
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert sorted(name for name in names if "dist-info" not in name) == expected
    (path,) = distributions.glob("*.tar.gz")
    with tarfile.open(path) as file:
        names = {name.partition("/")[2] for name in file.getnames()}
    assert {*expected, "LICENSE", "augment_tf/README.md"} <= names
    assert not {*FOLDERS[1:]} & {name.split("/")[0] for name in names}


def test_the_wheel_knows_its_version_and_what_it_needs(metadata):
    header = metadata.partition("\n\n")[0].splitlines()
    assert f"Version: {augment_tf.__version__}" in header
    assert "License-Expression: Apache-2.0" in header
    assert "Requires-Python: >=3.11" in header
    needed = [line for line in header if line.startswith("Requires-Dist")]
    packages = [line.split(": ")[1].split(">=")[0] for line in needed]
    assert packages == ["keras", "tensorflow", "opencv-contrib-python-headless"]
    assert needed[-1].endswith('extra == "opencv"')


def test_an_index_takes_them(distributions):
    command = [sys.executable, "-m", "twine", "check", "--strict"]
    subprocess.run([*command, *distributions.iterdir()], check=True)


def test_an_installed_wheel_saves_and_loads_a_model(wheel, tmp_path):
    """Installed beside the packages of this environment: no downloads."""
    site = tmp_path / "site"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    options = ["--no-index", "--disable-pip-version-check", "--target", site]
    subprocess.run([*command, *options, wheel], check=True)
    model, images = tmp_path / "model.keras", tmp_path / "images.npy"
    printed = subprocess.run(
        [sys.executable, "-c", SAVE_AND_LOAD, model, images],
        check=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(site)},
        text=True,
        stdout=subprocess.PIPE,
    ).stdout
    assert Path(printed.strip()).parent == site / "augment_tf"
    loaded = keras.models.load_model(model)
    white = np.full((2, 8, 8, 3), 255.0)
    np.testing.assert_array_equal(loaded(white, training=True), np.load(images))
