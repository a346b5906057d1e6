"""The command line: what it prints, and how it refuses bad input."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

ROOT = Path(__file__).parents[1]


def call(*arguments, **environment):
    given = dict(os.environ)
    # That of the tests; main.py has one of its own.
    del given["TF_CPP_MIN_LOG_LEVEL"]
    return subprocess.run(
        [sys.executable, "main.py", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=given | environment,
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
    for name in (
        "demo_baseline",
        "tinyimagenet_salmix",
        "tinyimagenet_fair",
        "catsdogs_fair_augly",
    ):
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
    for flag in ("experiment", "set", "workdir", "strategy", "[no]plan"):
        assert f"--{flag}" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--experiment=demo_basline"], "Did you mean demo_baseline"),
        (["--study=dem"], "Did you mean demo"),
        (["--experiment=demo_baseline", "--set", "epoch=1"], "epochs"),
        (
            ["--experiment=demo_baseline", "--set", "epochs=x"],
            "expects a valid integer",
        ),
        (["--experimnt=demo_baseline"], "experiment"),
        (["--experiment=demo_baseline", "--strategy=magic"], "strategy"),
        (["--experiment=demo_baseline", "--seed=-1"], "seed"),
        ([f"--seed={2**63}"], f"[0, {2**63 - 1}]"),
        (["--study=demo", f"--seed={2**63 - 2}"], "with 5 seeds goes beyond"),
        (["--prepare=shapes", "--seed=1"], "--set data.split_seed=1?"),
        (["--describe=shapes", "--seed=1"], "--set data.split_seed=1?"),
        (["--augment_offline=catsdogs", "--seed=1"], "data.offline.seed=1?"),
        (
            ["--prepare=shapes", "--set", "data.batch_size=2"],
            "data.batch_size=2: of a data set alone only data.split_seed",
        ),
        (
            ["--prepare=shapes", "--set", "data.split_seed=1"],
            "shapes has splits of its own, which no seed changes",
        ),
        (["--study=demo", "--seeds=0"], "seeds"),
        (["--experiment=demo_baseline", "--study=demo"], "Choose one"),
        (["demo_baseline"], "no argument 'demo_baseline'"),
        (["--report=/nonexistent"], "no runs in /nonexistent"),
        (["--study=catdogs"], "Did you mean catsdogs"),
        (["--plan"], "--plan goes with --study"),
        (["--experiment=demo_baseline", "--plan"], "--plan goes with --study"),
        (["--study=demo", "--plan", "--seeds=0"], "seeds"),
        (["--experiment=demo_baseline", "--arms=a"], "--arms goes with"),
        (["--report=runs", "--seeds=3"], "--seeds goes with"),
        (["--study=demo", "--recipe=large"], "--recipe goes with --study=fair"),
        (["--study=fair", "--recipe=huge"], "recipe"),
        (["--study=fair", "--arms=cutmx"], "Known: cutmix"),
        (["--study=fair", "--arm=a=Cutmix()"], "Known: CutMix"),
        (["--study=demo", "--arm=a=CutMix(alpha=-1)"], "alpha"),
        (["--study=demo", "--arm=a=CutMix(beta=1)"], "no option 'beta'"),
        (["--study=demo", "--shard=3/2"], "--shard expects I/N"),
        (["--study=demo", "--shard=0/2"], "--shard expects I/N"),
        (["--experiment=demo_baseline", "--shard=1/2"], "--shard goes with"),
        (["--study=demo", "--threads=0"], "threads"),
        (["--study=demo", "--log=tensorbord"], "--log expects tensorboard,"),
        (["--report=runs", "--log=none"], "--log goes with --experiment or"),
        (["--study=demo", "--with=magic"], "--with expects robustness or exp"),
        (["--report=runs", "--with=explain"], "--with goes with --study"),
        (["--predict=runs", "--suite=robustness"], "--suite goes with --eval"),
        (["--evaluate=runs", "--suite=magic"], "suite"),
        (["--evaluate=missing", "--suite=robustness"], "of a finished run"),
        (["--explain=runs"], "--explain needs --images"),
        (["--explain=missing", "--images=."], "of a finished run"),
        (["--predict=runs", "--layer=a"], "--layer goes with --explain"),
        (["--study=demo", "--launcher=slurm"], "launcher"),
        (["--experiment=demo_baseline", "--launcher=ray"], "--launcher goes"),
        (["--study=demo", "--ray_address=auto"], "goes with --launcher=ray"),
        (["--study=demo", "--launcher=ray", "--shard=1/2"], "--shard, --plan"),
        (["--study=demo", "--launcher=ray", "--plan"], "--shard, --plan"),
        (["--study=demo", "--launcher=ray", "--strategy=tpu"], "--strategy"),
        (["--study=demo", "--report=runs"], "Choose one of --study and --rep"),
        (["--on_bad_image=ignore"], "on_bad_image"),
        (["--augment_offline=demo"], "demo has no data.offline"),
        (["--prepare=catsdogs", "--data_dir=no.zip"], "cannot read no.zip"),
        (["--prepare=cats_dogs"], "'cats_dogs'. Did you mean catsdogs? Known"),
        (
            [
                "--prepare=image_folder",
                "--data_dir=docs/studies/tinyimagenet_pocket",
            ],
            "tinyimagenet_pocket: expected",
        ),
        (["--prepare=image_folder", "--data_dir=no"], "no images in no."),
        (
            ["--study=demo", "--set", "data.name=image_folder"],
            "data.val=occluded: there is no split",
        ),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, message):
    done = call(*arguments)
    assert done.returncode == 2
    # On a busy machine even importing is announced.
    assert done.stdout in ("", "  importing TensorFlow ...\n")
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert message in line


def test_missing_data_is_one_line_and_exit_code_2(tmp_path):
    done = call(
        "--experiment=tinyimagenet_salmix",
        f"--data_dir={tmp_path}",
        f"--workdir={tmp_path / 'runs'}",
        # Nobody listens there: as without a network, wherever this runs.
        http_proxy="http://127.0.0.1:9",
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


TINY = (
    *("--set", "epochs=1", "--set", "model.width=4"),
    *("--set", "data.image_size=16", "--set", "data.limit_train=96"),
    *("--set", "data.limit_val=48", "--set", "data.batch_size=48"),
)


def test_training_from_the_command_line(tmp_path):
    command = [
        "--experiment=demo_baseline",
        f"--workdir={tmp_path}",
        "--seed=3",
        *("--set", "epochs=1", "--set", "model.width=4"),
        *("--set", "model.stem=small"),
        *("--set", "data.image_size=16", "--set", "data.limit_train=96"),
        *("--set", "data.limit_val=48", "--set", "data.batch_size=48"),
    ]
    done = call(*command)
    assert done.returncode == 0, done.stderr
    # Nothing but what the run has to say.
    assert "tensorflow" not in done.stderr.lower()
    for said in (
        "shapes, 96 train and 48 val images",
        "44,490 trainable parameters",
        "1 replica on CPU, float32",
        "1 epoch of 2 steps",
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


def test_shards_train_what_one_process_does(tmp_path):
    """Arms of one's own, a part of the runs each, the report in the end."""
    study = [
        *("--study=demo", "--arms=baseline,cutmix", "--seeds=1"),
        *("--arm", "small=RandomErasing(scale=(0.02, 0.1))", *TINY),
        "--threads=1",
    ]
    parts = [
        call(*study, f"--shard={n}/2", f"--workdir={tmp_path / 'shards'}")
        for n in (1, 2)
    ]
    for part, runs in zip(parts, (2, 1), strict=True):
        assert part.returncode == 0, part.stderr
        assert f"{runs} of the study's runs are in" in part.stdout
    assert not (tmp_path / "shards" / "reports").exists()
    whole = call(*study, f"--workdir={tmp_path / 'shards'}")
    assert whole.returncode == 0, whole.stderr
    assert whole.stdout.count("finished already") == 3
    page = tmp_path / "shards" / "reports" / "demo" / "report.md"
    assert (
        "--study=demo --arms=baseline,cutmix "
        "--arm 'small=RandomErasing(scale=[0.02, 0.1])' --seeds=1"
    ) in page.read_text()
    alone = call(*study, f"--workdir={tmp_path / 'alone'}")
    assert alone.returncode == 0, alone.stderr
    for arm in ("baseline", "cutmix", "small"):
        one, other = (
            np.load(tmp_path / folder / f"demo_{arm}/seed_0/predictions.npz")[
                "probabilities"
            ]
            for folder in ("shards", "alone")
        )
        np.testing.assert_array_equal(one, other)


def test_seeds_of_one_experiment(tmp_path):
    done = call(
        *("--experiment=demo_baseline", "--seed=1", "--seeds=2", *TINY),
        f"--workdir={tmp_path}",
    )
    assert done.returncode == 0, done.stderr
    for seed in (1, 2):
        folder = tmp_path / "demo_baseline" / f"seed_{seed}"
        assert (folder / "metrics.json").is_file()
    assert (tmp_path / "reports" / "demo_baseline" / "index.html").is_file()


def test_without_ray_its_launcher_says_what_to_install(tmp_path):
    (tmp_path / "ray.py").write_text("raise ModuleNotFoundError(name='ray')")
    done = call(
        *("--study=demo", "--launcher=ray", f"--workdir={tmp_path / 'runs'}"),
        PYTHONPATH=str(tmp_path),
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "pip install -r requirements-ray.txt" in line
    assert not (tmp_path / "runs").exists()


def test_without_mlflow_its_log_says_what_to_install(tmp_path):
    (tmp_path / "mlflow.py").write_text(
        "raise ModuleNotFoundError(name='mlflow')"
    )
    done = call(
        *("--study=demo", "--log=mlflow", f"--workdir={tmp_path / 'runs'}"),
        PYTHONPATH=str(tmp_path),
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "pip install -r requirements-mlflow.txt" in line
    assert not (tmp_path / "runs").exists()


def test_plan_from_the_command_line(tmp_path):
    done = call(
        *("--study=demo", "--plan", "--seeds=4", f"--workdir={tmp_path / 'r'}"),
        *("--set", "model.width=4", "--set", "data.image_size=16"),
        *("--set", "data.limit_train=640", "--set", "epochs=2"),
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "Plan of study demo: 5 arms, 4 seeds each" in done.stdout
    # Ten batches of 64, twice, in 5 arms of 4 seeds.
    assert "20 of 20 runs are to be made: 400 steps, about" in done.stdout
    assert "With 4 seeds an arm this study detects" in done.stdout
    assert not (tmp_path / "r").exists()


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


def test_own_images_from_the_command_line(photographs, tmp_path):
    """Of a third class, with a network of as many outputs; only read."""
    third = photographs / "cows"
    third.mkdir()
    for file in (photographs / "cats").iterdir():
        image = PIL.Image.open(file).rotate(180)
        image.save(third / file.name)
    before = sorted(photographs.rglob("*"))
    done = call(
        "--experiment=demo_baseline",
        f"--data_dir={photographs}",
        f"--workdir={tmp_path / 'runs'}",
        *("--set", "data.name=image_folder", "--set", "data.val=test"),
        *("--set", "epochs=1", "--set", "model.width=4"),
        *("--set", "data.image_size=16", "--set", "data.batch_size=8"),
    )
    assert done.returncode == 0, done.stderr
    assert "image_folder, 24 train and 6 val images, 3 classes" in done.stdout
    assert sorted(photographs.rglob("*")) == before
    run = tmp_path / "runs" / "demo_baseline" / "seed_0"
    with np.load(run / "predictions.npz") as file:
        assert file["probabilities"].shape == (6, 3)
        assert file["class_names"].tolist() == ["cats", "cows", "dogs"]


def test_from_photographs_to_their_description(photographs, tmp_path):
    """Prepared with a seed, varied, described; nothing is done twice."""
    data = f"--data_dir={photographs}"
    done = call("--prepare=catsdogs", data, "--on_bad_image=skip")
    assert done.returncode == 0, done.stderr
    assert "catsdogs is ready: 2 classes" in done.stdout
    other = [data, "--set", "data.split_seed=1"]
    done = call("--prepare=catsdogs", *other)
    assert done.returncode == 2
    assert "was split with seed 0, not 1" in done.stderr
    done = call("--experiment=catsdogs_original", *other)
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
    done = call(*varied, "--set", "data.offline.seed=5")
    assert done.returncode == 2
    assert "seed is 0 there and 5 here" in done.stderr
    # The same seed, whichever is meant.
    assert call(*varied, "--seed=0").returncode == 0
    done = call("--describe=catsdogs", data, f"--workdir={tmp_path}")
    assert done.returncode == 0, done.stderr
    assert "| train_aug |     48 |" in done.stdout
    assert (tmp_path / "describe" / "catsdogs" / "counts.png").is_file()
