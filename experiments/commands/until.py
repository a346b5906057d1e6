"""Studies that end when it is clear.

Examples:
  python main.py --study=fair --data_dir=MY_IMAGES --until --margin=1
  python main.py --study=demo --until --max_seeds=8 --plan
"""

from absl import flags

from experiments.commands.common import (
    MARGIN,
    WORKDIR,
    refuse_beside,
    require_one_of,
)
from experiments.commands.parsers import LooksParser
from experiments.errors import ConfigError

UNTIL = flags.DEFINE_bool(
    "until",
    False,
    "With --study: compare the arms at numbers of seeds that are fixed before "
    "the first run. An arm that is better, worse or alike (see --margin), or "
    "that cannot be told in time, is trained no further. Intervals hold for "
    "all looks together.",
)
require_one_of(UNTIL, "study")
refuse_beside(
    UNTIL,
    ("seeds", "budget", "dry_run", "strategy=multiworker"),
    "chooses seeds as results come in, up to --max_seeds",
)
LOOKS = flags.DEFINE(
    LooksParser(),
    "looks",
    None,
    "With --until: the numbers of seeds (default: 3,5,8,12; in "
    "cross-validation multiples of the number of folds).",
)
require_one_of(LOOKS, "until")
MAX_SEEDS = flags.DEFINE_integer(
    "max_seeds", None, "With --until: the last look (default: 12).", 2, 1000
)
require_one_of(MAX_SEEDS, "until")


def build_until(title, arms, choose_seeds):
    """Builds the design of a study with the looks that the flags name.

    Args:
        title: Name of the study.
        arms: `experiments.configs.schema.Experiment`s.
        choose_seeds: Function of their number, which returns the seeds.

    Returns:
        `experiments.designs.until.Until`.

    Raises:
        ConfigError: if there is one arm alone, or the looks do not ascend.
    """
    from experiments.designs.until import Until, choose_looks

    if len(arms) < 2:
        raise ConfigError(
            "--until compares arms with a reference, and the study has one "
            f"arm alone: {arms[0].name}. Name others with --arms."
        )
    looks = choose_looks(
        LOOKS.value,
        MAX_SEEDS.value,
        arms[0].data.folds,
        comparisons=len(arms) - 1,
        margin=MARGIN.value,
    )
    seeds = choose_seeds(looks.seeds[-1])
    return Until(title, arms, looks, seeds=seeds, workdir=WORKDIR.value)
