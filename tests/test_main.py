"""The command line, as a user meets it: a process, its output, its code."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

ROOT = Path(__file__).parents[1]


def call(*arguments):
    return subprocess.run(
        [sys.executable, ROOT / "main.py", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def photographs(tmp_path):
    """Ten cats and ten dogs of noise."""
    random = np.random.default_rng(0)
    for name in ("cats", "dogs"):
        (tmp_path / "data" / name).mkdir(parents=True)
        for number in range(10):
            pixels = random.integers(0, 256, (40, 50, 3), "uint8")
            path = tmp_path / "data" / name / f"{number}.jpg"
            PIL.Image.fromarray(pixels).save(path)
    return tmp_path / "data"


def test_list_names_everything_without_tensorflow():
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, main; main.main(['main.py', '--list']);"
            "sys.exit('tensorflow' in sys.modules)",
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0
    assert "  catsdogs_fair_augly " in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--study=catdogs"], "There is no study 'catdogs'. Did you mean cats"),
        (["--study=demo", "--report=runs"], "Choose one of --study and --rep"),
        (["--on_bad_image=ignore"], "on_bad_image"),
        (["--augment_offline=demo"], "demo has no data.offline"),
        (["--prepare=cats_dogs", "--data_dir=no.zip"], "cannot read no.zip"),
    ],
)
def test_wrong_arguments_get_one_line_and_exit_code_2(arguments, message):
    done = call(*arguments)
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    assert lines[0].startswith("error: ")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_from_photographs_to_their_description(photographs, tmp_path):
    """Prepared with a seed, varied, described; nothing is done twice."""
    data = f"--data_dir={photographs}"
    done = call("--prepare=cats_dogs", data, "--on_bad_image=skip")
    assert done.returncode == 0, done.stderr
    assert "cats_dogs is ready: 2 classes" in done.stdout
    done = call("--prepare=cats_dogs", data, "--seed=1")
    assert done.returncode == 2
    assert "was split with seed 0, not 1" in done.stderr
    varied = [
        "--augment_offline=catsdogs",
        data,
        "--set",
        "data.offline.count=2",
    ]
    done = call(*varied)
    assert done.returncode == 0, done.stderr
    made = photographs / "split_data" / "train_aug"
    assert f"{made}: 48 images" in done.stdout
    files = {path: path.stat().st_mtime_ns for path in made.rglob("*.jpg")}
    assert len(files) == 16 * 3
    assert call(*varied).returncode == 0
    assert {p: p.stat().st_mtime_ns for p in made.rglob("*.jpg")} == files
    done = call(*varied, "--seed=5")
    assert done.returncode == 2
    assert "seed" in done.stderr
    done = call("--describe=cats_dogs", data, f"--workdir={tmp_path}")
    assert done.returncode == 0, done.stderr
    assert "| train_aug |     48 |" in done.stdout
    assert (tmp_path / "describe" / "cats_dogs" / "counts.png").is_file()
