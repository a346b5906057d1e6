"""What main.py can do; TensorFlow is imported once it is needed.

Each function takes the value of the flag of main.py that calls it, and all the
flags.
"""

from pathlib import Path

from experiments.configs import registry
from experiments.configs.overrides import override, override_arms
from experiments.configs.schema import Experiment
from experiments.errors import ConfigError
from experiments.runtime.startup import start_tensorflow
from experiments.tracking.tools import choose_tools
from pipelines.config import DATA_SETS, Data
from pipelines.location import Location

MAX_SEED = 2**63 - 1
EXTRAS = ("robustness", "explain")


def print_list(_, flags):
    """Prints what there is."""
    print(registry.listing(DATA_SETS))


def train_experiment(name, flags):
    """Trains one experiment, with one seed or with several in a row."""
    arms = _checked([registry.get_experiment(name)], flags)
    if flags.seeds is not None or flags.dry_run:
        _train(name, arms, _seeds(flags, flags.seeds or 1), flags)
        return
    from experiments.training.run import run

    run(
        arms[0],
        seed=flags.seed,
        strategy=_strategy(flags),
        **_options(flags),
    )


def train_study(name, flags):
    """Trains all arms of a study with several seeds, and compares.

    With --plan, says what that would take and could show instead.
    """
    if name == "fair":
        name = f"fair_{flags.recipe or 'small'}"
    elif flags.recipe:
        raise ConfigError("--recipe goes with --study=fair.")
    study = registry.get_study(name)
    seeds = _seeds(flags, flags.seeds or study.seeds)
    arms = registry.choose_arms(study, flags.arms, flags.arm)
    extras = _extras(flags)
    arms = _checked(arms, flags)
    if flags.plan:
        from experiments.planning.plan import plan_study

        plan_study(
            study.name,
            arms,
            seeds=seeds,
            workdir=flags.workdir,
            location=location_of(flags),
            strategy=_strategy(flags),
        )
        return
    _train(study.name, arms, seeds, flags, extras)


def _seeds(flags, count):
    seeds = range(flags.seed, flags.seed + count)
    if seeds[-1] > MAX_SEED:
        raise ConfigError(
            f"--seed={flags.seed} with {count} seeds goes beyond {MAX_SEED}; "
            "begin lower."
        )
    return seeds


def _train(title, arms, seeds, flags, extras=()):
    options = _options(flags)
    if flags.dry_run:
        from experiments.planning.dry_run import dry_run

        dry_run(arms, seeds=seeds, strategy=_strategy(flags), **options)
        return
    shard = _shard(flags.shard)
    from experiments.study import run_study

    options["extras"] = extras
    if flags.launcher == "ray":
        options |= {
            "launch": _ray_launcher(),
            "address": flags.ray_address,
            "threads": flags.threads,
            "strategy": flags.strategy,
        }
    else:
        options["strategy"] = _strategy(flags)
    run_study(title, arms, seeds=seeds, shard=shard, **options)


def _ray_launcher():
    try:
        from experiments.ray_launcher.launch import run_on_ray
    except ModuleNotFoundError as error:
        if error.name != "ray":
            raise
        raise ConfigError(
            "--launcher=ray needs Ray: pip install -r requirements-ray.txt"
        ) from error
    return run_on_ray


def _extras(flags):
    """Names of `experiments.study.EXTRAS`, which imports TensorFlow."""
    wanted = flags["with"].value
    for name in wanted:
        if name not in EXTRAS:
            raise ConfigError(
                f"--with expects {' or '.join(EXTRAS)}, or both with a comma "
                f"between them. Received: {name!r}."
            )
    return wanted


def _shard(text):
    """(number from 0, count) of "1/4"."""
    if text is None:
        return 0, 1
    number, _, count = text.partition("/")
    if not (number.isdecimal() and count.isdecimal()) or not (
        1 <= int(number) <= int(count)
    ):
        raise ConfigError(
            f"--shard expects I/N, from 1/N to N/N. Received: {text!r}."
        )
    return int(number) - 1, int(count)


def preview_augmentation(name, flags):
    """Draws what the arms of a study, or one experiment, do to images."""
    if name in registry.EXPERIMENTS:
        arms = [registry.get_experiment(name)]
        if flags.arms or flags.arm:
            raise ConfigError("--arms and --arm go with a study's name.")
    else:
        study = registry.get_study(name)
        arms = registry.choose_arms(study, flags.arms, flags.arm)
    arms = _checked(arms, flags)
    from experiments.planning.preview import preview

    preview(
        name,
        arms,
        seed=flags.seed,
        location=location_of(flags),
        path=flags.out or Path(flags.workdir, "previews", f"{name}.png"),
    )


def report_runs(runs_dir, flags):
    """Compares the runs of a folder."""
    from experiments.report.report import report_on

    report_on(runs_dir)


def prepare_data(name, flags):
    """Gets and checks a data set, and draws its split."""
    split_seed = _split_seed(name, flags)
    start_tensorflow(flags.threads)
    from pipelines.loading import open_source

    source = open_source(name, location_of(flags), split_seed)
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
    configs = [
        arm.data
        for arm in _checked([registry.get_experiment(n) for n in names], flags)
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
    for config in configs:
        _refuse_seed(flags, "data.offline.seed", config.offline.seed)
    from pipelines.loading import open_source

    for config in configs:
        offline = config.offline
        source = open_source(config.name, location_of(flags), config.split_seed)
        written = source.write_variations(config.train, offline)
        for folder, images in written.items():
            print(
                f"{folder}: {images:,} images, each original and "
                f"{offline.count} AugLy variations of it, seed {offline.seed}",
                flush=True,
            )


def describe_data(name, flags):
    """Tables and pictures of a data set."""
    split_seed = _split_seed(name, flags)
    start_tensorflow(flags.threads)
    from experiments.planning.describe import describe_data_set

    describe_data_set(
        name,
        location_of(flags),
        workdir=flags.workdir,
        split_seed=split_seed,
    )


def _checked(arms, flags):
    """These configs with `--set`; all is checked."""
    arms = override_arms(arms, flags.set)
    start_tensorflow(flags.threads, gpus=flags.launcher != "ray")
    if flags.strategy == "multiworker":
        # Other workers are joined before anything is computed, or not at all.
        _strategy(flags)
    from experiments.checks import check_experiment

    for arm in arms:
        check_experiment(arm)
    return arms


def _split_seed(name, flags):
    """What --set makes of data.split_seed, the one field that matters here.

    Raises:
        ConfigError: if it sets another.
    """
    field = "data.split_seed"
    for assignment in flags.set:
        if assignment.partition("=")[0].strip() != field:
            raise ConfigError(
                f"--set {assignment}: of a data set alone only {field} can be "
                "set."
            )
    data = override(Experiment(name, "", Data(name)), flags.set).data
    _refuse_seed(flags, field, data.split_seed)
    return data.split_seed


def _refuse_seed(flags, field, seed):
    """--seed is a run's; where none is made it would say nothing.

    Raises:
        ConfigError: if it was given and is another than the seed of `field`.
    """
    if flags["seed"].present and flags.seed != seed:
        raise ConfigError(
            f"--seed={flags.seed} is the seed of a run, and no run is made "
            f"here. Did you mean --set {field}={flags.seed}?"
        )


def _options(flags):
    """What is the same for all runs of a command, wherever they are made."""
    return {
        "workdir": flags.workdir,
        "location": location_of(flags),
        "allow_moved": flags.allow_moved,
        "allow_overlap": flags.allow_overlap,
        "log": choose_tools(flags.log),
    }


def _strategy(flags):
    from experiments.runtime.devices import make_strategy

    return make_strategy(flags.strategy)


def location_of(flags):
    """Where the data is."""
    return Location(flags.data_dir, flags.prepared_dir, flags.on_bad_image)
