"""All runs in this process, one after the other."""

from experiments.errors import TrainingFailed
from experiments.training.run import run


def run_one_by_one(runs, **options):
    """Trains runs, each with all that the machine has.

    Args:
        runs: List of (`experiments.configs.schema.Experiment`, seed).
        **options: Of `experiments.training.run.run`.

    Returns:
        (folders, failures): the `RunFolder`s of runs that are finished, and
        a line on each whose loss diverged.

    Raises:
        ConfigError, DataError: As `experiments.training.run.run`.
    """
    folders, failures = [], []
    for number, (experiment, seed) in enumerate(runs, 1):
        print(f"[{number} of {len(runs)}] ", end="")
        try:
            folders.append(run(experiment, seed=seed, **options))
        except TrainingFailed as error:
            failures.append(str(error))
            print(f"  failed: {error}", flush=True)
    return folders, failures
