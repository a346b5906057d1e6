"""Runs the benchmarks and writes docs/benchmarks.md, each beside its goal.

    make bench
    make bench BENCH="--only kills demo_truth"
    make bench BENCH="--data_dir=DIR --torch_python=DIR/bin/python"

Sizes are small, so that all of it takes about an hour of two cores; the
documents name the commands of longer ones. What was measured on this machine
already stays; --again measures it again. What was not says so.
"""

import argparse
import re
import sys
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import record  # noqa: E402

PAGE = record.ROOT / "docs" / "benchmarks.md"
STUDIES = 200


class Benchmark(NamedTuple):
    """One script with small sizes, and its goal.

    Attributes:
        script: Its name in this folder, without its ending.
        goal: A sentence.
        options: Of its command line.
        checks: True if its exit code is 1 where the goal is missed.
        needs: Option of this script without which it cannot run, or None.
        takes: Options of this script that it takes if they are given.
        rates: Columns of its tables with rates in % that should be at most 5.
    """

    script: str
    goal: str
    options: tuple = ()
    checks: bool = False
    needs: str | None = None
    takes: tuple = ()
    rates: tuple = ()


BENCHMARKS = (
    Benchmark(
        "pipeline",
        "On two cores Tiny ImageNet is prepared within 180 s in 3 GiB; first "
        "epochs give 5,000 images/s, later ones 60,000; batches are the same "
        "from memory, from disk and decoded anew.",
        ("--epochs=3",),
        checks=True,
        needs="data_dir",
    ),
    Benchmark(
        "training",
        "Steps are no slower than PyTorch's on the same cores.",
        ("--repeats=3", "--steps=2"),
        takes=("torch_python",),
    ),
    Benchmark(
        "layers",
        "Each layer is faster than the one of Keras and of KerasCV.",
        ("--sizes", "64", "--repeats=3", "--seconds=0.4"),
        takes=("torch_python",),
    ),
    Benchmark(
        "published_chain",
        "Faster than torchvision with a process a core; oneDNN is faster than "
        "TensorFlow's own kernels.",
        ("--repeats=3",),
        takes=("torch_python",),
    ),
    Benchmark(
        "kills",
        "A run that is killed again and again ends as one left alone, bit for "
        "bit.",
        ("--kills=6",),
        checks=True,
    ),
    Benchmark(
        "demo_truth",
        "The study `demo` finds what is true of its drawn images. All of it "
        "takes 90 s on two quiet cores.",
        ("--numerics=default", "--seeds=0", "--workdir=runs/bench_demo"),
        checks=True,
    ),
    Benchmark(
        "false_claims",
        "Of studies without any effect, 5 % or fewer claim one; the stated "
        "detectable difference is found in 80 % of studies, give or take 6.",
        (f"--studies={STUDIES}",),
        rates=("false claims",),
    ),
    Benchmark(
        "sweep_claims",
        "Of sweeps in which no effect changes, 5 % or fewer claim a change.",
        (f"--studies={STUDIES}",),
        rates=("changes claimed",),
    ),
    Benchmark(
        "until_claims",
        "Of studies without any effect that are looked at on the way, 5 % or "
        "fewer claim one at any look.",
        (f"--studies={STUDIES}",),
        rates=("false claims",),
    ),
)


def read_rates(output, columns):
    """Numbers below headings of the Markdown tables in an output."""
    header, found = (), []
    for line in output.splitlines():
        cells = [cell.strip() for cell in line.strip("| ").split("|")]
        if not line.startswith("|"):
            header = ()
        elif not header:
            header = cells
        else:
            cells = zip(header, cells, strict=False)
            found += [
                float(cell)
                for name, cell in cells
                if name in columns and re.fullmatch(r"[\d.]+", cell)
            ]
    return found


def judge(benchmark, case):
    """Says in words if the goal is met, as far as a script can tell."""
    if benchmark.checks:
        return "met" if case["code"] == 0 else "**missed**"
    rates = read_rates(case["figures"], benchmark.rates)
    if not rates:
        return "see the figures"
    # A true rate of 5 % gives more than that in 1 of 700 rows.
    most = 5 + 300 * (0.05 * 0.95 / STUDIES) ** 0.5
    above = sum(rate > most for rate in rates)
    if not above:
        return f"met: at most {max(rates):.1f} % of {STUDIES} studies a row"
    return (
        f"**missed** in {above} of {len(rates)} rows: more than {most:.1f} % "
        f"of {STUDIES} studies"
    )


def write_page(results):
    """The text of docs/benchmarks.md."""
    machine = results.setting["machine"]
    versions = ", ".join(f"{k} {v}" for k, v in machine["versions"].items())
    lines = [
        "# Benchmarks",
        "",
        "`make bench` measures again and writes this page. All of it is of one "
        f"machine: {machine['processor']}, {machine['cores']} cores, "
        f"{machine['memory_gib']} GiB, {machine['system']}; {versions}. Load "
        "is that of the minute before: more than 0 means that other work took "
        "its share.",
    ]
    for benchmark in BENCHMARKS:
        case = results.cases.get(benchmark.script, {})
        command = " ".join([f"{benchmark.script}.py", *benchmark.options])
        lines += ["", f"## {benchmark.script}", "", f"Goal: {benchmark.goal}"]
        if "figures" not in case:
            needs = f" (it needs `--{benchmark.needs}`)" * bool(benchmark.needs)
            failed = f": {case['failed']}" if "failed" in case else ""
            lines += ["", f"Not run on this machine yet{needs}{failed}."]
            continue
        lines += [
            "",
            f"Goal {judge(benchmark, case)}. {case['date']}, "
            f"{case['revision']}, load {case['load']}, "
            f"{case['seconds']:.0f} s: `python benchmarks/{command}`",
            "",
        ]
        output = case["figures"].strip().splitlines()
        if any(line.startswith("|") for line in output):
            lines += output
        else:
            lines += ["```text", *output, "```"]
    return "\n".join(lines) + "\n"


def main(arguments=None):
    names = [each.script for each in BENCHMARKS]
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--data_dir", help="with Tiny ImageNet")
    parser.add_argument("--torch_python", help="of an environment with peers")
    parser.add_argument("--json", type=Path, default=Path("runs/bench.json"))
    parser.add_argument("--page", type=Path, default=PAGE)
    options = parser.parse_args(arguments)
    machine = {"machine": record.describe_machine()}
    results = record.Record(options.json, machine)
    for benchmark in BENCHMARKS:
        name, given = benchmark.script, []
        if name not in options.only:
            continue
        for option in filter(None, (benchmark.needs, *benchmark.takes)):
            if value := getattr(options, option):
                given.append(f"--{option}={Path(value).absolute()}")
        if benchmark.needs and not given:
            print(f"{name}: left out, as there is no --{benchmark.needs}")
            continue
        if options.again:
            results.cases.pop(name, None)
        command = record.python(f"{name}.py", *benchmark.options, *given)
        codes = (0, 1) if benchmark.checks else (0,)
        results.run(name, command, str, codes)
        # After each: whoever stops it has a page.
        options.page.write_text(write_page(results))
    options.page.write_text(write_page(results))
    failed = [name for name, case in results.cases.items() if "failed" in case]
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
