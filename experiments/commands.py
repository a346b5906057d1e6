"""What main.py can do; TensorFlow is imported once it is needed.

Each function takes the value of the flag of main.py that calls it, and all the
flags.
"""

from dataclasses import replace

from experiments.configs import registry
from experiments.configs.overrides import override, override_arms
from experiments.errors import ConfigError
from experiments.training.startup import start_tensorflow
from pipelines.location import Location


def print_list(_, flags):
    """Prints what there is."""
    print(registry.listing())


def train_experiment(name, flags):
    """Trains one experiment with one seed."""
    chosen = override(registry.get_experiment(name), flags.set)
    start_tensorflow()
    from experiments.training.devices import make_strategy
    from experiments.training.run import run

    run(
        chosen,
        seed=flags.seed,
        workdir=flags.workdir,
        location=_location(flags),
        strategy=make_strategy(flags.strategy),
    )


def train_study(name, flags):
    """Trains all experiments of a study with several seeds, and compares.

    With --plan, says what that would take and could show instead.
    """
    chosen = registry.get_study(name)
    arms = [registry.get_experiment(each) for each in chosen.experiments]
    experiments = override_arms(arms, flags.set)
    start_tensorflow()
    from experiments.plan import plan_study
    from experiments.study import run_study
    from experiments.training.devices import make_strategy

    do = plan_study if flags.plan else run_study
    do(
        chosen.name,
        experiments,
        seeds=range(flags.seed, flags.seed + (flags.seeds or chosen.seeds)),
        workdir=flags.workdir,
        location=_location(flags),
        strategy=make_strategy(flags.strategy),
    )


def report_runs(runs_dir, flags):
    """Compares the runs of a folder."""
    from experiments.report.report import report_on

    report_on(runs_dir)


def prepare_data(name, flags):
    """Gets and checks a data set, and draws its split with the seed."""
    start_tensorflow()
    from pipelines.loading import open_source

    source = open_source(name, _location(flags), flags.seed)
    print(f"{name} is ready: {len(source.class_names)} classes", flush=True)
    for note in source.notes:
        print(f"note: {note}", flush=True)


def augment_offline(name, flags):
    """Writes the variations that a study's or an experiment's config names.

    Raises:
        ConfigError: if it has none.
    """
    names = [name]
    if name in registry.STUDIES:
        names = registry.STUDIES[name].experiments
    arms = [registry.get_experiment(each) for each in names]
    configs = [
        arm.data
        for arm in override_arms(arms, flags.set)
        if arm.data.offline is not None
    ]
    if not configs:
        known = [
            each.name
            for each in registry.EXPERIMENTS.values()
            if each.data.offline is not None
        ]
        raise ConfigError(
            f"--augment_offline: {name} has no data.offline. Those that have: "
            f"{', '.join(known)}."
        )
    start_tensorflow()
    from pipelines.loading import open_source

    for config in configs:
        source = open_source(config.name, _location(flags), config.split_seed)
        offline = replace(config.offline, seed=flags.seed)
        written = source.write_variations(config.train, offline)
        for folder, images in written.items():
            print(
                f"{folder}: {images:,} images, each original and "
                f"{offline.count} AugLy variations of it, seed {offline.seed}",
                flush=True,
            )


def describe_data(name, flags):
    """Tables and pictures of a data set."""
    start_tensorflow()
    from experiments.report.data_description import describe_data_set

    describe_data_set(
        name,
        _location(flags),
        workdir=flags.workdir,
        split_seed=flags.seed,
    )


def _location(flags):
    return Location(flags.data_dir, flags.prepared_dir, flags.on_bad_image)
