"""Seeds of a study that fit into a time, for --budget."""

from pathlib import Path

from experiments.configs.schema import as_json
from experiments.errors import ConfigError
from experiments.formatting import counted, duration
from experiments.planning.estimate import estimate_study
from experiments.run_folder import RunFolder

# One seed ranks nothing, and --seeds takes no more than the second.
LEAST_SEEDS, MOST_SEEDS = 2, 10_000


def choose_seed_count(
    name, experiments, budget, *, first_seed, workdir, store, **options
):
    """Chooses how many seeds of a study fit into a time, and prints it.

    The number is stored in WORKDIR/budgets/NAME.json, before the first run. It
    holds as long as arms, budget and first seed are the same: a study that
    goes on is not measured again.

    Args:
        name, experiments, workdir: As for `experiments.study.run_study`.
        budget: Seconds for all runs, finished ones among them.
        first_seed: The first seed.
        store: Whether the number is stored.
        **options: location, strategy, jobs and threads, as for
            `estimate.estimate_study`.

    Returns:
        Seeds of each arm, at least 2.

    Raises:
        ConfigError: if fewer than 2 fit; names what would fit.
        DataError: As `estimate_study`.
    """
    folder, file = RunFolder(Path(workdir) / "budgets"), f"{name}.json"
    study = {
        "budget_seconds": budget,
        "first_seed": first_seed,
        "arms": [as_json(each) for each in experiments],
    }
    stored = folder.read_json(file) or {}
    count = stored.pop("seed_count", None)
    if stored == study:
        print(
            f"{counted(count, 'seed')} an arm, as chosen before: "
            f"{folder / file}",
            flush=True,
        )
        return count
    plans = estimate_study(
        experiments, seeds=[first_seed], workdir=workdir, **options
    )
    # Of one seed, as runs of several seeds train at the same time.
    jobs = options["jobs"] or 1
    times = [plan.run.seconds / jobs for plan in plans]
    count = min(int(budget // sum(times)), MOST_SEEDS)
    if count < LEAST_SEEDS:
        raise ConfigError(_explain_too_little(budget, times, experiments[0]))
    print(
        f"{counted(count, 'seed')} an arm fit into {duration(budget)}: one of "
        f"each arm takes about {duration(sum(times))}",
        flush=True,
    )
    if store:
        folder.write_json(file, study | {"seed_count": count})
    return count


def _explain_too_little(budget, times, experiment):
    needed = LEAST_SEEDS * sum(times)
    fitting = [f"--budget={-(-needed // 60):.0f}m"]
    arms = len(times)
    while arms > 2 and LEAST_SEEDS * sum(times[:arms]) > budget:
        arms -= 1
    if LEAST_SEEDS * sum(times[:arms]) <= budget and arms < len(times):
        fitting.append(f"{arms} arms (--arms)")
    # Shorter runs begin and end as long runs do; some room is left for that.
    epochs = int(0.8 * experiment.epochs * budget / needed)
    if epochs > 0:
        fitting.append(f"--set epochs={epochs}")
    return (
        f"--budget: {LEAST_SEEDS} seeds of {counted(len(times), 'arm')} take "
        f"about {duration(needed)}, more than {duration(budget)}, and fewer "
        f"seeds rank nothing. Would fit: {', '.join(fitting)}."
    )
