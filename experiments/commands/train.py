r"""Training of experiments and studies, and what it would take.

Examples:
  python main.py --study=demo --with=robustness,explain
  python main.py --study=fair --data_dir=MY_IMAGES --arms=baseline,cutmix \
      --arm "small_boxes=RandomErasing(scale=(0.02, 0.1))" --plan
  python main.py --study=tinyimagenet_fair --data_dir=DIR --seeds=3
  python main.py --experiment=NAME --set epochs=2 --set data.batch_size=64
"""

import contextlib
import functools
from pathlib import Path

from absl import flags

from experiments.commands.announcement import announce
from experiments.commands.common import (
    ARM,
    ARMS,
    MARGIN,
    MAX_SEED,
    SEED,
    WORKDIR,
    check_writable,
    configure_arms,
    list_set_fields,
    locate_data,
    make_strategy,
    refuse_beside,
    require_one_of,
)
from experiments.commands.launch import (
    LAUNCHER,
    SHARD,
    choose_launch,
    choose_timing,
)
from experiments.commands.parsers import TimeParser
from experiments.commands.report import DRAWN_PREVIEWS
from experiments.commands.sweep import choose_sweeps, configure_sweep
from experiments.commands.tune import TUNE, build_tune
from experiments.commands.until import UNTIL, build_until
from experiments.configs import registry
from experiments.configs.fair import RECIPES
from experiments.errors import ConfigError
from experiments.run_folder import RunFolder
from experiments.tracking.tools import choose_tools
from pipelines.config import DATA_SETS

# Keys of `experiments.study.EXTRAS`, which imports TensorFlow.
EXTRAS = ("robustness", "explain")

LIST = flags.DEFINE_bool(
    "list",
    False,
    "Print all experiments, studies, arms, layers and data sets.",
)
EXPERIMENT = flags.DEFINE_string(
    "experiment", None, "Train the experiment of this name."
)
STUDY = flags.DEFINE_string(
    "study", None, "Train a study's experiments and compare them."
)
SEEDS = flags.DEFINE_integer(
    "seeds", None, "Runs of each experiment, with seeds in a row.", 1, 10_000
)
require_one_of(SEEDS, "study", "experiment")
BUDGET = flags.DEFINE(
    TimeParser(),
    "budget",
    None,
    "With --study: as many seeds as fit into this time, such as 90m, 2h or 1d, "
    "by steps measured now; the same number when the study goes on.",
)
require_one_of(BUDGET, "study")
refuse_beside(
    BUDGET,
    ("seeds", "shard", "dry_run", "launcher=ray", "strategy=multiworker"),
    "counts on runs of this machine alone",
)
RECIPE = flags.DEFINE_enum(
    "recipe",
    None,
    sorted(RECIPES),
    "With --study=fair: what all arms share (default: laptop); see --list.",
)
WITH = flags.DEFINE_list(
    "with",
    [],
    "With --study: further parts of its report, computed for all finished "
    "runs that lack them: robustness (see --suite), explain (what networks "
    "look at in some val images), or both, with a comma between them.",
)
require_one_of(WITH, "study")
PLAN = flags.DEFINE_bool(
    "plan",
    False,
    "With --study: train nothing; print runs, steps, the time they would take "
    "(from steps measured now) and what difference the study can detect.",
)
require_one_of(PLAN, "study")
refuse_beside(PLAN, ["strategy=multiworker"], "goes with one host")
DRY_RUN = flags.DEFINE_bool(
    "dry_run",
    False,
    "With --experiment or --study: build everything, train three steps and "
    "evaluate a batch of each experiment; print the time and the disk that "
    "the runs would take. Nothing is written.",
)
require_one_of(DRY_RUN, "experiment", "study")
refuse_beside(DRY_RUN, ["strategy=multiworker"], "goes with one host")
LOG = flags.DEFINE_list(
    "log",
    None,
    "Tools that follow runs: tensorboard (the default), mlflow, wandb, several "
    "with commas between them, or none; see requirements-mlflow.txt and "
    "requirements-wandb.txt. Reports of studies go to the last two as well.",
)
require_one_of(LOG, "experiment", "study")
VERBOSE = flags.DEFINE_bool(
    "verbose",
    False,
    "With --study or --seeds: print all that goes to log.txt of each run.",
)
require_one_of(VERBOSE, "study", "seeds")
ALLOW_MOVED = flags.DEFINE_bool(
    "allow_moved",
    False,
    "Go on with a run that was begun in another precision, with another "
    "number of replicas, or the like; its report says so.",
)
ALLOW_OVERLAP = flags.DEFINE_bool(
    "allow_overlap",
    False,
    "Train although images of train, selection and val are the same; the "
    "report says so.",
)


@flags.validator(WITH)
def _check_extras(names):
    for name in names:
        if name not in EXTRAS:
            raise ConfigError(
                f"--with expects {' or '.join(EXTRAS)}, or both with a comma "
                f"between them. Received: {name!r}."
            )
    return True


@flags.multi_flags_validator([RECIPE, STUDY])
def _check_recipe(values):
    if values["recipe"] and values["study"] != "fair":
        raise ConfigError("--recipe goes with --study=fair.")
    return True


def print_list(_):
    """Prints the names of everything that can be trained."""
    print(registry.list_everything(DATA_SETS))


def train_experiment(name):
    """Trains one experiment, with one seed or with several in a row."""
    seeds = _choose_seeds(SEEDS.value or 1)
    arms = _configure(name, [registry.get_experiment(name)])
    if SEEDS.value is not None or DRY_RUN.value:
        from experiments.designs.fixed import Fixed

        _train(Fixed(name, arms, seeds=seeds, workdir=WORKDIR.value))
        return
    from experiments.training.run import run

    run(
        arms[0],
        seed=SEED.value,
        workdir=WORKDIR.value,
        strategy=make_strategy(),
        **_build_options(),
    )


def train_study(name):
    """Trains and compares the arms of a study, or prints its plan."""
    if name == "fair":
        name = f"fair_{RECIPE.value or 'laptop'}"
    study = registry.get_study(name)
    design = _build_design(
        study, registry.choose_arms(study, ARMS.value, ARM.value)
    )
    if not PLAN.value:
        _train(design)
        return
    from experiments.planning.estimate import plan_study

    plan_study(
        design,
        location=locate_data(),
        margin=MARGIN.value,
        **choose_timing(design.experiments),
    )


def _build_design(study, arms):
    """Builds the design that the flags choose, and checks its configs."""
    if texts := choose_sweeps(study):
        return _build_sweep(study, arms, texts)
    title = f"{study.name}_tuned" if TUNE.value else study.name
    arms = _configure(title, arms)
    from experiments.designs.fixed import Fixed

    if UNTIL.value:
        return build_until(title, arms, _choose_seeds)
    seeds = _choose_seeds(_count_seeds(study, arms))
    if TUNE.value:
        return build_tune(title, arms, seeds, writes=not PLAN.value)
    return Fixed(title, arms, seeds=seeds, workdir=WORKDIR.value)


def _build_sweep(study, arms, texts):
    if BUDGET.value is not None or UNTIL.value or TUNE.value:
        raise ConfigError(
            "--budget, --until and --tune do not go with a sweep; see --seeds."
        )
    sweep = configure_sweep(
        study,
        arms,
        texts,
        gpus=LAUNCHER.value != "ray",
        fit=_fit,
        writes=not PLAN.value and not DRY_RUN.value,
    )
    from experiments.designs.sweep import Swept

    seeds = _choose_seeds(_count_seeds(study, sweep.experiments))
    return Swept(sweep, seeds=seeds, workdir=WORKDIR.value)


def _choose_seeds(count):
    seeds = range(SEED.value, SEED.value + count)
    if seeds[-1] > MAX_SEED:
        raise ConfigError(
            f"--seed={SEED.value} with {count} seeds goes beyond {MAX_SEED}; "
            "begin lower."
        )
    return seeds


def _count_seeds(study, arms):
    if SEEDS.value is not None:
        return SEEDS.value
    if BUDGET.value is None:
        from experiments.planning.fitting import count_seeds

        return count_seeds(arms[0], study.seeds)
    from experiments.planning.budget import choose_seed_count

    return choose_seed_count(
        study.name,
        arms,
        BUDGET.value,
        first_seed=SEED.value,
        workdir=WORKDIR.value,
        store=not PLAN.value,
        location=locate_data(),
        **choose_timing(arms),
    )


def _configure(title, arms):
    if not PLAN.value and not DRY_RUN.value:
        for name in (f"reports/{title}", *(arm.name for arm in arms)):
            check_writable(Path(WORKDIR.value, name))
    return configure_arms(arms, LAUNCHER.value != "ray", _fit)


def _fit(arms, fields=(), show=None):
    """Completes configs of study fair by what follows from their images."""
    from experiments.planning.fitting import fit_arms

    return fit_arms(
        arms,
        {*list_set_fields(), *fields},
        locate_data(),
        fetch=not PLAN.value,
        show=show or functools.partial(print, flush=True),
    )


def _train(design):
    arms, seeds = design.experiments, design.seeds
    if DRY_RUN.value:
        from experiments.planning.trial import dry_run

        dry_run(
            arms,
            seeds=seeds,
            workdir=WORKDIR.value,
            location=locate_data(),
            strategy=make_strategy(),
            allow_overlap=ALLOW_OVERLAP.value,
        )
        return
    from experiments.study import run_study
    from experiments.training.jobs import SideBySide

    folders = [
        RunFolder.of(WORKDIR.value, arm, seed) for arm in arms for seed in seeds
    ]
    for folder in folders:
        check_writable(folder.path)
    options = _build_options() | choose_launch(arms)
    with contextlib.ExitStack() as stack:
        launch = options.get("launch")
        is_finished = all(map(RunFolder.is_finished, folders))
        if isinstance(launch, SideBySide) and not is_finished:
            stack.enter_context(launch)
        announce(design, options)
        run_study(
            design,
            shard=SHARD.value or (0, 1),
            extras=WITH.value,
            margin=MARGIN.value,
            drawn_previews=DRAWN_PREVIEWS.value,
            verbose=VERBOSE.value,
            **options,
        )


def _build_options():
    """Builds the options that are the same for all runs of a command."""
    return {
        "location": locate_data(),
        "allow_moved": ALLOW_MOVED.value,
        "allow_overlap": ALLOW_OVERLAP.value,
        "log": choose_tools(LOG.value),
    }
