"""All that a day with a GPU should measure, and checks of it.

    python benchmarks/gpu_day.py --data_dir=DIR
    python benchmarks/gpu_day.py --tiny

Devices; training steps in float32 and mixed_float16, with XLA, without, and
deterministic; what augmentation on the host and on the device adds to a step;
steps in one call; whether a training repeats itself bit for bit; the study
`demo` with its known truth, one run after the other and four sharing a GPU;
with --data_dir, which has Tiny ImageNet, short trainings whose accuracy is
known from a CPU.

Each measurement is a process of its own. One that fails costs a line, and the
same command goes on where it was. Prints tables and checks, and writes all of
it with the machine and the versions to --json. The exit code is 1 if a
measurement failed or a check does not hold. --tiny tries the script itself, on
any machine: sizes are tiny, and what is expected of a GPU is not checked.
"""

import argparse
import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import record  # noqa: E402
from experiments.formatting import markdown_table  # noqa: E402

FAIR, PUBLISHED = "tinyimagenet_fair_baseline", "tinyimagenet_salmix"
# {recipe: (epochs, images of an epoch that are trained on and evaluated)}
LENGTHS = {
    FAIR: (100, 90_000, 20_000),
    PUBLISHED: (300, 100_000, 5_000),
    "tinyimagenet_random_erase": (300, 50_000, 5_000),
}
PRECISIONS = ("float32", "mixed_float16")
# {mode: (whether XLA compiles the step, whether operations are deterministic)}
MODES = {
    "plain": (False, False),
    "XLA": (True, False),
    "deterministic": (False, True),
}
ARMS = ("baseline", "random_erase", "cutmix", "salmix", "randaugment")
TOGETHER = (1, 5, 20)
# Of the study `demo`, see experiments/configs/demo.py.
TRUTH = {
    "demo_random_erase": "better",
    "demo_flip": "worse",
    "demo_placebo": "not_told_apart",
}
POCKET = "tinyimagenet_pocket_baseline"
# On CPUs, networks of the demo fit plain training images to 99.9 to 100 %.
MOST_TRAIN_ERROR = 2.0
# Seconds that steps are timed for, and how often.
SECONDS, REPEATS = 4, 3


def list_cases(has_data):
    """{name: (function, arguments)} of all measurements."""
    cases = {"devices": (list_devices, {})}
    for recipe in LENGTHS:
        for precision in PRECISIONS:
            for mode in MODES:
                cases[f"step/{recipe}/{precision}/{mode}"] = (
                    time_steps,
                    {"recipe": recipe, "precision": precision, "mode": mode},
                )
    for place in ("host", "device"):
        for arm in ("none", *ARMS):
            cases[f"augment/{place}/{arm}"] = (
                time_steps,
                {"arm": arm, "augment_on": place},
            )
    for steps in TOGETHER:
        cases[f"together/{steps}"] = (
            time_steps,
            {"arm": "salmix", "augment_on": "device", "together": steps},
        )
    cases["repeat"] = (repeat_training, {})
    cases["study/one after the other"] = (run_demo, {"options": ["--jobs=1"]})
    cases["study/four share a GPU"] = (
        run_demo,
        {"options": ["--launcher=ray", "--runs_per_gpu=4"]},
    )
    if has_data:
        for precision in PRECISIONS:
            case = (train_pocket, {"precision": precision})
            cases[f"accuracy/{precision}"] = case
    return cases


def estimate_hours(recipe, images_per_second):
    """Hours of one run on all of Tiny ImageNet.

    Evaluation is forward alone, which is taken for a third of a step's work.
    """
    epochs, trained, evaluated = LENGTHS[recipe]
    return epochs * (trained + evaluated / 3) / images_per_second / 3600


def list_devices(tiny):
    """The environment that a training has here."""
    import tensorflow as tf

    from experiments.configs.schema import Experiment
    from experiments.runtime import devices
    from experiments.runtime.environment import resolve_environment

    strategy = devices.make_strategy("auto")
    environment = resolve_environment(Experiment("any", "none"), strategy)
    return {
        "training": devices.in_words(strategy),
        "devices": devices.list_devices(),
        "cards": devices.list_nvidia_cards() or [],
        "cuda": tf.sysconfig.get_build_info().get("cuda_version"),
        "cudnn": tf.sysconfig.get_build_info().get("cudnn_version"),
        **environment,
    }


def time_steps(
    tiny,
    recipe=FAIR,
    precision="mixed_float16",
    mode="XLA",
    arm="none",
    augment_on="host",
    together=1,
):
    """Speed of training steps on a drawn image, the data left out.

    Args:
        tiny: Whether the network and the images are tiny.
        recipe: Experiment whose network, optimizer and sizes are used.
        precision: Of `PRECISIONS`.
        mode: Of `MODES`.
        arm: Arm of tinyimagenet_fair whose layers augment, or "none".
        augment_on: "host" or "device"; the device then keeps the images.
        together: Steps in one call of TensorFlow.

    Returns:
        {"images_per_second", "step_seconds", "first_seconds", peak memory}.
    """
    import keras
    import tensorflow as tf

    from experiments.configs.registry import get_experiment
    from experiments.planning.image_counts import Counts
    from experiments.planning.step_timing import build_stand_in
    from experiments.training.augmentation import build_augmentation
    from experiments.training.timing import measure_peak_memory
    from experiments.training.trainer import build_trainer
    from pipelines.batches import train_batches

    compiles, deterministic = MODES[mode]
    if deterministic:
        tf.config.experimental.enable_op_determinism()
    keras.config.set_dtype_policy(precision)
    experiment = get_experiment(recipe)
    layers = ()
    if arm != "none":
        layers = get_experiment(f"tinyimagenet_fair_{arm}").augment
    data = replace(experiment.data, augment_on=augment_on)
    # Without layers nothing would bring images to another size.
    data = replace(data, load_size=None if not layers else data.load_size)
    if tiny:
        data = replace(data, image_size=16, batch_size=8)
        model = replace(experiment.model, name="ResNet4", width=4)
        experiment = replace(experiment, model=model)
    experiment = replace(experiment, data=data, augment=layers)
    batch = data.batch_size
    counts = Counts(10 * batch, 1, 0, 200, 1, 1, "drawn")
    split = build_stand_in(data, counts).train
    augment = build_augmentation(experiment)
    trainer = build_trainer(
        experiment,
        classes=200,
        steps_per_epoch=1,
        augment=augment,
        replicas=1,
        jit_compile=compiles,
    )
    on_device = augment_on == "device"
    if on_device:
        trainer.keep_images(split.images)
    trainer.execute_together(together)

    def train(steps):
        batches = train_batches(
            split,
            classes=200,
            batch_size=batch,
            seed=0,
            steps=steps,
            augment=None if augment is None or on_device else augment.apply,
            with_seeds=trainer.active_augment is not None,
            as_places=on_device,
            endless=True,
        )
        started = time.perf_counter()
        trainer.fit(batches, steps_per_epoch=steps, shuffle=False, verbose=0)
        return time.perf_counter() - started

    first = train(together)
    trial = train(2 * together) / 2
    seconds = 0.1 if tiny else SECONDS
    calls = min(max(round(seconds / trial), 2), 2000)
    steps = calls * together
    repeats = 1 if tiny else REPEATS
    step = statistics.median(train(steps) / steps for _ in range(repeats))
    return {
        "images_per_second": batch / step,
        "step_seconds": step,
        "first_seconds": first,
        **measure_peak_memory(),
    }


def call_main(*options):
    """Runs main.py in a process of its own.

    Raises:
        SystemExit: if it fails; with its last line.
    """
    command = [sys.executable, "main.py", "--log=none", *options]
    done = subprocess.run(
        command, cwd=record.ROOT, capture_output=True, text=True
    )
    if done.returncode:
        lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise SystemExit(f"{' '.join(options)}: {lines[-1]}")


def _set(**fields):
    return [
        part
        for name, value in fields.items()
        for part in ("--set", f"{name.replace('__', '.')}={value}")
    ]


TINY_DEMO = _set(
    epochs=1,
    model__name="ResNet4",
    model__width=4,
    data__image_size=16,
    data__limit_train=96,
    data__limit_val=42,
    data__batch_size=24,
)


def repeat_training(tiny):
    """Trains a run of the demo twice; tells if the predictions are equal."""
    import numpy as np

    found = []
    with tempfile.TemporaryDirectory() as folder:
        for name in ("once", "again"):
            workdir = Path(folder, name)
            call_main(
                "--experiment=demo_salmix",
                f"--workdir={workdir}",
                *(TINY_DEMO if tiny else ()),
            )
            path = workdir / "demo_salmix" / "seed_0" / "predictions.npz"
            with np.load(path) as file:
                found.append(file["probabilities"])
    difference = float(np.abs(found[0] - found[1]).max())
    return {"largest_difference": difference}


def run_demo(tiny, options):
    """Runs the study `demo`; its verdicts and its time."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        call_main(
            "--study=demo",
            "--seeds=2" if tiny else "--seeds=5",
            f"--workdir={folder}",
            *options,
            *(["--arms=baseline,random_erase", *TINY_DEMO] if tiny else ()),
        )
        seconds = time.perf_counter() - started
        path = Path(folder, "reports", "demo", "comparison.json")
        found = json.loads(path.read_text())
    arms = found["groups"][0]["arms"]
    return {
        "seconds": seconds,
        "runs": len(found["runs"]),
        "verdicts": {d["arm"]: d["verdict"] for d in found["differences"]},
        "errors": {
            arm["name"]: arm["figures"]["top1_error"]["values"] for arm in arms
        },
        "train_error": arms[0]["figures"]["train_error"]["mean"],
    }


def train_pocket(tiny, precision, data_dir):
    """Trains the pocket study's baseline once."""
    with tempfile.TemporaryDirectory() as folder:
        call_main(
            f"--experiment={POCKET}",
            f"--data_dir={data_dir}",
            f"--workdir={folder}",
            # Beside the data nothing is written.
            f"--prepared_dir={folder}/prepared",
            *_set(precision=precision),
            *(_set(epochs=1, model__width=4, data__limit_train=200))
            * bool(tiny),
        )
        run = Path(folder, POCKET, "seed_0")
        metrics = json.loads((run / "metrics.json").read_text())
    final = metrics["final"]
    return {
        "top1_error": 100 * (1 - final["val_accuracy"]),
        "images_per_second": final["images_per_second"],
        "waiting": final["waiting"],
    }


def read_expected_error():
    """Range of one more training's error, from the runs on CPUs, in %.

    From n seeds with mean m and deviation s, one more lies in
    m -/+ t(0.995, n - 1) s sqrt(1 + 1 / n) with 99 % probability.
    """
    from scipy.special import stdtrit

    path = record.ROOT / "docs" / "studies" / "tinyimagenet_pocket"
    found = json.loads((path / "comparison.json").read_text())
    arms = [arm for group in found["groups"] for arm in group["arms"]]
    (arm,) = (arm for arm in arms if arm["name"] == POCKET)
    error = arm["figures"]["top1_error"]
    seeds = len(error["values"])
    width = float(stdtrit(seeds - 1, 0.995)) * error["deviation"]
    width *= math.sqrt(1 + 1 / seeds)
    return error["mean"] - width, error["mean"] + width


def list_checks(figures):
    """Yields (what is expected of a GPU, whether it is so, what was found).

    Args:
        figures: {name of a case: its figures}, of those that succeeded.
    """
    if found := figures.get("devices"):
        yield (
            "TensorFlow uses a GPU",
            found["device"] == "GPU",
            found["training"],
        )
    for recipe in (FAIR, PUBLISHED):
        speeds = [
            figures.get(f"step/{recipe}/{precision}/XLA")
            for precision in PRECISIONS
        ]
        if all(speeds):
            full, mixed = (each["images_per_second"] for each in speeds)
            expected = f"{recipe}: mixed_float16 is faster than float32"
            yield expected, mixed > full, f"{mixed / full:.2f} times"
    if found := figures.get("repeat"):
        size = found["largest_difference"]
        yield "the same seed repeats bit for bit", size == 0, f"{size:g}"
    for name, found in figures.items():
        if name.startswith("study/"):
            verdicts = found["verdicts"]
            wrong = [
                f"{arm}: {verdicts.get(arm)}"
                for arm, verdict in TRUTH.items()
                if verdicts.get(arm) != verdict
            ]
            text = f"{name}: the verdicts are those of the drawn images"
            yield text, not wrong, ", ".join(wrong) or "all"
            error = found["train_error"]
            text = f"{name}: the baseline fits its training images"
            yield text, error <= MOST_TRAIN_ERROR, f"{error:.2f} % error"
        if name.startswith("accuracy/"):
            low, high = read_expected_error()
            error = found["top1_error"]
            text = f"{name}: {POCKET} has {low:.1f} to {high:.1f} % error"
            yield text, low <= error <= high, f"{error:.1f} %"


def tabulate(figures):
    """Yields (title, rows) of the tables."""
    speeds = {
        name: found
        for name, found in figures.items()
        if "step_seconds" in found
    }
    for kind in ("step", "augment", "together"):
        rows = []
        for name, found in speeds.items():
            own, _, case = name.partition("/")
            if own != kind:
                continue
            row = {
                "case": case,
                "images/s": f"{found['images_per_second']:,.0f}",
                "step, ms": f"{1000 * found['step_seconds']:.2f}",
                "first step, s": f"{found['first_seconds']:.1f}",
                "GPU memory, GiB": found.get("device_gib", "n/a"),
            }
            if kind == "step":
                speed = found["images_per_second"]
                hours = estimate_hours(case.partition("/")[0], speed)
                row["a run on Tiny ImageNet, h"] = f"{hours:.1f}"
            if kind == "augment":
                place = case.partition("/")[0]
                none = speeds.get(f"augment/{place}/none")
                share = "n/a"
                if none:
                    less = 1 - none["step_seconds"] / found["step_seconds"]
                    share = f"{100 * max(0, less):.1f} %"
                row["augmentation's share"] = share
            rows.append(row)
        if rows:
            yield kind, rows
    rows = [
        {
            "study": name.partition("/")[2],
            "runs": found["runs"],
            "seconds": f"{found['seconds']:.0f}",
            "seconds a run": f"{found['seconds'] / found['runs']:.1f}",
        }
        for name, found in figures.items()
        if name.startswith("study/")
    ]
    if rows:
        yield "demo", rows


def report(cases, tiny):
    """Prints tables, failures and checks; returns the exit code."""
    figures = {n: c["figures"] for n, c in cases.items() if "figures" in c}
    for title, rows in tabulate(figures):
        print(f"\n{title}\n", *markdown_table(rows), sep="\n")
    print()
    failed = {n: c["failed"] for n, c in cases.items() if "failed" in c}
    for name, line in failed.items():
        print(f"failed: {name}: {line}")
    if tiny:
        print("--tiny: what is expected of a GPU is not checked")
        return int(bool(failed))
    checks = list(list_checks(figures))
    for text, holds, found in checks:
        print(f"{'ok' if holds else 'NO'}: {text} ({found})")
    return int(bool(failed) or not all(holds for _, holds, _ in checks))


def run_case(name, tiny, data_dir):
    """Prints the figures of one measurement as the last line."""
    from experiments.runtime.startup import start_tensorflow

    function, options = list_cases(bool(data_dir))[name]
    if function in (list_devices, time_steps):
        start_tensorflow()
    if function is train_pocket:
        options = options | {"data_dir": data_dir}
    print(json.dumps(function(tiny, **options)))


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data_dir", help="with Tiny ImageNet")
    parser.add_argument("--tiny", action="store_true", help="to try the script")
    parser.add_argument(
        "--only",
        nargs="*",
        help="names of measurements begin with one of these",
    )
    parser.add_argument("--json", type=Path, default=Path("runs/gpu_day.json"))
    parser.add_argument("--case", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def main(arguments=None):
    arguments = parse_arguments(arguments)
    if arguments.case:
        run_case(arguments.case, arguments.tiny, arguments.data_dir)
        return 0
    setting = {"tiny": arguments.tiny, "machine": record.describe_machine()}
    results = record.Record(arguments.json, setting)
    options = ["--tiny"] * arguments.tiny
    if arguments.data_dir:
        options.append(f"--data_dir={Path(arguments.data_dir).resolve()}")
    else:
        print("accuracy/* is left out: no --data_dir")
    for name in list_cases(bool(arguments.data_dir)):
        if arguments.only is None or name.startswith(tuple(arguments.only)):
            results.run(
                name,
                record.python("gpu_day.py", f"--case={name}", *options),
                lambda output: json.loads(output.splitlines()[-1]),
            )
    return report(results.cases, arguments.tiny)


if __name__ == "__main__":
    sys.exit(main())
