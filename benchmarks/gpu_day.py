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
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import gpu_parts, record  # noqa: E402
from benchmarks.gpu_parts import FAIR, MODES, POCKET  # noqa: E402
from experiments.formatting import markdown_table  # noqa: E402

PUBLISHED = "tinyimagenet_salmix"
# {recipe: (epochs, images of an epoch that are trained on and evaluated)}
LENGTHS = {
    FAIR: (100, 90_000, 20_000),
    PUBLISHED: (300, 100_000, 5_000),
    "tinyimagenet_random_erase": (300, 50_000, 5_000),
}
PRECISIONS = ("float32", "mixed_float16")
ARMS = ("baseline", "random_erase", "cutmix", "salmix", "randaugment")
TOGETHER = (1, 5, 20)
# Of the study `demo`, see experiments/configs/demo.py.
TRUTH = {
    "demo_random_erase": "better",
    "demo_flip": "worse",
    "demo_placebo": "not_told_apart",
}


def list_cases(has_data):
    """{name: (function, arguments)} of all measurements."""
    cases = {"devices": (gpu_parts.list_devices, {})}
    for recipe in LENGTHS:
        for precision in PRECISIONS:
            for mode in MODES:
                cases[f"step/{recipe}/{precision}/{mode}"] = (
                    gpu_parts.time_steps,
                    {"recipe": recipe, "precision": precision, "mode": mode},
                )
    for place in ("host", "device"):
        for arm in ("none", *ARMS):
            cases[f"augment/{place}/{arm}"] = (
                gpu_parts.time_steps,
                {"arm": arm, "augment_on": place},
            )
    for steps in TOGETHER:
        cases[f"together/{steps}"] = (
            gpu_parts.time_steps,
            {"arm": "salmix", "augment_on": "device", "together": steps},
        )
    cases["repeat"] = (gpu_parts.repeat_training, {})
    cases["study/one after the other"] = (
        gpu_parts.run_demo,
        {"options": ["--jobs=1"]},
    )
    cases["study/four share a GPU"] = (
        gpu_parts.run_demo,
        {"options": ["--launcher=ray", "--runs_per_gpu=4"]},
    )
    if has_data:
        for precision in PRECISIONS:
            case = (gpu_parts.train_pocket, {"precision": precision})
            cases[f"accuracy/{precision}"] = case
    return cases


def estimate_hours(recipe, images_per_second):
    """Hours of one run on all of Tiny ImageNet.

    Evaluation is forward alone, which is taken for a third of a step's work.
    """
    epochs, trained, evaluated = LENGTHS[recipe]
    return epochs * (trained + evaluated / 3) / images_per_second / 3600


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
        if name.startswith("accuracy/"):
            low, high = read_expected_error()
            error = found["top1_error"]
            text = f"{name}: {POCKET} has {low:.1f} to {high:.1f} % error"
            yield text, low <= error <= high, f"{error:.1f} %"


def tabulate(figures, tiny=False):
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
            if kind == "step" and not tiny:
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
    for title, rows in tabulate(figures, tiny):
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
    if function in (gpu_parts.list_devices, gpu_parts.time_steps):
        start_tensorflow()
    if function is gpu_parts.train_pocket:
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
