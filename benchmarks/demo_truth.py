"""Comparison of the study `demo` with the truth about its drawn images.

    python benchmarks/demo_truth.py

Runs the whole study for each first seed and each way of computing, and prints
each arm's verdict with its difference to the baseline. The same seed gives
other numbers on another processor; TensorFlow's own kernels in place of
oneDNN's, or oneDNN without AVX-512, show what that does. Exits with 1 if a
verdict is not the expected one. Studies that are in WORKDIR already are not
trained again.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
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


def run_study(numerics, seed, workdir):
    """The comparison.json of a study."""
    command = [sys.executable, "main.py", "--study=demo"]
    subprocess.run(
        [*command, f"--seed={seed}", f"--workdir={workdir}"],
        cwd=ROOT,
        env=os.environ | NUMERICS[numerics],
        stdout=subprocess.DEVNULL,
        check=True,
    )
    path = workdir / "reports" / "demo" / "comparison.json"
    return json.loads(path.read_text())


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 10, 20])
    parser.add_argument(
        "--numerics", nargs="+", default=list(NUMERICS), choices=NUMERICS
    )
    parser.add_argument("--workdir", type=Path, default=Path("runs/truth"))
    arguments = parser.parse_args()
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
