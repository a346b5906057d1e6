"""The wheel that `pip install .` makes: the library, and nothing else."""

import importlib.util
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import augment_tf

ROOT = Path(__file__).parents[2]
FILES = ("pyproject.toml", "README.md", "LICENSE")
FOLDERS = ("augment_tf", "models", "pipelines", "experiments", "tests")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from a copy, as setuptools leaves folders behind."""
    for package in ("setuptools", "wheel"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"no wheel without a network: {package} is missing")
    source, built = (tmp_path_factory.mktemp(name) for name in ("a", "b"))
    for name in FILES:
        shutil.copy(ROOT / name, source)
    for name in FOLDERS:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, source / name, ignore=ignored)
    options = ("--no-deps", "--no-build-isolation", "--no-index", "--quiet")
    command = [sys.executable, "-m", "pip", "wheel", *options]
    subprocess.run([*command, "-w", built, source], check=True)
    (path,) = built.iterdir()
    return zipfile.ZipFile(path)


def test_the_wheel_holds_the_library_alone(wheel):
    names = [name for name in wheel.namelist() if "dist-info" not in name]
    expected = (ROOT / "augment_tf").rglob("*.py")
    expected = [str(path.relative_to(ROOT)) for path in expected]
    assert sorted(names) == sorted([*expected, "augment_tf/py.typed"])


def test_the_wheel_knows_its_version_and_needs_keras_and_tensorflow(wheel):
    (name,) = (n for n in wheel.namelist() if n.endswith("METADATA"))
    lines = wheel.read(name).decode().splitlines()
    assert f"Version: {augment_tf.__version__}" in lines
    needed = [line for line in lines if line.startswith("Requires-Dist")]
    packages = [line.split(": ")[1].split(">=")[0] for line in needed]
    assert packages == ["keras", "tensorflow"]
