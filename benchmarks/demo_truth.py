"""Comparison of the study `demo` with the truth about its drawn images.

    python benchmarks/demo_truth.py

Runs the whole study for each first seed and each way of computing, and prints
each arm's verdict with its difference to the baseline. The same seed gives
other numbers on another processor; TensorFlow's own kernels in place of
oneDNN's, or oneDNN without AVX-512, show what that does. Exits with 1 if a
verdict is not the expected one. Studies that are in WORKDIR already are not
trained again.

    python benchmarks/demo_truth.py --studies=100 --pool=20

trains the study with 20 seeds, draws five of them for each arm, 100 times over,
and counts the studies whose verdicts are all as expected.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from experiments.report.groups import group_runs  # noqa: E402
from experiments.report.runs import read_runs  # noqa: E402
from experiments.statistics.comparison import compare_arms  # noqa: E402

# Seeds of the study.
SEEDS = 5
NUMERICS = {
    "default": {"TF_ENABLE_ONEDNN_OPTS": "1"},
    "eigen": {"TF_ENABLE_ONEDNN_OPTS": "0"},
    "avx2": {"TF_ENABLE_ONEDNN_OPTS": "1", "ONEDNN_MAX_CPU_ISA": "AVX2"},
}
EXPECTED = {
    "demo_random_erase": "better",
    "demo_flip": "worse",
    "demo_placebo": "not_told_apart",
}


def run_study(numerics, seed, workdir, seeds=SEEDS):
    """The comparison.json of a study."""
    command = [sys.executable, "main.py", "--study=demo", f"--seeds={seeds}"]
    subprocess.run(
        [*command, f"--seed={seed}", f"--workdir={workdir}"],
        cwd=ROOT,
        env=os.environ | NUMERICS[numerics],
        stdout=subprocess.DEVNULL,
        check=True,
    )
    path = workdir / "reports" / "demo" / "comparison.json"
    return json.loads(path.read_text())


def draw_studies(count, pool, workdir):
    """Counts studies with all of the expected verdicts, drawn from many runs.

    Args:
        count: Number of studies.
        pool: Seeds that each arm is trained with.
        workdir: Folder of the runs.

    Returns:
        Number of studies that found the truth, and a `Counter` of the
        (arm, verdict) that were wrong.
    """
    run_study("default", 0, workdir, pool)
    runs, _ = read_runs(sorted(workdir.glob("demo_*/seed_*")))
    (group, *_), _ = group_runs(runs, "demo")
    random, right, wrong = np.random.default_rng(0), 0, Counter()
    for _ in range(count):
        drawn = {
            arm: correct[random.choice(len(correct), SEEDS, replace=False)]
            for arm, correct in group.correct.items()
        }
        found = compare_arms(drawn, placebos=["demo_placebo"])
        errors = [
            (each.arm, each.verdict)
            for each in found
            if each.verdict != EXPECTED.get(each.arm, each.verdict)
        ]
        right += not errors
        wrong.update(errors)
    return right, wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 10, 20])
    parser.add_argument(
        "--numerics", nargs="+", default=list(NUMERICS), choices=NUMERICS
    )
    parser.add_argument("--workdir", type=Path, default=Path("runs/truth"))
    parser.add_argument("--studies", type=int)
    parser.add_argument("--pool", type=int, default=4 * SEEDS)
    arguments = parser.parse_args()
    if arguments.studies:
        workdir = arguments.workdir.resolve() / f"pool_{arguments.pool}"
        right, wrong = draw_studies(arguments.studies, arguments.pool, workdir)
        print(f"the truth in {right} of {arguments.studies} studies")
        for (arm, verdict), times in wrong.most_common():
            print(f"{arm}: {times} times {verdict}")
        return 0
    print("numerics  seed  arm                 difference  interval  verdict")
    wrong = 0
    for numerics in arguments.numerics:
        for seed in arguments.seeds:
            started = time.perf_counter()
            workdir = arguments.workdir.resolve() / f"{numerics}_{seed}"
            found = run_study(numerics, seed, workdir)
            for each in found["differences"]:
                expected = EXPECTED.get(each["arm"], each["verdict"])
                wrong += each["verdict"] != expected
                print(
                    f"{numerics:8}  {seed:4}  {each['arm']:18}  "
                    f"{each['difference']:+10.1f}  "
                    f"{each['low']:+.1f} to {each['high']:+.1f}  "
                    f"{each['verdict']}"
                )
            seconds = time.perf_counter() - started
            print(f"{numerics:8}  {seed:4}  {seconds:.0f} s", flush=True)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
