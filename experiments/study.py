"""Training of a study's runs, and their comparison."""

import functools
from pathlib import Path

from experiments.analysis.explanations import explain_run, has_explanations
from experiments.analysis.robustness import evaluate_robustness, has_robustness
from experiments.errors import TrainingFailed
from experiments.run_folder import RunFolder
from experiments.runtime.screen import StudyScreen
from experiments.runtime.workers import resolve_worker
from experiments.tracking.tools import DEFAULT
from experiments.tracking.tracking import track_report
from experiments.training.logged_run import train
from experiments.training.run import run

# Further results of a finished run: a function that tells if its folder has
# them, and one that writes them.
EXTRAS = {
    "robustness": (has_robustness, evaluate_robustness),
    "explain": (has_explanations, explain_run),
}


def run_one_by_one(runs, *, screen, workdir, **options):
    """Trains runs in this process, each with all that the machine has.

    Args:
        runs: List of (`experiments.configs.schema.Experiment`, seed).
        screen: The `experiments.runtime.screen.StudyScreen`.
        workdir: As for `experiments.training.run.run`.
        **options: Other options of `experiments.training.run.run`.

    Returns:
        folders: `RunFolder`s of the runs that are finished.
        failures: A line on each run that failed.

    Raises:
        ConfigError, DataError: As `experiments.training.run.run`.
    """
    folders, failures = [], []
    for number, (experiment, seed) in enumerate(runs):
        screen.begin(number)
        one = {"workdir": workdir, **options}
        try:
            if screen.verbose:
                folders.append(run(experiment, seed=seed, **one))
            else:
                send = functools.partial(screen.show, number)
                folders.append(train(experiment, seed, send, **one))
        except TrainingFailed as error:
            failures.append(str(error))
            screen.fail(number, str(error))
        else:
            screen.end(number)
    return folders, failures


def run_study(
    design,
    *,
    location,
    shard=(0, 1),
    extras=(),
    launch=run_one_by_one,
    verbose=False,
    log=DEFAULT,
    margin=None,
    drawn_previews=False,
    **options,
):
    """Trains the runs of a study, then writes its report.

    A run whose loss diverges is reported as failed; the others go on.

    Args:
        design: `experiments.designs.base.StudyDesign`, which chooses the runs.
            The report goes to WORKDIR/reports/NAME/.
        location: A `pipelines.location.Location` of the data.
        shard: (I, N): only every N-th run, from the I-th on, and no report,
            as other processes train the others.
        extras: Keys of `EXTRAS`, which are added to each finished run.
        launch: Function that trains, as `run_one_by_one` does.
        verbose: Whether all that the runs print is shown.
        log: Names of `experiments.tracking.tools.TOOLS` that follow the runs
            and get the report.
        margin, drawn_previews: As for `experiments.report.report.write_report`.
        **options: Further options of `launch`.

    Raises:
        ConfigError: if the study was begun with another design.
        TrainingFailed: after everything has run, if a run failed.
    """
    is_chief = resolve_worker(options.get("strategy")).is_chief
    number, shards = shard
    part = f", shard {number + 1} of {shards}" if shards > 1 else ""
    print(f"study {design.name}: {design.title}{part}", flush=True)
    if is_chief:
        design.claim()
    options |= {"workdir": design.workdir, "location": location, "log": log}
    runs, folders, failures = _train_rounds(
        design, shard, launch, verbose, options
    )
    if not is_chief:
        return
    for kind in extras:
        _add(kind, folders, location)
    if shards > 1:
        print(
            f"{len(folders)} of the study's runs are in {design.workdir}; once "
            "all are, the same command without --shard writes the report",
            flush=True,
        )
    elif folders and design.is_decided:
        _write_report(
            design, runs, log, margin=margin, drawn_previews=drawn_previews
        )
    if failures:
        raise TrainingFailed(
            f"{len(failures)} of {len(runs)} runs failed: {failures[0]}"
        )


def _write_report(design, runs, log, **options):
    name, workdir = design.name, Path(design.workdir)
    path, title = workdir / "reports" / name, f"Study {name}"
    # With those that failed, which the answer counts.
    made = [RunFolder.of(workdir, each, seed) for each, seed in runs]
    made = [folder for folder in made if folder.path.is_dir()]
    design.write_report(made, path, title, study=name, **options)
    track_report(path, title, log)


def _train_rounds(design, shard, launch, verbose, options):
    """Trains this shard's runs of each round.

    Returns:
        Its runs, the folders of those that are finished, and a line on each
        that failed.
    """
    number, shards = shard
    together = launch is not run_one_by_one
    runs, folders, failures, failed_trials = [], [], [], []
    for each in design.list_rounds():
        each = each[number::shards]
        with StudyScreen(each, options["workdir"], verbose, together) as screen:
            finished, failed = launch(each, screen=screen, **options)
        runs += each
        folders += finished
        if design.is_trying:
            failed_trials += failed
        else:
            failures += failed
    # A trial that diverges is a result; one whose process was lost is not.
    if not design.is_decided:
        failures += failed_trials
    return runs, folders, failures


def _add(kind, folders, location):
    """Adds one of `EXTRAS` to the runs that lack it."""
    is_there, make = EXTRAS[kind]
    lacking = [each for each in folders if not is_there(each)]
    for number, folder in enumerate(lacking, 1):
        print(
            f"{kind} of {folder.path} ({number} of {len(lacking)})", flush=True
        )
        make(folder.path, location)
