"""What main.py can do; TensorFlow is imported once it is needed.

The keyword arguments bear the names of the flags.
"""

from experiments import registry
from experiments.config import override
from experiments.startup import start_tensorflow


def list_all():
    print(registry.listing())


def train(name, *, set, seed, workdir, data_dir, strategy):
    """Trains one experiment with one seed."""
    experiment = override(registry.get_experiment(name), set)
    start_tensorflow()
    from experiments.devices import make_strategy
    from experiments.run import run

    run(
        experiment,
        seed=seed,
        workdir=workdir,
        data_dir=data_dir,
        strategy=make_strategy(strategy),
    )


def study(name, *, set, seed, seeds, workdir, data_dir, strategy):
    """Trains all experiments of a study with several seeds, and compares."""
    chosen = registry.get_study(name)
    experiments = [
        override(registry.get_experiment(each), set)
        for each in chosen.experiments
    ]
    start_tensorflow()
    from experiments.devices import make_strategy
    from experiments.study import run_study

    run_study(
        chosen.name,
        experiments,
        seeds=range(seed, seed + (seeds or chosen.seeds)),
        workdir=workdir,
        data_dir=data_dir,
        strategy=make_strategy(strategy),
    )


def report(runs_dir):
    """Compares the runs of a folder."""
    from experiments.report import report_on

    report_on(runs_dir)
