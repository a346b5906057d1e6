"""The command line: what it prints, and how it refuses bad input."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def call(*arguments):
    return subprocess.run(
        [sys.executable, "main.py", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


def test_list_names_everything_and_is_quick():
    # The interpreter's own start is not main.py's to answer for.
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", ""], check=True)
    python_alone = time.perf_counter() - started
    started = time.perf_counter()
    done = call("--list")
    assert time.perf_counter() - started - python_alone < 1
    assert done.returncode == 0
    for name in ("demo_baseline", "tinyimagenet_salmix", "tinyimagenet_fair"):
        assert f"  {name} " in done.stdout
    assert done.stderr == ""


def test_list_does_not_import_tensorflow():
    code = (
        "import sys; sys.argv = ['main.py', '--list']; import runpy; "
        "runpy.run_path('main.py', run_name='__main__'); "
        "assert 'keras' not in sys.modules; "
        "assert 'tensorflow' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("arguments", [["--help"], []])
def test_help_explains_the_flags(arguments):
    done = call(*arguments)
    assert done.returncode == 0
    for flag in ("--experiment", "--set", "--workdir", "--strategy"):
        assert flag in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--experiment=demo_basline"], "Did you mean demo_baseline"),
        (["--study=dem"], "Did you mean demo"),
        (["--experiment=demo_baseline", "--set", "epoch=1"], "epochs"),
        (["--experiment=demo_baseline", "--set", "epochs=x"], "expects int"),
        (["--experimnt=demo_baseline"], "experiment"),
        (["--experiment=demo_baseline", "--strategy=magic"], "strategy"),
        (["--experiment=demo_baseline", "--seed=-1"], "seed"),
        (["--study=demo", "--seeds=0"], "seeds"),
        (["--experiment=demo_baseline", "--study=demo"], "Choose one"),
        (["demo_baseline"], "no argument 'demo_baseline'"),
        (["--report=/nonexistent"], "no runs in /nonexistent"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, message):
    done = call(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert message in line


def test_missing_data_is_one_line_and_exit_code_2(tmp_path):
    done = call(
        "--experiment=tinyimagenet_salmix",
        f"--data_dir={tmp_path}",
        f"--workdir={tmp_path / 'runs'}",
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert str(tmp_path / "tiny-imagenet-200.zip") in line
    assert "--data_dir" in line


def test_workdir_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("in the way")
    done = call("--experiment=demo_baseline", f"--workdir={tmp_path / 'file'}")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "cannot write" in line
    assert "--workdir" in line


def test_training_from_the_command_line(tmp_path):
    command = [
        "--experiment=demo_baseline",
        f"--workdir={tmp_path}",
        "--seed=3",
        *("--set", "epochs=1", "--set", "model.width=4"),
        *("--set", "model.stem=small"),
        *("--set", "data.image_size=16", "--set", "data.limit_train=96"),
        *("--set", "data.limit_val=48"),
    ]
    done = call(*command)
    assert done.returncode == 0, done.stderr
    # Nothing but what the run has to say.
    assert "tensorflow" not in done.stderr.lower()
    for said in (
        "shapes, 96 train and 48 val images",
        "44,490 trainable parameters",
        "1 replica on CPU, float32",
        "1 epochs of 2 steps",
        str(tmp_path / "demo_baseline" / "seed_3"),
        "val top-1 error",
    ):
        assert said in done.stdout
    again = call(*command)
    assert "finished already" in again.stdout
    other = call(*command, "--set", "epochs=2")
    assert other.returncode == 2
    assert "epochs is 1 there and 2 here" in other.stderr
    report = call(f"--report={tmp_path}")
    assert "| demo_baseline |" in report.stdout
    assert (tmp_path / "reports" / "all" / "error.png").is_file()
