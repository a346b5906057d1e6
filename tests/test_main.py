"""The command line: its output, and one line for every wrong input.

Most commands are called in this process; the others, one of each kind, show
that `python main.py` does the same.
"""

import contextlib
import os
import re
import resource
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import PIL.Image
import pytest

import main
from experiments.training.session import Session

ROOT = Path(__file__).parents[1]
TINY = (
    *("--set", "epochs=1", "--set", "model.name=ResNet4"),
    *("--set", "data.image_size=16", "--set", "data.limit_train=96"),
    *("--set", "data.limit_val=48", "--set", "data.batch_size=48"),
)


class Outcome(NamedTuple):
    code: int
    printed: str
    error: str


def run_process(*arguments, **options):
    """Runs main.py in a process of its own."""
    environment = dict(os.environ)
    # It is set for the tests; main.py has a default of its own.
    del environment["TF_CPP_MIN_LOG_LEVEL"]
    options = {"stdout": subprocess.PIPE} | options
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        **options,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def call(capsys, monkeypatch, tmp_path):
    """Calls main.py in this process, in the empty folder `tmp_path`."""
    monkeypatch.chdir(tmp_path)
    # As on a machine without settings of Keras.
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")

    def call(*arguments):
        # Each call begins as a process of its own would.
        monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
        code = main.call(["main.py", *map(str, arguments)])
        return Outcome(code, *capsys.readouterr())

    return call


@pytest.fixture
def refuse(call):
    """Calls main.py, which has to refuse; returns the line that it prints."""

    def refuse(*arguments):
        outcome = call(*arguments)
        assert outcome.code == 2
        (line,) = outcome.error.splitlines()
        assert line.startswith("error: ")
        return line

    return refuse


def test_list_names_everything_and_is_quick():
    # Python may have to compile its packages first.
    run_process("main.py", "--list")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    outcome = run_process("main.py", "--list")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    # Of the processor, whatever else it has to do.
    seconds = after.ru_utime + after.ru_stime
    assert seconds - before.ru_utime - before.ru_stime < 1
    assert outcome.code == 0
    for name in (
        "demo_baseline",
        "tinyimagenet_salmix",
        "tinyimagenet_fair",
        "catsdogs_fair_augly",
    ):
        assert f"  {name} " in outcome.printed
    assert outcome.error == ""


def test_help_and_wrong_options_do_not_import_tensorflow():
    code = """
import sys
import main
for arguments, expected in (
    ([], 0),
    (["--help"], 0),
    (["--list"], 0),
    (["--study=dem"], 2),
    (["--study=demo", "--set", "epochs=many", "--seeds=1"], 2),
    (["--study=demo", "--arms=cutmx"], 2),
    (["--experiment=demo_baseline", "--sede=1"], 2),
    (["--study=demo", "--report=runs"], 2),
    (["--study=demo", "--with=magic"], 2),
    (["--study=demo", "--shard=3/2"], 2),
    (["--study=demo", "--margin=0"], 2),
    (["--explain=runs"], 2),
    (["--prepare=shapes", "--set", "epochs=1"], 2),
):
    assert main.call(["main.py", *arguments]) == expected, arguments
    assert not {"keras", "tensorflow"} & set(sys.modules), arguments
"""
    outcome = run_process("-c", code)
    assert outcome.code == 0, outcome.error


@pytest.mark.parametrize("option", ["--help", "--list"])
def test_output_that_nobody_reads_ends_quietly(option):
    reader, writer = os.pipe()
    os.close(reader)
    with contextlib.closing(os.fdopen(writer, "w")) as closed:
        outcome = run_process("main.py", option, stdout=closed)
    assert outcome.error == ""
    # As programs that SIGPIPE ends.
    assert outcome.code == 141


def test_output_that_cannot_be_written_is_one_line():
    with open("/dev/full", "w") as full:
        outcome = run_process("main.py", "--list", stdout=full)
    assert outcome.code == 2
    assert outcome.error == (
        "error: cannot write the output: No space left on device\n"
    )


def test_nothing_asked_prints_ten_lines_to_begin_with(call):
    outcome = call()
    assert outcome.code == 0
    lines = outcome.printed.splitlines()
    assert len(lines) == 10
    assert max(map(len, lines)) <= 80
    for option in ("--study=demo", "--study=fair", "--list", "--help"):
        assert f"python main.py {option}" in outcome.printed


def test_help_explains_every_flag_once(call):
    outcome = call("--help")
    assert outcome.code == 0
    flags = re.findall(r"^  (?:-h,)?--(\S+): ", outcome.printed, re.MULTILINE)
    names = (
        *("experiment", "study", "[no]plan", "[no]dry_run", "seeds", "arms"),
        *("arm", "with", "recipe", "shard", "launcher", "ray_address", "log"),
        *("jobs", "runs_per_gpu", "[no]verbose", "budget"),
        *("[no]until", "looks", "max_seeds", "sweep"),
        *("tune", "trials", "trial_epochs"),
        "[no]devices",
        *("[no]allow_moved", "[no]allow_overlap", "report", "margin"),
        "[no]drawn_previews",
        *("predict", "evaluate", "explain", "suite", "images", "layer"),
        *("prepare", "describe", "preview", "augment_offline", "[no]list"),
        *("set", "workdir", "data_dir", "prepared_dir", "on_bad_image"),
        *("out", "seed", "threads", "strategy", "[no]help"),
    )
    assert sorted(flags) == sorted(names)
    # The commonest first.
    first = outcome.printed.partition("Examples:")[0]
    for option in ("--study=", "--experiment=", "--report="):
        assert f"python main.py {option}" in first
    assert call("-h") == outcome


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        # Single flags.
        (["--experimnt=demo_baseline"], "Did you mean: experiment"),
        (["demo_baseline"], "no argument 'demo_baseline'"),
        (["--study"], "Missing value for flag --study"),
        (["--nolist=1"], "--nolist=1 does not take an argument"),
        (["--seed=1\n2"], "seed"),
        (["--experiment=demo_baseline", "--strategy=magic"], "strategy"),
        (["--experiment=demo_baseline", "--seed=-1"], "seed"),
        ([f"--seed={2**63}"], f"[0, {2**63 - 1}]"),
        (["--study=demo", "--seeds=0"], "seeds"),
        (["--study=demo", "--threads=0"], "threads"),
        (["--study=demo", "--launcher=slurm"], "launcher"),
        (["--study=fair", "--recipe=huge"], "recipe"),
        (["--evaluate=runs", "--suite=magic"], "suite"),
        (["--on_bad_image=ignore"], "on_bad_image"),
        (["--study=demo", "--shard=3/2"], "shard=3/2: expected I/N"),
        (["--study=demo", "--shard=0/2"], "shard=0/2: expected I/N"),
        (["--study=demo", "--shard=half"], "shard=half: expected I/N"),
        (["--study=demo", "--jobs=0"], "jobs=0: expected auto or a number"),
        (["--study=demo", "--with=magic"], "--with expects robustness or exp"),
        (["--report=runs", "--margin=0"], "--margin expects points of accura"),
        (["--report=runs", "--margin=nan"], "--margin expects points of acc"),
        (["--report=$NO_SUCH/runs"], "no environment variable 'NO_SUCH'"),
        # Flags that do not go together.
        (["--experiment=demo_baseline", "--study=demo"], "Choose one"),
        (["--study=demo", "--report=runs"], "Choose one of --study and --rep"),
        (["--list", "--report=runs"], "Choose one of --list and --report"),
        (["--plan"], "--plan goes with --study"),
        (["--study=demo", "--budget=soon"], "a time, such as 90m"),
        (["--study=demo", "--budget=2h", "--seeds=3"], "--budget counts on"),
        (["--tune=epochs=lin(1, 2)"], "--tune goes with --study"),
        (["--study=demo", "--trials=3"], "--trials goes with --tune"),
        (["--study=demo", "--tune=epochs"], "expected FIELD=log(a, b)"),
        (
            ["--study=demo", "--tune=epochs=lin(1, 2)", "--until"],
            "and then the study's seeds: leave out --until.",
        ),
        (
            ["--study=demo", "--tune=epochs=lin(1, 2)", "--set=epochs=2"],
            "--tune epochs is given twice, or by --set",
        ),
        (["--until"], "--until goes with --study"),
        (["--study=demo", "--until", "--seeds=3"], "--until chooses seeds"),
        (["--study=demo", "--until", "--budget=2h"], "--until chooses seeds"),
        (["--study=demo", "--until", "--dry_run"], "--until chooses seeds"),
        (["--study=demo", "--looks=3,5"], "--looks goes with --until"),
        (["--study=demo", "--max_seeds=5"], "--max_seeds goes with --until"),
        (["--study=demo", "--until", "--looks=a"], "such as 3,5,8,12"),
        (["--study=demo", "--until", "--looks=3,2"], "expects ascending num"),
        (["--study=demo", "--until", "--arms=flip"], "compares arms with a"),
        (["--experiment=demo_baseline", "--plan"], "--plan goes with --study"),
        (["--report=runs", "--dry_run"], "goes with --experiment or --study"),
        (["--experiment=demo_baseline", "--arms=a"], "--arms goes with"),
        (["--report=runs", "--arm=a=CutMix()"], "--arm goes with --study or"),
        (["--report=runs", "--seeds=3"], "--seeds goes with"),
        (["--report=runs", "--out=a.png"], "--out goes with --preview or"),
        (["--study=demo", "--recipe=large"], "--recipe goes with --study=fair"),
        (["--experiment=demo_baseline", "--shard=1/2"], "--shard goes with"),
        (["--experiment=demo_baseline", "--margin=1"], "--margin goes with"),
        (["--preview=demo", "--drawn_previews"], "--drawn_previews goes with"),
        (["--report=runs", "--log=none"], "--log goes with --experiment or"),
        (["--report=runs", "--with=explain"], "--with goes with --study"),
        (["--predict=runs", "--suite=robustness"], "--suite goes with --eval"),
        (["--report=runs", "--images=a"], "--images goes with --predict or"),
        (["--predict=runs"], "--predict needs --images"),
        (["--explain=runs"], "--explain needs --images"),
        (["--predict=runs", "--layer=a"], "--layer goes with --explain"),
        (["--experiment=demo_baseline", "--launcher=ray"], "--launcher=ray go"),
        (["--study=demo", "--ray_address=auto"], "goes with --launcher=ray"),
        (["--study=demo", "--runs_per_gpu=2"], "goes with --launcher=ray"),
        (["--study=demo", "--launcher=ray", "--shard=1/2"], "--shard, --jobs"),
        (["--study=demo", "--launcher=ray", "--jobs=2"], "--shard, --jobs"),
        (["--study=demo", "--jobs=2", "--strategy=mirrored"], "--jobs goes"),
        (["--experiment=demo_baseline", "--jobs=2"], "--jobs goes with"),
        (["--report=runs", "--verbose"], "--verbose goes with"),
        (["--study=demo", "--launcher=ray", "--strategy=tpu"], "--strategy"),
        (["--study=demo", "--plan", "--strategy=multiworker"], "one host"),
        # Values that the commands check.
        (["--study=dem"], "Did you mean demo"),
        (["--experiment=demo_basline"], "Did you mean demo_baseline"),
        (["--preview=demo_baseline", "--arms=a"], "go with a study's name"),
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
        (["--augment_offline=demo"], "demo has no data.offline"),
        # One of each kind that other modules refuse, and test.
        (
            ["--experiment=demo_baseline", "--set", "epochs=x"],
            "expects a valid integer",
        ),
        (["--study=fair", "--arms=cutmx"], "Known: cutmix"),
        (["--study=demo", "--arm=a=CutMix(beta=1)"], "no option 'beta'"),
        (["--study=demo", "--log=tensorbord"], "--log expects tensorboard,"),
        (["--evaluate=missing"], "of a finished run"),
        (["--report=missing"], "no runs in missing"),
        (["--study=fair", f"--data_dir={'a' * 300}"], "Choose a shorter one"),
        (["--describe=image_folder", f"--data_dir={'b' * 250}"], "too long"),
        (["--report=two\nlines"], "no runs in two lines"),
        (["--prepare=cats_dogs"], "'cats_dogs'. Did you mean catsdogs? Known"),
        (["--prepare=catsdogs", "--data_dir=no.zip"], "cannot read no.zip"),
        (["--prepare=image_folder", "--data_dir=no"], "no images in no."),
        (
            ["--study=demo", "--set", "data.name=image_folder"],
            "data.val=occluded: there is no split",
        ),
    ],
)
def test_wrong_input_is_one_line_and_writes_nothing(
    arguments, message, refuse, tmp_path
):
    assert message in refuse(*arguments)
    assert list(tmp_path.iterdir()) == []


def test_wrong_input_ends_the_process_with_code_2():
    outcome = run_process("main.py", "--study=demo", "--plan", "--seeds=0")
    assert outcome.code == 2
    assert outcome.printed == ""
    (line,) = outcome.error.splitlines()
    assert line.startswith("error: flag --seeds=0: ")


def test_each_call_parses_the_flags_afresh(call, refuse):
    refuse("--study=demo", "--set", "epochs=1", "--seed=2", "--seeds=0")
    assert "no runs in missing" in refuse("--report=missing")
    assert call().printed.startswith("Does this augmentation")
    assert main.train.SEED.value == 0
    assert main.common.SET.value == []


def test_missing_data_is_one_line(refuse, tmp_path, monkeypatch):
    # Nobody listens there: as without a network, wherever this runs.
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    line = refuse("--experiment=tinyimagenet_salmix", f"--data_dir={tmp_path}")
    assert str(tmp_path / "tiny-imagenet-200.zip") in line
    assert "--data_dir" in line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--experiment=demo_baseline", "--workdir=file"], "file is not a fo"),
        (["--experiment=demo_baseline", "--workdir=/proc/no"], "0.00 GiB are"),
        # A report, and a later run of a study, before the first one trains.
        (["--study=demo", "--workdir=no_reports"], "reports is not a folder"),
        (["--study=demo", "--workdir=no_run"], "demo_placebo is not a folder"),
        (["--study=demo", f"--arm={'n' * 300}=CutMix()"], "name is longer tha"),
        (["--describe=shapes", "--workdir=file"], "file is not a folder"),
        (["--describe=shapes", "--workdir=/proc/no"], "No such file or direc"),
        (["--preview=demo", "--out=file/it.png"], "file is not a folder"),
        (["--preview=demo", "--out=/proc/no/it.png"], "No such file or direc"),
        (["--predict=run", "--images=.", "--out=file/a.csv"], "is not a fol"),
        (["--explain=run", "--images=.", "--workdir=file"], "file is not a fo"),
    ],
)
def test_results_that_cannot_be_written_are_one_line(
    arguments, message, refuse, tmp_path, monkeypatch
):
    """Refused before anything is trained."""
    monkeypatch.setattr(Session, "train", lambda *_: pytest.fail("it trains"))
    for name in ("file", "no_reports/reports", "no_run/demo_placebo"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("in the way")
    before = sorted(tmp_path.rglob("*"))
    line = refuse(*arguments)
    assert message in line
    assert "--workdir" in line or "--out" in line
    assert sorted(tmp_path.rglob("*")) == before


def test_training_from_the_command_line(call, tmp_path):
    command = [
        "--experiment=demo_baseline",
        f"--workdir={tmp_path}",
        "--seed=3",
        *TINY,
        *("--set", "model.stem=small"),
    ]
    outcome = run_process("main.py", *command)
    assert outcome.code == 0, outcome.error
    # The run prints its own lines and no others.
    assert "tensorflow" not in outcome.error.lower()
    for said in (
        "shapes, 96 train and 48 val images",
        "1,470 trainable parameters",
        "1 replica on CPU, float32",
        "1 epoch of 2 steps",
        str(tmp_path / "demo_baseline" / "seed_3"),
        "val top-1 error",
    ):
        assert said in outcome.printed
    assert "finished already" in call(*command).printed
    other = call(*command, "--set", "epochs=2")
    assert other.code == 2
    assert "epochs is 1 there and 2 here" in other.error
    # One more run, with the next seed.
    both = call(*command, "--seeds=2", "--jobs=1")
    assert both.code == 0, both.error
    assert both.printed.count("finished already") == 1
    assert (tmp_path / "demo_baseline" / "seed_4" / "metrics.json").is_file()
    reports = tmp_path / "reports"
    assert (reports / "demo_baseline" / "index.html").is_file()
    report = call(f"--report={tmp_path}")
    assert f"The report: {reports / 'all' / 'index.html'}" in report.printed
    assert (reports / "all" / "error.png").is_file()


def test_shards_train_what_one_process_does(call, tmp_path, monkeypatch):
    """Arms of one's own, a part of the runs each, the report in the end."""
    study = [
        *("--study=demo", "--arms=baseline", "--seeds=1", "--jobs=1", *TINY),
        *("--arm", "small=RandomErasing(scale=(0.02, 0.1))"),
    ]
    shards = [*study, f"--workdir={tmp_path / 'shards'}"]
    for number in (1, 2):
        part = call(*shards, f"--shard={number}/2")
        assert part.code == 0, part.error
        assert "1 of the study's runs are in" in part.printed
    assert not (tmp_path / "shards" / "reports").exists()
    whole = call(*shards)
    assert whole.code == 0, whole.error
    assert whole.printed.count("finished already") == 2
    page = tmp_path / "shards" / "reports" / "demo" / "report.md"
    assert (
        "--study=demo --arms=baseline "
        "--arm 'small=RandomErasing(scale=[0.02, 0.1])' --seeds=1"
    ) in page.read_text()
    # Drawing takes longer than training.
    for name in ("report.report.write_report", "study.track_report"):
        monkeypatch.setattr(f"experiments.{name}", lambda *_, **__: None)
    alone = call(*study, f"--workdir={tmp_path / 'alone'}")
    assert alone.code == 0, alone.error
    for arm in ("baseline", "small"):
        one, other = (
            np.load(tmp_path / folder / f"demo_{arm}/seed_0/predictions.npz")[
                "probabilities"
            ]
            for folder in ("shards", "alone")
        )
        np.testing.assert_array_equal(one, other)


def test_launcher_says_what_to_install_without_ray(
    refuse, tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delitem(
        sys.modules, "experiments.ray_launcher.launch", raising=False
    )
    line = refuse("--study=demo", "--launcher=ray")
    assert "pip install -r requirements-ray.txt" in line
    assert list(tmp_path.iterdir()) == []


def test_plan_from_the_command_line(call, tmp_path):
    outcome = call(
        *("--study=demo", "--arms=baseline,placebo", "--plan", "--seeds=4"),
        "--margin=2",
        *("--set", "model.name=ResNet4", "--set", "data.image_size=16"),
        *("--set", "data.limit_train=640", "--set", "epochs=2"),
    )
    assert outcome.code == 0, outcome.error
    assert outcome.error == ""
    assert "Plan of study demo: 2 arms, 4 seeds each" in outcome.printed
    # Ten batches of 64, twice, in 2 arms of 4 seeds.
    assert "8 of 8 runs are to be made: 160 steps, about" in outcome.printed
    assert "With 4 seeds an arm this study detects" in outcome.printed
    assert list(tmp_path.iterdir()) == []


def test_devices_are_listed(call, tmp_path, monkeypatch):
    """A card that TensorFlow cannot use gets a sentence on CUDA."""
    card = "NVIDIA H200, 143771 MiB, 570.86.15"
    (tmp_path / "nvidia-smi").write_text(f"#!/bin/sh\necho '{card}'\n")
    (tmp_path / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    printed = call("--devices").printed
    for line in (
        "training   1 replica on CPU",
        "device     CPU:0, ",
        "driver     NVIDIA H200, 143771 MiB, driver 570.86.15",
        "precision  float32",
        "oneDNN     on",
        "versions   tensorflow ",
    ):
        assert f"\n{line}" in f"\n{printed}"
    assert "requirements-gpu.txt" in printed
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    printed = call("--devices").printed
    assert "driver     no driver of NVIDIA" in printed
    assert "requirements-gpu.txt" not in printed


def test_the_margin_reaches_reports(call, monkeypatch):
    given = []
    monkeypatch.setattr(
        "experiments.report.report.report_on",
        lambda _, margin, *options: given.append(margin),
    )
    monkeypatch.setattr(
        "experiments.study.run_study",
        lambda *_, margin, **options: given.append(margin),
    )
    for command in ("--report=runs", "--study=demo"):
        assert call(command, "--margin=1.5").code == 0
        assert call(command).code == 0
    assert given == [1.5, None, 1.5, None]


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


def test_own_images_from_the_command_line(call, photographs, tmp_path):
    """A third class gives a network of three outputs; images are only read."""
    third = photographs / "cows"
    third.mkdir()
    for file in (photographs / "cats").iterdir():
        image = PIL.Image.open(file).rotate(180)
        image.save(third / file.name)
    before = sorted(photographs.rglob("*"))
    outcome = call(
        "--experiment=demo_baseline",
        f"--data_dir={photographs}",
        *("--set", "data.name=image_folder", "--set", "data.val=test"),
        *("--set", "epochs=1", "--set", "model.name=ResNet4"),
        *("--set", "data.image_size=16", "--set", "data.batch_size=8"),
    )
    assert outcome.code == 0, outcome.error
    counts = "image_folder, 24 train and 6 val images, 3 classes"
    assert counts in outcome.printed
    assert sorted(photographs.rglob("*")) == before
    run = tmp_path / "runs" / "demo_baseline" / "seed_0"
    with np.load(run / "predictions.npz") as file:
        assert file["probabilities"].shape == (6, 3)
        assert file["class_names"].tolist() == ["cats", "cows", "dogs"]


def test_from_photographs_to_their_description(
    call, refuse, photographs, tmp_path
):
    """Prepared with a seed, varied, described; nothing is done twice."""
    data = f"--data_dir={photographs}"
    outcome = call("--prepare=catsdogs", data, "--on_bad_image=skip")
    assert outcome.code == 0, outcome.error
    assert "catsdogs is ready: 2 classes" in outcome.printed
    other = [data, "--set", "data.split_seed=1"]
    for command in ("--prepare=catsdogs", "--experiment=catsdogs_original"):
        assert "was split with seed 0, not 1" in refuse(command, *other)
    varied = [
        *("--augment_offline=catsdogs", data),
        *("--set", "data.offline.count=2"),
    ]
    outcome = call(*varied)
    assert outcome.code == 0, outcome.error
    made = photographs / "split_data" / "train_aug"
    assert f"{made}: 48 images" in outcome.printed
    files = {path: path.stat().st_mtime_ns for path in made.rglob("*.jpg")}
    assert len(files) == 16 * 3
    assert call(*varied).code == 0
    assert {p: p.stat().st_mtime_ns for p in made.rglob("*.jpg")} == files
    line = refuse(*varied, "--set", "data.offline.seed=5")
    assert "seed is 0 there and 5 here" in line
    # The same seed, whichever is meant.
    assert call(*varied, "--seed=0").code == 0
    outcome = call("--describe=catsdogs", data, f"--workdir={tmp_path}")
    assert outcome.code == 0, outcome.error
    assert "| train_aug |     48 |" in outcome.printed
    assert (tmp_path / "describe" / "catsdogs" / "counts.png").is_file()
