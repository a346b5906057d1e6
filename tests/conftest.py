"""Shared by all tests: quiet TensorFlow, and where the real data is."""

import importlib.util
import os
import signal
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
# As main.py sets it: without it training is several times slower.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import pytest

# A shell has commands in the background ignore it, and their children do, too.
signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def data_dir():
    """The folder with the real images; tests skip where it is absent."""
    given = os.environ.get("AUGMENT_TF_TEST_DATA")
    folder = Path(given) if given else ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(
            f"no real images: {folder} does not exist; set "
            "AUGMENT_TF_TEST_DATA to the folder with tiny-imagenet-mini.zip"
        )
    return folder


@pytest.fixture(scope="session")
def load_script():
    """Loads a script that is no module of a package, such as a benchmark.

    Args of the function: its path below the project's folder.
    """

    def load(path):
        name = Path(path).stem
        spec = importlib.util.spec_from_file_location(name, ROOT / path)
        # Dataclasses and processes look for their module.
        sys.modules[name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


# The longest files begin first, so that no process of `make test` has one to
# itself in the end.
LONGEST = (
    "ray_launcher/test_launch.py",
    "runtime/test_workers.py",
    "scenarios/test_newcomer.py",
    "docs/test_tutorials.py",
    "training/test_distribution.py",
    "augment_tf/test_contract.py",
    "training/test_run.py",
    "training/test_jobs.py",
    "training/test_reproducibility.py",
    "training/test_options.py",
    "tests/test_main.py",
    "scenarios/test_drawn_studies.py",
)


def pytest_collection_modifyitems(items):
    def place(item):
        file = item.path.as_posix()
        return [not file.endswith(each) for each in LONGEST]

    items.sort(key=place)
