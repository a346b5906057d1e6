"""Runs several experiments with several seeds and compares them."""

from pathlib import Path

from experiments.analysis.explanations import explain_run, has_explanations
from experiments.analysis.robustness import evaluate_robustness, has_robustness
from experiments.errors import TrainingFailed
from experiments.ray_launcher.one_by_one import run_one_by_one
from experiments.report.report import write_report
from experiments.runtime.workers import worker_of
from experiments.tracking.tools import DEFAULT
from experiments.tracking.tracking import track_report

# What a finished run can be asked beyond its training: whether its folder has
# it, and the function that makes it.
EXTRAS = {
    "robustness": (has_robustness, evaluate_robustness),
    "explain": (has_explanations, explain_run),
}


def run_study(
    name,
    experiments,
    *,
    seeds,
    workdir,
    location,
    shard=(0, 1),
    extras=(),
    launch=run_one_by_one,
    log=DEFAULT,
    **options,
):
    """Trains every experiment with every seed, then writes the report.

    A run whose loss diverges is reported as failed; the others go on.

    Args:
        name: Of the study; the report goes to WORKDIR/reports/NAME/.
        experiments: `experiments.configs.schema.Experiment`s, in the order of
            the report.
        seeds: Integers.
        workdir: The runs and the report go below it.
        shard: (I, N): only every N-th run, from the I-th on, and no report,
            as other processes train the others.
        location: A `pipelines.location.Location` of the data.
        extras: Keys of `EXTRAS`, made of each finished run.
        launch: Function that trains, as `run_one_by_one` does.
        log: Names of `experiments.tracking.tools.TOOLS` that follow the runs
            and get the report.
        **options: Further ones of `launch`.

    Raises:
        TrainingFailed: after everything has run, if a run failed.
    """
    # All arms of a seed before the next seed: stopped early, the study can
    # still be compared.
    runs = [(each, seed) for seed in seeds for each in experiments]
    number, shards = shard
    runs = runs[number::shards]
    part = f", shard {number + 1} of {shards}" if shards > 1 else ""
    print(
        f"study {name}: {len(experiments)} arms, seeds "
        f"{', '.join(map(str, seeds))}{part}",
        flush=True,
    )
    folders, failures = launch(
        runs, workdir=workdir, location=location, log=log, **options
    )
    if not worker_of(options.get("strategy")).is_chief:
        return
    for kind in extras:
        _add(kind, folders, location)
    if shards > 1:
        print(
            f"{len(folders)} of the study's runs are in {workdir}; once all "
            "are, the same command without --shard writes the report",
            flush=True,
        )
    elif folders:
        path = Path(workdir) / "reports" / name
        write_report(folders, path, f"Study {name}", study=name)
        track_report(path, f"Study {name}", log)
    if failures:
        raise TrainingFailed(
            f"{len(failures)} of {len(runs)} runs failed: {failures[0]}"
        )


def _add(kind, folders, location):
    is_there, make = EXTRAS[kind]
    lacking = [each for each in folders if not is_there(each)]
    for number, folder in enumerate(lacking, 1):
        print(
            f"{kind} of {folder.path} ({number} of {len(lacking)})", flush=True
        )
        make(folder.path, location)
